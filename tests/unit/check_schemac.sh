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
	rm -rf "$dir/s"
	mkdir -p "$dir/s/migrations" "$dir/s/queries"
	echo 'CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, hash BYTEA);' >"$dir/s/migrations/0001_t.sql"
}
compile() {
	build/gen/schemac "$dir/s" "$dir/q.h" "$dir/s.c" 2>"$dir/err"
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
bad_migration "hole in the numbers" 'should be 0002_' 0003_x.sql 'CREATE TABLE x (a TEXT);'
bad_migration "bad file name" 'NNNN_name.sql' 2_x.sql 'CREATE TABLE x (a TEXT);'
bad_migration "second migration fails" '0002_x.sql:3: table t already exists' 0002_x.sql 'CREATE TABLE x (a TEXT);

CREATE TABLE t (a TEXT);'
bad_migration "autoincrement" 'outside our dialect' 0002_x.sql 'CREATE TABLE x (a BIGINT PRIMARY KEY AUTOINCREMENT);'

fresh
cat >"$dir/s/queries/a.sql" <<'SQL'
-- what follows is about t; does not now() say anything?

-- name: t_get :one
-- the name "in" a comment may be anything: rowid
SELECT id, 'a ? -- now()' FROM t   -- trailing
WHERE id = $1
  AND name = $2;

-- name: t_get :one postgres
SELECT id, 'x' FROM t WHERE id = $1 AND name = $2 FOR UPDATE;

-- name: t_put :exec
INSERT INTO t (id, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING;
SQL
if compile && grep -q '^	QUERY_T_GET,$' "$dir/q.h" && grep -q 'FOR UPDATE", 2, 2 }' "$dir/s.c" &&
	grep -qF "'a \\? -- now()' FROM t\\n" "$dir/s.c" && ! grep -q trailing "$dir/s.c"; then
	report ok "a good schema becomes C"
else
	report "not ok" "a good schema becomes C: $(cat "$dir/err")"
fi
touch -d '2001-01-01' "$dir/q.h"
compile
if [ "$(stat -c %Y "$dir/q.h")" -lt 1000000000 ]; then
	report ok "an unchanged header is left alone"
else
	report "not ok" "an unchanged header is left alone"
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
