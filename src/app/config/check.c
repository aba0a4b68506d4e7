/* Checks that a row of the settings table cannot express: values with parts (addresses, URLs,
 * lists), and settings that must fit together. */
#include "postern/config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postern/db.h"
#include "postern/entitlement.h"
#include "postern/http.h"
#include "postern/path.h"

/* What the checks that look at several settings at once share. */
struct checking {
	struct config *c;
	struct arena *a; /* the configuration's */
	char *why;
};

static enum err check_refuse(struct checking *l, const char *fmt, ...) PRINTF(2, 3);
static enum err check_refuse(struct checking *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(l->why, CONFIG_WHY_SIZE, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}

static enum err listen_check(struct checking *l, const char *name, const char *address)
{
	if (http_address_check(address) == ERR_OK)
		return ERR_OK;
	return check_refuse(l,
		"%s = %s: 127.0.0.1:8080, [::1]:8080 or unix:/path/of.sock is expected", name,
		address);
}

/* "::/0", and "0.0.0.0/0", which is ::ffff:0:0/96. */
static bool covers_all(const struct ip_net *net)
{
	struct ip_net v4;
	return net->bits == 0 || (ip_net_parse(STR("0.0.0.0/0"), &v4) == ERR_OK &&
					 net->bits <= v4.bits && ip_in(net, 1, v4.base));
}

/* A network that covers everybody would let each client choose the address it is limited by, so it
 * is refused. */
static enum err proxies_parse(struct checking *l)
{
	struct config *c = l->c;
	struct str rest = str_of(c->trusted_proxies_text);
	while (rest.n > 0) {
		struct str one = str_trim(str_cut(&rest, ','));
		if (one.n == 0)
			continue;
		if (c->trusted_proxy_count == IP_NETS_MAX)
			return check_refuse(
				l, "server.trusted_proxies: at most %d networks", IP_NETS_MAX);
		struct ip_net *net = &c->trusted_proxies[c->trusted_proxy_count];
		if (ip_net_parse(one, net) != ERR_OK)
			return check_refuse(l,
				"server.trusted_proxies: " STR_FMT
				" is neither an address nor a network such as 10.0.0.0/8",
				STR_ARG(one));
		if (covers_all(net))
			return check_refuse(l,
				"server.trusted_proxies: " STR_FMT
				" would trust the whole internet",
				STR_ARG(one));
		c->trusted_proxy_count++;
	}
	return ERR_OK;
}

/* In the one spelling that everything is compared with: the Origin of a form, the sites behind the
 * gate. Browsers send that spelling too, whatever stands in the configuration. */
static enum err base_url_check(struct checking *l)
{
	struct str url = str_of(l->c->base_url), origin;
	if (str_ends(url, STR("/")))
		url.n--;
	enum err e = url_origin(url, l->a, &origin);
	if (e == ERR_NOMEM)
		return e;
	if (e)
		return check_refuse(l,
			"server.base_url = %s: an address such as https://news.example is "
			"expected, without a path (a domain with other letters than a to z in the "
			"form that begins with xn--)",
			l->c->base_url);
	l->c->base_url = origin.p; /* arena_join ends it with NUL */
	l->c->secure = str_starts(origin, STR("https://"));
	return ERR_OK;
}

static enum err sites_check(struct checking *l)
{
	char why[256] = "";
	struct sites sites;
	ARENA_AUTO *a = arena_new(1 << 20);
	if (!a)
		return ERR_NOMEM;
	enum err e = path_sites_parse(l->c->base_url, l->c->gate_sites, a, &sites, why);
	return e == ERR_INVALID ? check_refuse(l, "gate.sites: %s",
					  *why ? why : "server.base_url is no address")
				: e;
}

static bool is_link(struct str s)
{
	if (s.n > URL_LOCAL_MAX ||
		(!str_starts(s, STR("https://")) && !str_starts(s, STR("http://"))))
		return false;
	for (size_t k = 0; k < s.n; k++) {
		if (s.p[k] <= ' ' || s.p[k] > '~' || strchr("<>\"\\", s.p[k]))
			return false;
	}
	return true;
}

/* They go into robots.txt and into a header as they are. */
static enum err links_check(struct checking *l)
{
	const struct {
		const char *name, *value;
	} links[] = { { "paywall.licence_url", l->c->licence_url },
		{ "site.sitemap", l->c->sitemap } };

	for (size_t i = 0; i < COUNT(links); i++) {
		struct str s = str_of(links[i].value);
		if (s.n > 0 && !is_link(s))
			return check_refuse(l,
				"%s = %s: an address such as https://news.example/licence.xml is "
				"expected, in ASCII and without spaces",
				links[i].name, links[i].value);
	}
	return ERR_OK;
}

/* Into pages and mails, as text and as a link (RFC 6068). */
static enum err contact_check(struct checking *l)
{
	struct config *c = l->c;
	struct str s = str_of(c->contact), domain = s;
	struct email address;
	c->contact_href = c->contact;
	if (s.n == 0 || (str_starts(s, STR("https://")) && is_link(s)))
		return ERR_OK;
	enum err e = email_parse(s, &address);
	if (e == ERR_NOMEM)
		return e;
	if (e || !str_eq(s, str_of(address.text)))
		return check_refuse(l,
			"site.contact = %s: a mail address such as desk@news.example or an address "
			"such as https://news.example/contact is expected",
			c->contact);
	struct str local = str_cut(&domain, '@');
	BUF_AUTO b = BUF((size_t)4 * EMAIL_SIZE);
	buf_puts(&b, "mailto:");
	url_encode(&b, local);
	buf_byte(&b, '@');
	buf_str(&b, domain);
	buf_byte(&b, 0);
	c->contact_href = arena_buf(l->a, &b).p;
	return c->contact_href ? ERR_OK : ERR_NOMEM;
}

/* They stand in pages and mails of https sites, where a plain http address would be a way for
 * others to change what the reader is told. */
static enum err footer_check(struct checking *l)
{
	const struct {
		const char *name, *value;
	} links[] = { { "site.imprint_url", l->c->imprint_url },
		{ "site.privacy_url", l->c->privacy_url }, { "site.terms_url", l->c->terms_url } };

	for (size_t i = 0; i < COUNT(links); i++) {
		const struct str s = str_of(links[i].value);
		bool bad = s.n > URL_LOCAL_MAX ||
			   (!str_starts(s, STR("https://")) && !url_is_local(s));
		for (size_t k = 0; k < s.n; k++)
			bad = bad || s.p[k] <= ' ' || s.p[k] > '~' || strchr("<>\"\\", s.p[k]);
		if (s.n > 0 && (bad || str_eq(s, STR("https://"))))
			return check_refuse(l,
				"%s = %s: an address such as https://news.example/imprint, or a "
				"path of "
				"this site such as /articles/imprint, is expected, in ASCII and "
				"without "
				"spaces",
				links[i].name, links[i].value);
	}
	return ERR_OK;
}

static bool listens_locally(struct str listen)
{
	static const char *const local[] = { "127.", "localhost:", "[::1]:", "unix:" };
	for (size_t i = 0; i < COUNT(local); i++) {
		if (str_starts(listen, str_of(local[i])))
			return true;
	}
	return false;
}

static enum err files_check(struct checking *l)
{
	const struct config *c = l->c;
	char shown[256], why[256];
	struct stat st;
	db_url_show(c->database_url, shown);
	if (db_url_check(c->database_url, why) != ERR_OK)
		return check_refuse(l, "database.url = %s: %s", shown, why);
	if (*c->theme && (stat(c->theme, &st) != 0 || !S_ISDIR(st.st_mode)))
		return check_refuse(l, "web.theme = %s: there is no such folder", c->theme);
	return ERR_OK;
}

/* A burst without a rate would be no limit at all; a rate without a burst would let nobody in. */
static enum err limits_check(struct checking *l)
{
	const struct config *c = l->c;
	const struct {
		const char *name;
		int64_t burst, per_minute;
	} pairs[] = {
		{ "page", c->page_burst, c->page_per_minute },
		{ "login", c->login_burst, c->login_per_minute },
		{ "mail", c->mail_burst, c->mail_per_minute },
		{ "write", c->write_burst, c->write_per_minute },
		{ "gate", c->gate_burst, c->gate_per_minute },
		{ "service", c->service_burst, c->service_per_minute },
	};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		if (!pairs[i].burst != !pairs[i].per_minute)
			return check_refuse(l,
				"limits.%s_burst = %lld and limits.%s_per_minute = %lld: either "
				"both are 0, for no limit, or "
				"none",
				pairs[i].name, (long long)pairs[i].burst, pairs[i].name,
				(long long)pairs[i].per_minute);
	}
	return ERR_OK;
}

