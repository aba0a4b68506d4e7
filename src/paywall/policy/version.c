/* The version of the policy: every change of it raises the number and is told in the change log, so
 * that no process goes on deciding by an older snapshot. */
#include "postern/policy.h"

enum err policy_version_bump(struct db_conn *c)
{
	enum err e = db_run(c, &(struct db_call){ .query = QUERY_POLICY_TOUCH }, NULL);
	return e ? e : db_change_add(c, DB_CHANGE_POLICY, "");
}
