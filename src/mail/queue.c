/* Queues a mail inside the caller's transaction: renders its templates and counts it against the
 * hourly share of the mailbox. */
#include "internal.h"

#include "postern/crypto.h"
#include "postern/text.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a template's file name with its NUL, of the arena that holds what a template is given,
 * and of one address in it. */
enum { TEMPLATE_NAME_SIZE = 64, DATA_MAX = 64 << 10, LINK_MAX = 8192 };

/* With the year, for a mail may be read in another one. */
static const char *when_text(struct arena *a, int64_t at_s)
{
	char text[TIME_TEXT_SIZE];
	time_full(at_s, text);
	return arena_fmt(a, "%s", text);
}

static const char *count_text(struct arena *a, unsigned n, const char *unit)
{
	return arena_fmt(a, "%u %s%s", n, unit, n == 1 ? "" : "s");
}

static const char *valid_text(struct arena *a, unsigned minutes)
{
	if (!minutes)
		return NULL;
	if (minutes > 48 * 60 && minutes % (24 * 60) == 0)
		return count_text(a, minutes / (24 * 60), "day");
	if (minutes % 60 == 0)
		return count_text(a, minutes / 60, "hour");
	return count_text(a, minutes, "minute");
}

static const char *text_or_null(const char *z)
{
	return z && *z ? z : NULL;
}

/* A page of ours that leads back to where the reader was. */
static const char *page_link(
	const struct mail *m, struct arena *a, const char *path, struct str return_to)
{
	BUF_AUTO b = BUF(LINK_MAX);
	buf_puts(&b, m->base_url);
	buf_puts(&b, path);
	if (return_to.n > 1) { /* "/" is where one lands anyway */
		buf_puts(&b, "?return_to=");
		url_encode(&b, return_to);
	}
	buf_byte(&b, '\0');
	return b.err ? arena_fmt(a, "%s%s", m->base_url, path) : arena_buf(a, &b).p;
}

/* A mail is read elsewhere: a path of the site needs its address. */
static const char *link_absolute(const struct mail *m, struct arena *a, const char *url)
{
	if (!url || *url != '/')
		return text_or_null(url);
	return arena_fmt(a, "%s%s", m->base_url, url);
}

static struct template_data *notice_data(
	const struct mail *m, struct arena *a, const struct notice *n)
{
	const char *language = text_or_null(m->s.site_language), *link = text_or_null(n->link);
	const unsigned minutes = link ? n->minutes : 0;
	struct template_data *site = template_object(a), *v = template_object(a);
	template_z(site, "name", m->s.site_name);
	template_z(site, "language", language ? language : "en");
	template_z(site, "contact", text_or_null(m->s.contact));
	template_z(site, "contact_href", text_or_null(m->s.contact_href));
	template_z(site, "imprint_url", link_absolute(m, a, m->s.imprint_url));
	template_z(site, "privacy_url", link_absolute(m, a, m->s.privacy_url));
	template_child(v, "site", site);
	template_z(v, "name", text_or_null(n->name));
	template_z(v, "email", n->to);
	template_z(v, "by", text_or_null(n->by));
	template_z(v, "link", link);
	template_z(v, "valid", valid_text(a, minutes));
	template_int(v, "minutes", minutes);
	template_int(v, "hours", minutes / 60);
	template_z(v, "base_url", m->base_url);
	template_z(v, "when", when_text(a, n->now_s));
	template_z(v, "reset_link", page_link(m, a, "/reset", n->return_to));
	template_z(v, "login_link", page_link(m, a, "/login", n->return_to));
	template_z(v, "register_link", page_link(m, a, "/register", n->return_to));
	return v;
}

/* Renders the three parts of one message: subject, plain text and HTML. */
struct rendering {
	const struct mail *m;
	enum mail_kind kind;
	const struct template_data *data;
};

static enum err render(
	const struct rendering *r, const char *suffix, enum template_mode mode, struct buf *out)
{
	char name[TEMPLATE_NAME_SIZE];
	snprintf(name, sizeof name, "%s%s", mail_kind_name(r->kind), suffix);
	return template_render(r->m->templates, name, mode, r->data, out);
}

/* The address that stands in the header, the words that stand in the subject: nothing else of ours
 * checks them. */
static enum err letter_check(const struct letter *l)
{
	struct email to;
	enum err e = email_parse(l->to, &to);
	if (e == ERR_NOMEM)
		return e;
	bool ok = !e && strlen(to.text) == l->to.n && l->subject.n &&
		  mail_mime_line_ok(l->subject) && !str_has_byte(l->text, 0) &&
		  !str_has_byte(l->html, 0);
	return ok ? ERR_OK : ERR_INVALID;
}

static enum err insert(struct mail *m, struct db_conn *tx, const struct notice *n, struct letter *l)
{
	char id[ID_SIZE], message_id[ID_SIZE + DOMAIN_SIZE + 4];
	crypto_id_make(id);
	snprintf(message_id, sizeof message_id, "<%s@%s>", id, m->domain);
	l->id = str_of(id);
	l->message_id = str_of(message_id);
	return mail_outbox_insert(tx, l, n);
}

static enum err queue_within_share(struct mail *m, struct db_conn *tx, const struct notice *n)
{
	ARENA_AUTO *a = arena_new(DATA_MAX);
	if (!a)
		return ERR_NOMEM;
	BUF_AUTO subject = BUF(SUBJECT_MAX), text = BUF(PART_MAX), html = BUF(PART_MAX);
	const struct rendering r = { m, n->kind, notice_data(m, a, n) };
	enum err e = render(&r, ".subject.txt", TEMPLATE_TEXT, &subject);
	if (!e)
		e = render(&r, ".txt", TEMPLATE_TEXT, &text);
	if (!e)
		e = render(&r, ".html", TEMPLATE_HTML, &html);
	struct letter l = {
		.to = str_of(n->to),
		.subject = str_trim(buf_view(&subject)),
		.text = buf_view(&text),
		.html = buf_view(&html),
		.created_at = n->now_s,
	};
	if (!e)
		e = letter_check(&l);
	if (!e)
		return insert(m, tx, n, &l);
	LOG(m->s.log, LOG_ERROR, "mail_not_queued", log_z("kind", mail_kind_name(n->kind)),
		log_z("error", err_name(e)));
	return e;
}

/* Each kind has a share of its own, or an anonymous reader could use up, with one kind, the share
 * that a reset needs. The shares are equal: "no account here" and "choose a new password" answer
 * the same request, and whoever asks a second time must not see by the work which of them it was.
 */
static int64_t share(const struct mail *m, enum mail_kind kind)
{
	return kind == MAIL_PASSWORD_CHANGED ? INT64_MAX /* a security notice */
					     : (int64_t)m->s.per_mailbox_hour;
}

enum err mail_queue(struct mail *m, struct db_conn *tx, const struct notice *n)
{
	if (!*mail_kind_name(n->kind))
		return ERR_INVALID;
	int64_t count = 0;
	enum err e = mail_outbox_count(tx, n, &count);
	if (e)
		return e;
	if (count < share(m, n->kind))
		return queue_within_share(m, tx, n);
	LOG(m->s.log, LOG_WARN, "mail_limited", log_z("kind", mail_kind_name(n->kind)),
		log_int("in_hour", count));
	return ERR_LIMITED;
}
