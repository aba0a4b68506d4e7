/* Delivers one message by SMTP with libcurl, on a connection of its own, because curl waits for
 * the answer to QUIT and only waits inside a transfer are under our time limits.
 *
 * What a refusal means depends on the command that it answers, which curl's result does not say;
 * so the dialogue is read through curl's debug callback. Only the first word of a command is
 * looked at, because the rest may be a password. */
#include "internal.h"

#include "postern/text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/* QUIT_MAX_US: the message is accepted by then, so a server that does not answer QUIT is left. */
enum { CONNECT_MAX_S = 15, QUIT_MAX_US = 2000000 };

/* Which command was last answered: a 5xx to MAIL is about our sender address and so about all
 * messages, to RCPT or DATA about this one. */
enum stage { STAGE_SESSION, STAGE_MAIL, STAGE_RCPT, STAGE_DATA };

struct dialogue {
	struct str unsent;
	const atomic_bool *abandon;
	enum stage stage;   /* of the last command before QUIT */
	int64_t quit_at_us; /* 0 before it */
	int code;           /* of the last answer before QUIT */
	bool more;          /* its next line follows */
	size_t n;
	char words[WORDS_SIZE];
};

/* ---- addresses ---- */
static bool is_loopback(struct str host)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	if (host.n > 2 && host.p[0] == '[')
		host = (struct str){ host.p + 1, host.n - 2 };
	struct ip ip;
	if (ip_parse(host, &ip))
		return str_eq_nocase(host, STR("localhost"));
	for (size_t i = 0; i < COUNT(loopback); i++) {
		struct ip_net net;
		if (ip_net_parse(str_of(loopback[i]), &net) == ERR_OK && ip_in(&net, 1, ip))
			return true;
	}
	return false;
}

static void free_url(CURLU **u)
{
	curl_url_cleanup(*u);
}
static void free_text(char **p)
{
	curl_free(*p);
}
#define URL_AUTO __attribute__((cleanup(free_url))) CURLU
#define TEXT_AUTO __attribute__((cleanup(free_text))) char

enum err mail_url_host(const char *url, char out[static DOMAIN_SIZE])
{
	URL_AUTO *u = curl_url();
	TEXT_AUTO *host = NULL;
	if (!u)
		return ERR_NOMEM;
	if (curl_url_set(u, CURLUPART_URL, url, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0))
		return ERR_INVALID;
	return str_copy(out, DOMAIN_SIZE, str_of(host));
}

static bool has_part(CURLU *u, CURLUPart part)
{
	TEXT_AUTO *text = NULL;
	return curl_url_get(u, part, &text, 0) == CURLUE_OK && text && *text &&
	       strcmp(text, "/") != 0;
}

/* What is wrong with the address as a predicate ("has an unknown scheme"), or NULL. */
static const char *url_fault(CURLU *u, const struct mail_settings *s)
{
	TEXT_AUTO *scheme = NULL;
	TEXT_AUTO *host = NULL;
	if (curl_url_set(u, CURLUPART_URL, s->transport, CURLU_NON_SUPPORT_SCHEME) ||
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
		curl_url_get(u, CURLUPART_HOST, &host, 0))
		return "is no address";
	bool clear = strcmp(scheme, "smtp") == 0;
	if (!clear && strcmp(scheme, "smtps") != 0)
		return "has an unknown scheme";
	if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
		return "holds a user or password, which belong into settings of their own";
	if (has_part(u, CURLUPART_PATH) || has_part(u, CURLUPART_QUERY) ||
		has_part(u, CURLUPART_FRAGMENT))
		return "has more than a host and a port";
	if (clear && !s->starttls && !is_loopback(str_of(host)))
		return "would send in clear text: turn on starttls or use smtps://";
	return NULL;
}

