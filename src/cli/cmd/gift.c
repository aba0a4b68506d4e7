/* postern gift …: list, create and revoke gift links. */
#include "../cli.h"

#include "postern/gift.h"

#include <stdio.h>
#include <string.h>

static json_t *gift_json(const struct gift *g, int64_t now_s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "id", g->id,
		"article", g->slug, "account_id", g->account_id, "made_by", g->made_by, "state",
		gift_state(g, now_s), "created_at", text_json_time(g->created_at), "expires_at",
		text_json_time(g->expires_at), "redemptions", (json_int_t)g->redemptions,
		"redemptions_max", (json_int_t)g->redemptions_max, "revoked_at",
		text_json_time(g->revoked_at));
}

/* ---- list ---- */

/* One read of gifts, in the arena. */
struct gift_find {
	struct gift_filter f;
	struct arena *a;
	struct gift *list;
	size_t count;
};

static enum err gifts_read(struct db_conn *c, void *arg)
{
	struct gift_find *l = arg;
	return gift_list(c, &l->f, l->a, &l->list, &l->count);
}

static void gift_print(const struct cli *c, const struct gift *g)
{
	printf("%-26s  %-8s  %lld/%lld  until %-22s  %s, by %s\n", g->id, gift_state(g, c->now_s),
		(long long)g->redemptions, (long long)g->redemptions_max,
		cli_end(c->app.arena, g->expires_at), g->slug,
		*g->made_by ? g->made_by : g->account_id);
}

int cmd_gift_list(struct cli *c)
{
	const char *reader = cli_option(c, "reader");
	struct account acc;
	int64_t limit = 100;
	int code = reader ? cli_account(c, reader, &acc) : EXIT_DONE;
	struct gift_find l = { .f = { .account_id = reader ? acc.id : NULL,
				       .slug = cli_option(c, "article") },
		.a = c->app.arena };
	if (!code)
		code = cli_number(c, "limit", (struct cli_range){ 1, GIFTS_LIST_MAX }, &limit);
	if (code)
		return code;
	l.f.limit = (size_t)limit;
	enum err e = db_read(c->app.db, gifts_read, &l);
	if (e)
		return cli_error(e, "gifts");
	json_t *doc = json_array();
	for (size_t i = 0; i < l.count; i++) {
		if (c->json)
			text_json_append(&doc, gift_json(&l.list[i], c->now_s));
		else
			gift_print(c, &l.list[i]);
	}
	if (c->json)
		return cli_print_json(doc);
	json_decref(doc);
	return EXIT_DONE;
}

/* ---- create ---- */

/* The article that a slug names. */
struct article_lookup {
	struct str slug;
	struct arena *a;
	struct article article;
};

static enum err article_read(struct db_conn *c, void *arg)
{
	struct article_lookup *l = arg;
	return content_find(c, l->slug, l->a, &l->article);
}

static int made_print(const struct cli *c, const struct gift_made *made)
{
	const char *link =
		arena_fmt(c->app.arena, "%s/gifts/%s", c->app.cfg.base_url, made->token.text);
	if (c->json)
		return cli_print_json(json_pack(
			"{s:o, s:s}", "gift", gift_json(&made->gift, c->now_s), "link", link));
	gift_print(c, &made->gift);
	printf("%s\nThe link is shown only once.\n", link);
	return EXIT_DONE;
}

int cmd_gift_create(struct cli *c)
{
	struct gift_order o = { .made_by = cli_option(c, "by"), .now_s = c->now_s };
	struct article_lookup l = { .slug = str_of(c->args[0]), .a = c->app.arena };
	struct gift_made made;
	char name[NAME_SIZE];
	if (!o.made_by || text_name(str_of(o.made_by), name) != ERR_OK || !*name)
		return cli_fail(EXIT_USAGE,
			"gift create needs --by NAME, the staff member who is responsible for it");
	o.made_by = name;
	int code = cli_number(c, "days", (struct cli_range){ 1, GIFT_DAYS_MAX }, &o.days);
	if (!code)
		code = cli_number(c, "redemptions", (struct cli_range){ 1, GIFT_REDEMPTIONS_MAX },
			&o.redemptions);
	if (code)
		return code;
	enum err e = db_read(c->app.db, article_read, &l);
	o.article_id = l.article.id;
	if (!e)
		e = gift_make(&c->app.wall, &o, &made);
	return e ? cli_article_error(c, e, c->args[0]) : made_print(c, &made);
}

int cmd_gift_revoke(struct cli *c)
{
	enum err e = gift_revoke(c->app.db, str_of(c->args[0]), NULL, c->now_s);
	if (e)
		return cli_error(e, c->args[0]);
	puts("Revoked. Its links no longer open the article, also in browsers that have used "
	     "them.");
	return EXIT_DONE;
}
