#!/bin/sh
# Goal: a bad query or migration stops the build with the file, the line and the reason; a good one becomes C.
set -eu
cd "$(dirname "$0")/../.."
make -s build/gen/schemac build/gen/embed >/dev/null
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

report() { # ok|"not ok" NAME
	n=$((n + 1))
	echo "$1 $n - $2"
}
fresh() {
	rm -rf "$dir/s" "$dir/postern"
	mkdir -p "$dir/s/migrations" "$dir/s/queries"
	echo 'CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, hash BYTEA);' >"$dir/s/migrations/0001_t.sql"
}
compile() {
	build/gen/schemac "$dir/s" "$dir" 2>"$dir/err"
}
refused() { # NAME WANTED-IN-MESSAGE
	if compile; then
		report "not ok" "$1: was taken"
	elif grep -qF -- "$2" "$dir/err"; then
		report ok "$1"
	else
		report "not ok" "$1: $(cat "$dir/err")"
	fi
}
bad_query() { # NAME WANTED QUERY
	fresh
	printf '%s\n' "$3" >"$dir/s/queries/q.sql"
	refused "$1" "$2"
}
bad_migration() { # NAME WANTED FILE SQL
	fresh
	printf '%s\n' "$4" >"$dir/s/migrations/$3"
	refused "$1" "$2"
}

echo "TAP version 13"
bad_query "unknown column" 'q.sql:2: t_get: no such column: nmae' '
-- name: t_get :one
SELECT nmae FROM t'
bad_query "syntax" 'q.sql:1: t_get: near "SELEC"' '-- name: t_get :one
SELEC 1'
bad_query "hole in the parameters" '$2 is not among them' '-- name: t_get :one
SELECT id FROM t WHERE id = $1 AND name = $3'
bad_query "parameter glued to a cast" 'parameters' '-- name: t_get :one
SELECT id FROM t WHERE id = $1::text'
bad_query "question mark" 'q.sql:3: '"'?'"' is outside our dialect' '-- name: t_get :one
SELECT id FROM t
WHERE id = ?'
bad_query "exec with columns" 'returns columns' '-- name: t_get :exec
SELECT id FROM t'
bad_query "one without columns" 'returns nothing' '-- name: t_del :one
DELETE FROM t'
bad_query "name used twice" 't_get: stands in' '-- name: t_get :one
SELECT id FROM t;
-- name: t_get :one
SELECT name FROM t;'
bad_query "two statements" 'must be one statement' '-- name: t_get :one
SELECT id FROM t; SELECT name FROM t'
bad_query "no statement" 'no statement follows' '-- name: t_get :one
-- nothing'
bad_query "statement without a name" 'without a name' 'SELECT 1;'
bad_query "unknown kind" 'is headed' '-- name: t_get :some
SELECT 1'
bad_query "name in capitals" 'is headed' '-- name: T_get :one
SELECT 1'
bad_query "postgres text without a first" 'directly behind its first text' '-- name: t_get :one postgres
SELECT 1'
bad_query "other engine" 'postgres' '-- name: t_get :one oracle
SELECT 1'
bad_query "postgres text with other parameters" 'differ in parameters' '-- name: t_get :one
SELECT id FROM t WHERE id = $1
-- name: t_get :one postgres
SELECT id FROM t WHERE id = $2'
for word in 'now()' CURRENT_TIMESTAMP "strftime('x')" "json_extract(name, 'x')" rowid 'random()' '"name"' \
	'CAST(name AS INTEGER)'; do
	bad_query "dialect: $word" 'outside our dialect' "-- name: t_get :one
SELECT $word FROM t"
done
bad_query "dialect: INSERT OR REPLACE" 'outside our dialect' '-- name: t_put :exec
INSERT OR REPLACE INTO t (id) VALUES ($1)'