/* The path of an SMTP address is what curl says in EHLO. */
enum err mail_smtp_url(const struct mail *m, char out[static SMTP_URL_SIZE], char why[static 256])
{
	URL_AUTO *u = curl_url();
	TEXT_AUTO *whole = NULL;
	if (!u)
		return ERR_NOMEM;
	const char *fault = url_fault(u, &m->s);
	if (fault) {
		/* An address with a password in it is not repeated. */
		bool secret = has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD);
		const char *said = str_of(m->s.transport).n ? m->s.transport : "\"\"";
		snprintf(why, 256,
			"the mail transport %.80s %s; it is smtp://HOST:587, smtps://HOST:465 or "
			"maildir:PATH",
			secret ? "" : said, fault);
		return ERR_INVALID;
	}
	char path[DOMAIN_SIZE + 1];
	snprintf(path, sizeof path, "/%s", m->domain);
	if (curl_url_set(u, CURLUPART_PATH, path, 0) || curl_url_get(u, CURLUPART_URL, &whole, 0))
		return ERR_NOMEM;
	return str_copy(out, SMTP_URL_SIZE, str_of(whole));
}

/* ---- the dialogue ---- */
static size_t read_message(char *to, size_t size, size_t count, void *arg)
{
	struct dialogue *d = arg;
	size_t n = size * count < d->unsent.n ? size * count : d->unsent.n;
	if (n)
		memcpy(to, d->unsent.p, n);
	d->unsent.p += n;
	d->unsent.n -= n;
	return n;
}

/* Called with each line that curl sends. RSET, NOOP and the rest count as the session. */
static void command_sent(struct dialogue *d, struct str line)
{
	static const struct {
		struct str verb;
		enum stage stage;
	} verbs[] = {
		{ STR("MAIL "), STAGE_MAIL },
		{ STR("RCPT "), STAGE_RCPT },
		{ STR("DATA"), STAGE_DATA },
	};
	if (str_starts(line, STR("QUIT"))) {
		d->quit_at_us = clock_monotonic_us();
		return;
	}
	d->stage = STAGE_SESSION;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (str_starts(line, verbs[i].verb))
			d->stage = verbs[i].stage;
	}
	d->code = 0;
	d->more = false;
}

static void add_words(struct dialogue *d, struct str s)
{
	for (size_t i = 0; i < s.n && d->n + 1 < sizeof d->words; i++)
		d->words[d->n++] = (char)(s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?');
	d->words[d->n] = '\0';
}

/* RFC 5321 section 4.2: "550-first line", "550 last line". Kept: "550 first line last line". */
static void answer_line(struct dialogue *d, struct str line)
{
	int64_t code;
	line = str_trim(line);
	if (line.n < 3 || str_int((struct str){ line.p, 3 }, 100, 599, &code))
		return;
	if (!d->more) {
		d->n = 0;
		add_words(d, (struct str){ line.p, 3 });
	}
	d->code = (int)code;
	d->more = line.n > 3 && line.p[3] == '-';
	if (line.n > 4) {
		add_words(d, STR(" "));
		add_words(d, (struct str){ line.p + 4, line.n - 4 });
	}
}

static int watch(CURL *curl, curl_infotype type, char *p, size_t n, void *arg)
{
	(void)curl;
	struct dialogue *d = arg;
	struct str rest = { p, n };
	if (type == CURLINFO_HEADER_OUT)
		command_sent(d, rest);
	while (type == CURLINFO_HEADER_IN && !d->quit_at_us && rest.n)
		answer_line(d, str_cut(&rest, '\n'));
	return 0;
}

/* Called about once a second; non-zero breaks off. */
static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t e)
{
	(void)a, (void)b, (void)c, (void)e;
	const struct dialogue *d = arg;
	return atomic_load(d->abandon) ||
	       (d->quit_at_us && clock_monotonic_us() - d->quit_at_us > QUIT_MAX_US);
}

/* ---- what came of it ---- */
static bool wants_credentials(int code)
{
	return code == 530 || code == 534 || code == 535 || code == 538; /* RFC 4954 section 6 */
}

static bool is_tls_or_login(CURLcode rc)
{
	switch (rc) {
	case CURLE_LOGIN_DENIED:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return true;
	default:
		return false;
	}
}