static enum err timezone_check(struct checking *l)
{
	const char *zone = l->c->timezone, *near;
	BUF_AUTO names = BUF(ZONE_NAMES_BYTES_MAX);
	if (config_zone_is(zone))
		return ERR_OK;
	if (access(CONFIG_ZONES, F_OK) != 0)
		return check_refuse(l,
			"site.timezone = %s: this machine has no time zones, so that only UTC can "
			"be used; install the package tzdata, which brings " CONFIG_ZONES,
			zone);
	if (strncmp(zone, "right/", 6) == 0)
		return check_refuse(l,
			"site.timezone = %s: the zones below right/ count leap seconds, as the "
			"system's clock does not; did you mean %s?",
			zone, zone + 6);
	near = config_zone_near(zone, &names);
	return check_refuse(l, "site.timezone = %s: " CONFIG_ZONES " has no such time zone; %s%s%s",
		zone, near ? "did you mean " : "a name such as Europe/Berlin or UTC is expected",
		near ? near : "", near ? "?" : "");
}

static enum err status_refuse(struct checking *l, const char *name, struct str word)
{
	const char *near = text_nearest(word, entitlement_status_words());
	return check_refuse(l,
		"%s: " STR_FMT
		" is none of active, trialing, past_due, paused, canceled, unpaid" NEAR_FMT,
		name, STR_ARG(word), NEAR_ARG(near));
}