# ---- directives: the function of a query ----
T='SELECT id, name FROM t WHERE id = $1 AND name = $2'
bad_query "a parameter without a name" "has 2 parameters, and '-- in:' names 1" "-- name: t_get :one
-- in: id
$T"
bad_query "no names at all" "names 0" "-- name: t_get :one
$T"
bad_query "a name of no column" "no column of its tables is named 'wanted'" "-- name: t_get :one
-- in: id, wanted
$T"
bad_query "a type that is not the column's" "'id' is said to be text, and the column of that name is not" "-- name: t_get :one
-- in: id text, name
$T"
bad_query "an unknown type" "'number' is no type of an argument" "-- name: t_get :one
-- in: id number, name
$T"
bad_query "a name in capitals" "an argument is 'name', 'name type' or 'name?'" "-- name: t_get :one
-- in: Id int, name
$T"
bad_query "an empty item" "before a comma" "-- name: t_get :one
-- in: id,, name
$T"
bad_query "bytes of no length" "say whether 'hash' is a hash" '-- name: t_put :exec
-- in: id, hash
UPDATE t SET hash = $2 WHERE id = $1'
bad_query "a slice that stands for NULL" "only int, text and hash have a value that means NULL" '-- name: t_put :exec
-- in: id, name str?
UPDATE t SET name = $2 WHERE id = $1'
bad_query "an array of numbers" "only str and bytes can be an array" '-- name: t_put :exec
-- in: id int[2]
UPDATE t SET name = $2 WHERE id = $1'
bad_query "text of no size" "say in '-- row:' what the column 'name' is" "-- name: t_get :one
-- in: id, name
$T"
bad_query "a row that has no such column" "has no column 'nmae'" "-- name: t_get :one
-- in: id, name
-- row: nmae char[8]
$T"
bad_query "a column of another type" "the column 'name' cannot be int" "-- name: t_get :one
-- in: id, name
-- row: name int
$T"
bad_query "a char without a size" "'char' is no type of a column" "-- name: t_get :one
-- in: id, name
-- row: name char
$T"
bad_query "an expression without a name" "column 1 is an expression" '-- name: t_count :one
-- row: name str
SELECT COUNT(*), name FROM t'
bad_query "a member that is not read by a function" "'column=member by function'" "-- name: t_get :one
-- in: id, name
-- row: struct x name=n with f
$T"
bad_query "a number that a function reads" "'id' is no text" "-- name: t_get :one
-- in: id, name
-- row: struct x id by f
$T"
bad_query "the row of no query" "no query before it is named 't_all'" "-- name: t_get :one
-- in: id, name
-- row: as t_all
$T"
bad_query "a row of a query without columns" "returns no columns" '-- name: t_del :exec
-- row: int
DELETE FROM t'
bad_query "many rows of nothing" "may have 'none' for a row" '-- name: t_all :many
-- row: none
SELECT id FROM t'
bad_query "alone in something else" "alone in a 'read'" '-- name: t_all :many
-- alone: maybe
SELECT id FROM t'
bad_query "timed, and not many" "can be timed" '-- name: t_all :one
-- timed
SELECT id FROM t'
bad_query "an unknown directive" "'-- inn:' is no directive" '-- name: t_all :one
-- inn: id
SELECT id FROM t'
bad_query "a directive twice" "or stands twice" '-- name: t_all :one
-- row: id
-- row: id
SELECT id FROM t'
bad_query "directives at the second text" "stand at its first text" '-- name: t_all :one
SELECT id FROM t;
-- name: t_all :one postgres
-- row: id
SELECT id FROM t'

bad_migration "hole in the numbers" 'should be 0002_' 0003_x.sql 'CREATE TABLE x (a TEXT);'
bad_migration "bad file name" 'NNNN_name.sql' 2_x.sql 'CREATE TABLE x (a TEXT);'
bad_migration "second migration fails" '0002_x.sql:3: table t already exists' 0002_x.sql 'CREATE TABLE x (a TEXT);

CREATE TABLE t (a TEXT);'
bad_migration "autoincrement" 'outside our dialect' 0002_x.sql 'CREATE TABLE x (a BIGINT PRIMARY KEY AUTOINCREMENT);'

fresh
cat >"$dir/s/queries/a.sql" <<'SQL'
-- what follows is about t; does not now() say anything?

-- name: t_get :one
-- in: id, name
-- row: word char[16]
-- the name "in" a comment may be anything: rowid
SELECT id, 'a ? -- now()' AS word FROM t   -- trailing
WHERE id = $1
  AND name = $2;

-- name: t_get :one postgres
SELECT id, 'x' FROM t WHERE id = $1 AND name = $2 FOR UPDATE;

