/* Compares host names from the DNS with the domains that an operator has named. */
#include "postern/dns.h"

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits, '-' and single dots: no escapes, so that a dot is always a boundary. */
static bool host_ok(struct str host)
{
	bool dot = true;
	for (size_t i = 0; i < host.n; i++) {
		bool is_dot = host.p[i] == '.';
		if ((is_dot && dot) || (!is_dot && !letter(host.p[i]) && host.p[i] != '-'))
			return false;
		dot = is_dot;
	}
	return !dot && host.n < HOST_SIZE;
}

bool dns_host_below(struct str host, const char *suffixes)
{
	struct str list = str_of(suffixes);
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (!host_ok(host))
		return false;
	while (list.n > 0) {
		struct str suffix = str_cut(&list, '\n');
		if (suffix.n == 0 || host.n < suffix.n + 2)
			continue;
		struct str end = { host.p + host.n - suffix.n, suffix.n };
		if (end.p[-1] == '.' && str_eq_nocase(end, suffix))
			return true;
	}
	return false;
}