static void judge(const struct dialogue *d, CURLcode rc, struct verdict *out)
{
	bool final = d->code >= 500;
	out->code = d->code;
	out->operator_fault = is_tls_or_login(rc) || wants_credentials(d->code) ||
			      (final && d->stage <= STAGE_MAIL);
	if (rc == CURLE_OK)
		out->outcome = MAIL_SENT;
	else if (out->operator_fault || d->stage == STAGE_SESSION || d->code == 421)
		out->outcome = MAIL_TROUBLE;
	else if (final)
		out->outcome = MAIL_REFUSED;
	else
		out->outcome = MAIL_DEFERRED;
}

static void explain(struct dialogue *d, CURLcode rc, const char *fault, struct verdict *out)
{
	if (d->code < 400) {
		d->n = 0;
		add_words(d, str_of(*fault ? fault : curl_easy_strerror(rc)));
	}
	memcpy(out->words, d->words, d->n + 1);
}

/* ---- curl ---- */
static CURLcode set_server(CURL *c, const struct mail *m)
{
	const struct mail_settings *s = &m->s;
	long timeout = (long)s->timeout_s,
	     connect = timeout < CONNECT_MAX_S ? timeout : CONNECT_MAX_S;
	CURLcode e = CURLE_OK;
	e |= curl_easy_setopt(c, CURLOPT_URL, m->smtp_url);
	e |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	e |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	e |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	e |= curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout);
	e |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, connect);
	e |= curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout);
	e |= curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	e |= curl_easy_setopt(
		c, CURLOPT_USE_SSL, (long)(s->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	e |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	e |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	e |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (str_of(s->ca_file).n) {
		e |= curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
		e |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* that one and no other */
	}
	if (str_of(s->username).n) {
		e |= curl_easy_setopt(c, CURLOPT_USERNAME, s->username);
		e |= curl_easy_setopt(c, CURLOPT_PASSWORD, s->password);
	}
	return e;
}

static CURLcode set_dialogue(CURL *c, struct dialogue *d, char *fault)
{
	CURLcode e = CURLE_OK;
	e |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, fault);
	e |= curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	e |= curl_easy_setopt(c, CURLOPT_READFUNCTION, read_message);
	e |= curl_easy_setopt(c, CURLOPT_READDATA, d);
	e |= curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)d->unsent.n);
	e |= curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	e |= curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, watch);
	e |= curl_easy_setopt(c, CURLOPT_DEBUGDATA, d);
	e |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	e |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress);
	e |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
	return e;
}

static void free_list(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}
#define LIST_AUTO __attribute__((cleanup(free_list))) struct curl_slist

static CURLcode perform(CURL *c, const struct smtp_job *job, struct dialogue *d, char *fault)
{
	char from[EMAIL_SIZE + 2], to[EMAIL_SIZE + 2];
	snprintf(from, sizeof from, "<%s>", job->m->s.from);
	snprintf(to, sizeof to, "<" STR_FMT ">", STR_ARG(job->to));
	LIST_AUTO *recipients = curl_slist_append(NULL, to);
	CURLcode rc = recipients ? set_server(c, job->m) | set_dialogue(c, d, fault)
				 : CURLE_OUT_OF_MEMORY;
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_MAIL_FROM, from);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients);
	if (!rc)
		rc = curl_easy_perform(c);
	curl_easy_reset(c);
	return rc;
}

static void curl_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT); /* a failure shows as a failing curl_easy_init */
}

void mail_smtp_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, curl_start);
}

void *mail_smtp_new(void)
{
	return curl_easy_init();
}

void mail_smtp_free(void *smtp)
{
	curl_easy_cleanup(smtp);
}

void mail_smtp_send(void *smtp, const struct smtp_job *job, struct verdict *out)
{
	char fault[CURL_ERROR_SIZE] = "";
	struct dialogue d = { .unsent = job->message, .abandon = job->abandon };
	*out = (struct verdict){ 0 };
	CURLcode rc = perform(smtp, job, &d, fault);
	judge(&d, rc, out);
	if (rc != CURLE_OK)
		explain(&d, rc, fault, out);
}