-- name: t_put :exec
-- in: id,
--     hash hash?
INSERT INTO t (id, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: t_count :one
-- row: int
SELECT COUNT(*) FROM t;

-- name: t_find :one
-- in: words str[2]
-- row: struct thing in arena, name=kind by thing_kind
SELECT id, name, hash, name AS title FROM t WHERE name = $1 OR name = $2;

-- name: t_all :many
-- in: max
-- row: as t_find
-- alone: read
-- timed
SELECT id, name, hash, name AS title FROM t LIMIT $1;

-- name: t_names :many
-- row: char[32]
SELECT name FROM t;

-- name: t_drop :execrows
-- in: before int
-- alone: each
DELETE FROM t WHERE id < $1;

-- name: t_has :one
-- in: hash bytes[16]
-- row: none
SELECT 1 FROM t WHERE hash = $1;
SQL
if compile && grep -q '^	QUERY_T_GET,$' "$dir/postern/queries.h" && grep -q 'FOR UPDATE", 2, 2 }' "$dir/schema.c" &&
	grep -qF "'a \\? -- now()' AS word FROM t\\n" "$dir/schema.c" && ! grep -q trailing "$dir/schema.c"; then
	report ok "a good schema becomes C"
else
	report "not ok" "a good schema becomes C: $(cat "$dir/err")"
fi
touch -d '2001-01-01' "$dir/postern/queries.h" "$dir/postern/queries/a.h"
compile
if [ "$(stat -c %Y "$dir/postern/queries.h")" -lt 1000000000 ] &&
	[ "$(stat -c %Y "$dir/postern/queries/a.h")" -lt 1000000000 ]; then
	report ok "an unchanged header is left alone"
else
	report "not ok" "an unchanged header is left alone"
fi

# What calls the functions of a.sql; $1: a line that must not compile.
program() {
	cat <<C
#include "postern/db.h"
struct thing {
	int64_t id;
	int kind;
	struct str title;
	uint8_t hash[32];
};
static enum err thing_kind(struct str word, int *kind)
{
	*kind = (int)word.n;
	return ERR_OK;
}
#include "postern/queries/a.h"
enum err all(struct db *db, struct db_conn *c, struct arena *a, int64_t *n);
enum err all(struct db *db, struct db_conn *c, struct arena *a, int64_t *n)
{
	const struct str words[2] = { STR("a"), STR("b") };
	const uint8_t hash[32] = { 0 }, address[16] = { 0 };
	struct t_get_row row;
	struct thing one, *things;
	char(*names)[32];
	size_t count;
	enum err e = q_t_get(c, 1, "x", &row);
	(void)(row.id + row.word[15]);
	e = e ? e : q_t_put(c, 1, NULL);
	e = e ? e : q_t_put(c, 1, hash);
	e = e ? e : q_t_count(c, n);
	e = e ? e : q_t_find(c, words, a, &one);
	e = e ? e : q_t_all(db, 10, 500, a, &things, &count);
	e = e ? e : q_t_names(c, 10, a, &names, &count);
	e = e ? e : q_t_drop(db, 5, n);
	$1
	return e ? e : q_t_has(c, address);
}
C
}
compiles() { # LINE
	program "$1" | ${CC:-gcc} -std=c17 -O1 -Wall -Wextra -Werror -c -o /dev/null -I"$dir" -Iinclude -x c - 2>"$dir/err"
}
if compiles ""; then
	report ok "the functions of a good schema compile"
else
	report "not ok" "the functions of a good schema compile: $(cat "$dir/err")"
fi
not_c() { # NAME LINE
	if compiles "$2"; then
		report "not ok" "$1: compiled"
	else
		report ok "$1"
	fi
}
not_c "an argument too few" 'e = q_t_get(c, 1, &row);'
not_c "an argument of another type" 'e = q_t_get(c, "1", "x", &row);'
not_c "a row of another query" 'e = q_t_get(c, 1, "x", &one);'
not_c "a number where a connection is alone" 'e = q_t_all(c, 10, 500, a, &things, &count);'
not_c "an array that is too short" 'const struct str w[1] = { { "", 0 } }; e = q_t_find(c, w, a, &one);'
not_c "a result that nobody looks at" 'q_t_has(c, address);'
if program "" | sed 's/struct str title/int64_t title/' |
	${CC:-gcc} -std=c17 -Werror -fsyntax-only -I"$dir" -Iinclude -x c - 2>/dev/null; then
	report "not ok" "text into a number: compiled"
else
	report ok "text into a number"
fi

if build/gen/embed "$dir/e.S" LICENSE LICENSE 2>"$dir/err"; then
	report "not ok" "embed: a file given twice"
else
	report ok "embed: a file given twice"
fi
build/gen/embed "$dir/e.S" VERSION LICENSE
cat >"$dir/e.c" <<'C'
#include "postern/base.h"
#include <stdio.h>
int main(void)
{
	for (const struct embedded_file *f = embedded_files; f->path; f++)
		printf("%s %zu %d\n", f->path, f->n, f->p[f->n]);
}
C
${CC:-gcc} -std=c17 -Iinclude -fPIE -pie -Wl,-z,text -o "$dir/e" "$dir/e.c" "$dir/e.S"
if [ "$("$dir/e")" = "LICENSE $(wc -c <LICENSE) 0
VERSION $(wc -c <VERSION) 0" ]; then
	report ok "embed: files in order, whole, closed by a NUL"
else
	report "not ok" "embed: files in order, whole, closed by a NUL"
fi
echo "1..$n"
