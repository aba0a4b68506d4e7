/* Addresses of pages on other servers, for the gate. Postern cannot know how that server reads an
 * unusual spelling, so anything that two servers might read differently is refused. */
#include "internal.h"

static bool percent_left(struct str path)
{
	if (!str_has_byte(path, '%'))
		return false;
	for (size_t i = 0; i + 2 < path.n; i++) {
		if (path.p[i] == '%' &&
			url_percent_byte((struct str){ path.p + i, path.n - i }) >= 0)
			return true;
	}
	return false;
}

/* Some file systems drop dots and spaces at the end of a name. */
static bool trimmed_elsewhere(struct str path)
{
	while (path.n > 0) {
		struct str segment = str_cut(&path, '/');
		if (segment.n > 0 &&
			(segment.p[segment.n - 1] == '.' || segment.p[segment.n - 1] == ' '))
			return true;
	}
	return false;
}

/* Of a path that is plain. */
static bool foreign_ok(struct str path)
{
	return !percent_left(path) && !trimmed_elsewhere(path);
}

static size_t slashes(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '/';
	return n;
}

/* Nothing in it has another case, width or composition. */
static bool folds_to_itself(struct str path)
{
	static const bool fixed[256] = { ['a' ... 'z'] = true,
		['0' ... '9'] = true,
		['/'] = true,
		['-'] = true,
		['_'] = true,
		['.'] = true };
	return str_made_of(fixed, path);
}

enum err url_path_foreign(struct str raw, struct arena *a, struct str *path, struct str *folded)
{
	struct str plain, low;
	enum err e = url_path(raw, a, &plain);
	if (e == ERR_OK && !foreign_ok(plain))
		e = ERR_INVALID;
	if (e == ERR_OK && folds_to_itself(plain)) {
		*path = *folded = plain;
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = text_fold(plain, a, &low);
	if (e != ERR_OK)
		return e;
	/* "/a／b" and "/a%EF%BC%8Fb" are one segment here and two where widths are folded */
	if (low.n == 0 || low.p[0] != '/' || !url_path_is_plain(low) || !foreign_ok(low) ||
		slashes(low) != slashes(plain))
		return ERR_INVALID;
	*path = plain;
	*folded = low;
	return ERR_OK;
}

/* ---- absolute ---- */

static bool host_name_ok(struct str host)
{
	if (host.n == 0 || host.n > URL_HOST_MAX)
		return false;
	while (host.p) {
		struct str label = str_cut(&host, '.');
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
			label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];
			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
				c != '_')
				return false;
		}
	}
	return true;
}

static bool host_ok(struct str host)
{
	struct ip ip;
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return ip_parse((struct str){ host.p + 1, host.n - 2 }, &ip) == ERR_OK &&
		       str_has_byte(host, ':');
	return host_name_ok(host);
}

/* "host:port" cut where the port begins; an IPv6 address has its colons in brackets. */
static bool split_port(struct str *authority, int64_t *port)
{
	size_t at = authority->n;
	while (at > 0 && authority->p[at - 1] >= '0' && authority->p[at - 1] <= '9')
		at--;
	if (at == 0 || authority->p[at - 1] != ':' ||
		(at > 1 && authority->p[0] == '[' && authority->p[at - 2] != ']'))
		return true;
	struct str digits = { authority->p + at, authority->n - at };
	authority->n = at - 1;
	return digits.n <= 5 && str_int(digits, 1, 65535, port) == ERR_OK;
}

/* "news.example." is "news.example", said in full. */
static struct str without_dot(struct str *host)
{
	if (host->n > 1 && host->p[0] != '[' && host->p[host->n - 1] == '.')
		host->n--;
	return *host;
}

/* Lower case, without the scheme's own port and without a dot at the end of the host (RFC 3986
 * section 6.2.2.1 and 6.2.3). */
static enum err read_origin(struct str authority, bool https, struct arena *a, struct url *out)
{
	int64_t port = 0;
	char *low = arena_alloc(a, authority.n + 1);
	if (!low)
		return ERR_NOMEM;
	for (size_t i = 0; i < authority.n; i++) {
		char c = authority.p[i];
		low[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	struct str host = { low, authority.n };
	if (!split_port(&host, &port) || !host_ok(without_dot(&host)))
		return ERR_INVALID;
	char digits[INT_TEXT_SIZE];
	const struct str scheme = https ? STR("https://") : STR("http://");
	const struct str pieces[] = { scheme, host, STR(":"), str_int_text(port, digits) };
	const bool usual = port == 0 || port == (https ? 443 : 80);
	out->origin = arena_join(a, pieces, usual ? 2 : 4);
	if (!out->origin.p)
		return ERR_NOMEM;
	out->site = (struct str){ out->origin.p + scheme.n, out->origin.n - scheme.n };
	return ERR_OK;
}

/* What an address may consist of: no control, no space, no '#'. */
static const bool in_url[256] = {
	['!' ... '"'] = true, ['$' ... '~'] = true, [0x80 ... 0xff] = true
};

/* Cuts "https://" off. */
static enum err take_scheme(struct str *s, bool *https)
{
	struct str scheme = str_cut(s, ':');
	*https = str_eq_nocase(scheme, STR("https"));
	if ((!*https && !str_eq_nocase(scheme, STR("http"))) || !str_starts(*s, STR("//")))
		return ERR_INVALID;
	*s = (struct str){ s->p + 2, s->n - 2 };
	return ERR_OK;
}

enum err url_origin(struct str raw, struct arena *a, struct str *out)
{
	struct url u;
	bool https = false;
	if (raw.n > URL_ABSOLUTE_MAX)
		return ERR_TOO_LARGE;
	if (!str_made_of(in_url, raw))
		return ERR_INVALID;
	enum err e = take_scheme(&raw, &https);
	if (e == ERR_OK)
		e = read_origin(raw, https, a, &u);
	if (e == ERR_OK)
		*out = u.origin;
	return e;
}

enum err url_absolute(struct str raw, struct arena *a, struct url *out)
{
	struct str rest = raw;
	bool https = false;
	if (raw.n > URL_ABSOLUTE_MAX)
		return ERR_TOO_LARGE;
	if (!str_made_of(in_url, raw))
		return ERR_INVALID;
	enum err e = take_scheme(&rest, &https);
	if (e != ERR_OK)
		return e;
	size_t host_n = 0;
	while (host_n < rest.n && rest.p[host_n] != '/')
		host_n++;
	struct url u = { .target = { rest.p + host_n, rest.n - host_n } };
	struct str query = u.target, path = str_cut(&query, '?');
	e = read_origin((struct str){ rest.p, host_n }, https, a, &u);
	if (e == ERR_OK)
		e = url_path_foreign(path, a, &u.path, &u.folded);
	if (e == ERR_OK)
		*out = u;
	return e;
}
