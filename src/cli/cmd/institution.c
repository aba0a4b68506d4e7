/* postern institution …: create, list, show, change and remove institutions. Their address ranges
 * and mail domains are in institution_items.c. */
#include "../cli.h"

#include <stdio.h>
#include <string.h>

#include "postern/institution.h"

/* Bytes of the arena for all ranges and domains of all institutions. */
enum { ITEMS_BYTES_MAX = 64 << 20 };

/* ---- an institution ---- */

static int institution_options(struct cli *c, struct institution *i)
{
	const char *title = cli_option(c, "title"), *plan = cli_option(c, "plan");
	char clean[NAME_SIZE];
	int code = cli_date(c, "from", TIME_STARTS, &i->starts_at);
	if (!code)
		code = cli_date(c, "until", TIME_ENDS, &i->ends_at);
	if (code)
		return code;
	if (title && (text_name(str_of(title), clean) != ERR_OK ||
			     str_copy(i->title, sizeof i->title, str_of(clean)) != ERR_OK))
		return cli_fail(EXIT_USAGE,
			"--title: plain text of at most %d bytes, without control characters",
			TITLE_SIZE - 1);
	if (plan && str_copy(i->plan, sizeof i->plan, str_of(plan)) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--plan: at most %d characters", PLAN_SIZE - 1);
	return plan && *plan ? cli_plan(c, plan) : EXIT_DONE;
}

static int institution_fail(enum err e, const struct institution *i)
{
	switch (e) {
	case ERR_INVALID:
		return cli_fail(EXIT_USAGE,
			"NAME: use lower-case letters, digits and single '-', at most %d "
			"characters. --title must not be empty, and --until must be after --from",
			INSTITUTION_SIZE - 1);
	case ERR_NOT_FOUND: /* removed since it was looked for */
		return cli_fail(
			EXIT_NOT_FOUND, "there is no plan \"%s\"; see postern plan list", i->plan);
	case ERR_TOO_LARGE:
		return cli_fail(EXIT_FAILED,
			"there are already %d institutions, which is the maximum",
			INSTITUTIONS_MAX);
	default:
		return cli_error(e, i->name);
	}
}

static json_t *institution_json(const struct institution *i)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", i->name, "title", i->title, "plan",
		i->plan, "starts_at", text_json_time(i->starts_at), "ends_at",
		text_json_time(i->ends_at));
}

static void institution_print(const struct cli *c, const struct institution *i)
{
	printf("%-24s  %-32s  %-12s  from %-22s  until %s%s\n", i->name, i->title,
		*i->plan ? i->plan : "everything", cli_day(c->app.arena, i->starts_at),
		cli_end(c->app.arena, i->ends_at),
		i->ends_at && i->ends_at <= c->now_s ? "  ended" : "");
}

int cmd_institution_add(struct cli *c)
{
	struct institution i = { .starts_at = c->now_s };
	if (str_copy(i.name, sizeof i.name, str_of(c->args[0])) != ERR_OK)
		return institution_fail(ERR_INVALID, &i);
	int code = institution_options(c, &i);
	if (code)
		return code;
	if (!*i.title)
		return cli_fail(EXIT_USAGE, "institution add needs --title, the name shown to "
					    "readers, such as \"Harbour University\"");
	enum err e = institution_add(c->app.db, &i, c->now_s);
	if (e)
		return institution_fail(e, &i);
	if (c->json)
		return cli_print_json(institution_json(&i));
	institution_print(c, &i);
	return EXIT_DONE;
}

/* ---- lists ---- */

/* One read of institutions and their items, in the arena. */
struct institution_listing {
	struct str name;
	struct arena *a;
	struct institution *v;
	size_t n;
	struct institution_item *items;
	size_t item_count;
};

static enum err listing_read(struct db_conn *c, void *arg)
{
	struct institution_listing *l = arg;
	enum err e = institution_list(c, l->a, &l->v, &l->n);
	return e ? e : institution_items(c, l->name, l->a, &l->items, &l->item_count);
}

static const struct institution *listing_find(const struct institution_listing *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	}
	return NULL;
}

/* The institution that the command names, read with its items; NULL after saying why, with the exit
 * code. */
static const struct institution *listing_named(
	struct cli *c, struct institution_listing *l, int *code)
{
	l->name = str_of(c->args[0]);
	enum err e = l->a ? db_read(c->app.db, listing_read, l) : ERR_NOMEM;
	const struct institution *found = e ? NULL : listing_find(l, c->args[0]);
	if (!found)
		*code = e ? cli_error(e, c->args[0])
			  : cli_not_found(c, NAMED_INSTITUTION, c->args[0]);
	return found;
}

static size_t item_count(
	const struct institution_listing *l, const char *name, enum institution_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < l->item_count; i++)
		n += l->items[i].kind == kind && strcmp(l->items[i].institution, name) == 0;
	return n;
}

