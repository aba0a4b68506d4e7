/* The statements of this room itself, about versions and unfinished copies. They are no part of
 * schema/queries, for they run before the schema is there. */
#include "internal.h"

const struct db_query_text db_own_texts[DB_OWN_COUNT] = {
	[DB_OWN_TABLES_COUNT] = { "schema_tables",
		"SELECT COUNT(*), COUNT(CASE WHEN name = 'schema_version' THEN 1 END)\n"
		"FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
		"SELECT COUNT(*), COUNT(CASE WHEN tablename = 'schema_version' THEN 1 END)\n"
		"FROM pg_tables WHERE schemaname = current_schema()",
		0, 2 },
	[DB_OWN_VERSION_MAX] = { "schema_version_max", "SELECT MAX(version) FROM schema_version",
		NULL, 0, 1 },
	[DB_OWN_VERSION_INSERT] = { "schema_version_insert",
		"INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)", NULL,
		3, 0 },
	/* Below all versions stands what a copy that is not finished is a copy of. */
	[DB_OWN_COPY_GET] = { "copy_mark_get", "SELECT name FROM schema_version WHERE version = -1",
		NULL, 0, 1 },
	[DB_OWN_COPY_SET] = { "copy_mark_set",
		"INSERT INTO schema_version (version, name, applied_at) VALUES (-1, $1, 0)", NULL,
		1, 0 },
	[DB_OWN_COPY_CLEAR] = { "copy_mark_clear", "DELETE FROM schema_version WHERE version = -1",
		NULL, 0, 0 },
};
