/* The version of the policy: every change of it raises the number and is told in the change log, so
 * that no process goes on deciding by an older snapshot. */
#include "postern/policy.h"

#include "postern/queries/policy.h"

enum err policy_version_bump(struct db_conn *c)
{
	enum err e = q_policy_touch(c);
	return e ? e : db_change_add(c, DB_CHANGE_POLICY, "");
}