int cmd_institution_list(struct cli *c)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	struct institution_listing l = { .a = a };
	enum err e = a ? db_read(c->app.db, listing_read, &l) : ERR_NOMEM;
	if (e)
		return cli_error(e, "institutions");
	json_t *doc = c->json ? json_array() : NULL;
	for (size_t i = 0; i < l.n; i++) {
		size_t ranges = item_count(&l, l.v[i].name, INSTITUTION_RANGE),
		       domains = item_count(&l, l.v[i].name, INSTITUTION_DOMAIN);
		if (c->json) {
			json_t *one = institution_json(&l.v[i]);
			text_json_put(&one, "ranges", json_integer((json_int_t)ranges));
			text_json_put(&one, "domains", json_integer((json_int_t)domains));
			text_json_append(&doc, one);
			continue;
		}
		printf("%5zu ranges %4zu domains  ", ranges, domains);
		institution_print(c, &l.v[i]);
	}
	return c->json ? cli_print_json(doc) : EXIT_DONE;
}

static int show_json(const struct institution_listing *l, const struct institution *i)
{
	json_t *doc = institution_json(i), *ranges = json_array(), *domains = json_array();
	char text[INSTITUTION_ITEM_SIZE];
	for (size_t k = 0; k < l->item_count; k++) {
		bool range = l->items[k].kind == INSTITUTION_RANGE;
		const char *z = institution_item_text(&l->items[k], text);
		text_json_append(range ? &ranges : &domains, json_string(range ? z : z + 1));
	}
	text_json_put(&doc, "ranges", ranges);
	text_json_put(&doc, "domains", domains);
	return cli_print_json(doc);
}

int cmd_institution_show(struct cli *c)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	struct institution_listing l = { .a = a };
	int code = EXIT_DONE;
	const struct institution *i = listing_named(c, &l, &code);
	char text[INSTITUTION_ITEM_SIZE];
	if (!i)
		return code;
	if (c->json)
		return show_json(&l, i);
	institution_print(c, i);
	for (size_t k = 0; k < l.item_count; k++)
		printf("  %s\n", institution_item_text(&l.items[k], text));
	return EXIT_DONE;
}

int cmd_institution_set(struct cli *c)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	struct institution_listing l = { .a = a };
	int code = EXIT_DONE;
	const struct institution *found = listing_named(c, &l, &code);
	if (!found)
		return code;
	struct institution i = *found;
	if (cli_option(c, "no-end"))
		i.ends_at = 0;
	code = institution_options(c, &i);
	if (code)
		return code;
	enum err e = institution_set(c->app.db, &i);
	if (e)
		return institution_fail(e, &i);
	if (c->json)
		return cli_print_json(institution_json(&i));
	institution_print(c, &i);
	return EXIT_DONE;
}

int cmd_institution_remove(struct cli *c)
{
	if (!cli_option(c, "yes"))
		return cli_fail(EXIT_USAGE,
			"this removes %s with its ranges and domains; add --yes to do it",
			c->args[0]);
	enum err e = institution_remove(c->app.db, str_of(c->args[0]));
	if (e == ERR_NOT_FOUND)
		return cli_not_found(c, NAMED_INSTITUTION, c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	printf("%s is removed.\n", c->args[0]);
	return EXIT_DONE;
}

/* ---- for other servers ---- */

static void export_item(const struct institution_item *it, const char *end,
	const struct institution *of, json_t **doc)
{
	struct ip_net nets[IP_RANGE_NETS_MAX];
	char text[IP_RANGE_TEXT_SIZE];
	size_t n = ip_range_nets(&it->range, nets);
	for (size_t i = 0; i < n; i++) {
		ip_net_text(nets[i], text);
		if (doc)
			text_json_append(doc, json_pack("{s:s, s:s, s:s}", "network", text,
						      "institution", of->name, "title", of->title));
		else
			printf("%s %s%s\n", text, of->name, end);
	}
}

/* Networks of the contracts in force, for servers in front that cannot ask. */
int cmd_institution_export(struct cli *c)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	struct institution_listing l = { .a = a };
	enum err e = a ? db_read(c->app.db, listing_read, &l) : ERR_NOMEM;
	const char *end = cli_option(c, "nginx") ? ";" : "";
	if (e)
		return cli_error(e, "institutions");
	json_t *doc = c->json ? json_array() : NULL;
	for (size_t i = 0; i < l.item_count; i++) {
		const struct institution *of = listing_find(&l, l.items[i].institution);
		bool open =
			of && of->starts_at <= c->now_s && (!of->ends_at || of->ends_at > c->now_s);
		if (open && l.items[i].kind == INSTITUTION_RANGE)
			export_item(&l.items[i], end, of, c->json ? &doc : NULL);
	}
	return c->json ? cli_print_json(doc) : EXIT_DONE;
}