static enum err statuses_parse(
	struct checking *l, const char *name, struct str rest, unsigned *open)
{
	enum entitlement_status status;
	*open = 0;
	while (rest.n > 0) {
		struct str word = str_cut(&rest, ' ');
		if (word.n == 0)
			continue;
		if (entitlement_status_parse(word, &status) != ERR_OK)
			return status_refuse(l, name, word);
		*open |= 1u << status;
	}
	return ERR_OK;
}

static bool source_known(const struct config *c, struct str source)
{
	for (size_t i = 0; i < c->source_count; i++) {
		if (str_eq(source, str_of(c->sources[i].source)))
			return true;
	}
	return false;
}

/* "stripe: active trialing; import: active" */
static enum err sources_parse(struct checking *l)
{
	static const char name[] = "paywall.open_statuses_by_source";
	struct config *c = l->c;
	struct str rest = str_of(c->open_statuses_by_source_text);
	c->source_count = 0;
	while (rest.n > 0) {
		struct str words = str_trim(str_cut(&rest, ';'));
		if (words.n == 0)
			continue;
		struct str source = str_trim(str_cut(&words, ':'));
		if (c->source_count == POLICY_SOURCES_MAX)
			return check_refuse(l, "%s: at most %d sources", name, POLICY_SOURCES_MAX);
		struct source_statuses *s = &c->sources[c->source_count];
		if (!words.p || !entitlement_name_ok(source, sizeof s->source) ||
			str_copy(s->source, sizeof s->source, source) != ERR_OK)
			return check_refuse(l,
				"%s: \"" STR_FMT "\": a source, a colon and statuses are expected, "
				"such as \"stripe: "
				"active trialing\"",
				name, STR_ARG(source));
		if (source_known(c, source))
			return check_refuse(
				l, "%s: " STR_FMT " stands there twice", name, STR_ARG(source));
		enum err e = statuses_parse(l, name, words, &s->open);
		if (e)
			return e;
		c->source_count++;
	}
	return ERR_OK;
}

static enum err statuses_check(struct checking *l)
{
	enum err e = statuses_parse(
		l, "paywall.open_statuses", str_of(l->c->open_statuses_text), &l->c->open_statuses);
	return e ? e : sources_parse(l);
}

/* The development mailbox shows every reset link to whoever asks. */
static enum err development_check(struct checking *l)
{
	const struct config *c = l->c;
	if (!c->development || (listens_locally(str_of(c->listen)) && !c->secure))
		return ERR_OK;
	return check_refuse(l,
		"server.development = yes shows everybody's mail: it needs server.listen on this "
		"machine only (it is "
		"%s) and a server.base_url without https (it is %s)",
		c->listen, c->base_url);
}

static enum err listens_check(struct checking *l)
{
	enum err e = listen_check(l, "server.listen", l->c->listen);
	if (e || !*l->c->ops_listen)
		return e;
	return listen_check(l, "ops.listen", l->c->ops_listen);
}

enum err config_check_together(struct config *c, struct arena *a, char why[static CONFIG_WHY_SIZE])
{
	static enum err (*const checks[])(struct checking *) = { base_url_check, sites_check,
		links_check, contact_check, footer_check, listens_check, files_check, limits_check,
		timezone_check, statuses_check, development_check, proxies_parse };
	struct checking checking = { .c = c, .a = a, .why = why }, *l = &checking;

	if (c->session_idle_days > c->session_days)
		return check_refuse(l, "session.idle_days = %lld is more than session.days = %lld",
			(long long)c->session_idle_days, (long long)c->session_days);
	if (c->password_passes < 2 && c->password_memory_kib < 47104)
		return check_refuse(l,
			"password.passes = 1 needs password.memory_kib of at least 47104; it is "
			"%lld",
			(long long)c->password_memory_kib);
	char name[NAME_SIZE];
	if (!*c->site_name)
		return check_refuse(l, "site.name is empty: pages and mails need the paper's name");
	if (text_name(str_of(c->site_name), name) != ERR_OK)
		return check_refuse(
			l, "site.name is longer than %d bytes, or no plain UTF-8", NAME_SIZE - 1);
	for (size_t i = 0; i < COUNT(checks); i++) {
		enum err e = checks[i](l);
		if (e)
			return e;
	}
	return ERR_OK;
}
