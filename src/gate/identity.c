/* Headers that tell the site behind the gate who its reader is: account, plan, reason. */
#include "internal.h"

static bool plain(char c)
{
	return c >= ' ' && c <= '~' && c != '%';
}

static bool all_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!plain(s.p[i]))
			return false;
	}
	return true;
}

/* Printable ASCII as it stands but for '%'; all else percent-encoded (RFC 3986 section 2.1). */
static struct str header_safe(struct arena *a, struct str s)
{
	BUF_AUTO b = BUF((size_t)3 * (EMAIL_SIZE + NAME_SIZE));
	s = str_trim(s);
	if (all_plain(s))
		return s.n > 0 ? arena_str(a, s) : STR("");
	for (size_t i = 0; i < s.n; i++) {
		if (plain(s.p[i]))
			buf_byte(&b, s.p[i]);
		else
			buf_fmt(&b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
	return arena_buf(a, &b);
}

void gate_identity_headers(struct request *r, struct response *rsp, const struct path_answer *p)
{
	response_header(rsp, "Remote-User", str_of(r->caller.account_id));
	response_header(rsp, "Remote-Email", header_safe(r->arena, str_of(r->caller.email)));
	response_header(rsp, "Remote-Name", header_safe(r->arena, str_of(r->caller.name)));
	response_header(rsp, "Remote-Groups", p->plans.p ? p->plans : STR(""));
}
