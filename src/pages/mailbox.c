/* /_dev/mailbox: every mail that was queued, with its links, for development. 404 unless
 * server.development is on. */
#include "internal.h"

#include <string.h>

/* Mails that the page for development lists, newest first. */
enum { MAILBOX_MAX = 50 };

static size_t link_length(struct str s)
{
	size_t n = 0;
	while (n < s.n && (unsigned char)s.p[n] > ' ' && s.p[n] != '<' && s.p[n] != '>' &&
		s.p[n] != '"')
		n++;
	return n;
}

/* The text part, escaped, with its http links made clickable. */
static struct str linked_html(struct arena *a, struct str text)
{
	BUF_AUTO b = BUF(1 << 20);
	while (text.n > 0) {
		size_t n = str_starts(text, STR("http://")) || str_starts(text, STR("https://"))
				   ? link_length(text)
				   : 0;
		struct str piece = { text.p, n ? n : 1 };
		if (n) {
			buf_puts(&b, "<a href=\"");
			escape_html(&b, piece);
			buf_puts(&b, "\">");
			escape_html(&b, piece);
			buf_puts(&b, "</a>");
		} else {
			escape_html(&b, piece);
		}
		text = (struct str){ text.p + piece.n, text.n - piece.n };
	}
	return arena_buf(a, &b);
}

/* Every mail that was queued, for development only: the route answers 404 otherwise. */
enum err pages_mailbox(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct mail_row *rows = NULL;
	size_t n = 0;
	if (!p->set.development)
		return ERR_NOT_FOUND;
	enum err e = mail_list(p->accounts->db, r->arena, MAILBOX_MAX, &rows, &n);
	if (e)
		return e;
	struct page pg = { .title = "Development mailbox" };
	struct template_data *root = pages_frame_data(p, r, &pg),
			     *list = template_list(root, "mails");
	for (size_t i = 0; i < n; i++) {
		struct template_data *v = template_append(list);
		const struct shown_time sent = { r->arena, rows[i].created_at, r->now_s };
		template_z(v, "to", rows[i].to);
		template_text(v, "subject", rows[i].subject);
		pages_template_time(v, "sent", sent, time_human);
		template_html(v, "text_html", linked_html(r->arena, rows[i].text));
	}
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "mailbox.html", root);
}
