/* postern institution range, domain, import and export: address ranges and mail domains. Every
 * mistake is reported by word or line, and nothing is stored unless everything is right. */
#include "../cli.h"

#include <stdio.h>
#include <string.h>

#include "postern/institution.h"

enum { ITEMS_MAX = INSTITUTION_RANGES_MAX + INSTITUTION_DOMAINS_MAX, ITEMS_BYTES_MAX = 64 << 20 };

/* ---- ranges and domains ---- */

/* What is right in form and yet may be a mistake. */
static bool doubtful(const struct institution_item *it, char why[static IP_RANGE_WHY_SIZE])
{
	if (it->kind == INSTITUTION_RANGE && ip_range_wide(&it->range))
		snprintf(why, IP_RANGE_WHY_SIZE,
			"wider than an IPv4 /16 or an IPv6 /32; add --force to accept it");
	else if (it->kind == INSTITUTION_DOMAIN && institution_domain_open(it->domain))
		snprintf(why, IP_RANGE_WHY_SIZE,
			"anybody can have an address there; add --force to accept it");
	else
		return false;
	return true;
}

static bool item_check(const struct cli *c, const struct institution_item *it, enum err e,
	char why[static IP_RANGE_WHY_SIZE])
{
	return e == ERR_OK && (cli_option(c, "force") || !doubtful(it, why));
}

/* A proxy's own address among the ranges makes every reader one of theirs who comes without
 * X-Forwarded-For. */
static void proxies_note(const struct cli *c, const struct institution_item *items, size_t n)
{
	char text[IP_RANGE_TEXT_SIZE], own[INSTITUTION_ITEM_SIZE];
	for (size_t i = 0; i < n; i++) {
		struct ip_net nets[IP_RANGE_NETS_MAX];
		size_t count = items[i].kind == INSTITUTION_RANGE
				       ? ip_range_nets(&items[i].range, nets)
				       : 0;
		for (size_t k = 0; k < c->app.cfg.trusted_proxy_count; k++) {
			struct ip_net proxy = c->app.cfg.trusted_proxies[k];
			if (!ip_in(nets, count, proxy.base))
				continue;
			ip_net_text(proxy, text);
			fprintf(stderr,
				"note: %s contains %s of server.trusted_proxies; requests that "
				"come from the proxy itself count as readers of %s\n",
				institution_item_text(&items[i], own), text, items[i].institution);
		}
	}
}

/* Ranges to be added that another institution has as well, for a warning. */
struct overlaps {
	const struct institution_item *items;
	size_t count;
	struct arena *a;
	struct institution_overlap *v;
	size_t n;
};

static enum err overlaps_read(struct db_conn *c, void *arg)
{
	struct overlaps *o = arg;
	return institution_overlaps(c, o->items, o->count, o->a, &o->v, &o->n);
}

static json_t *overlaps_report(const struct overlaps *o, bool json)
{
	json_t *list = json ? json_array() : NULL;
	char own[INSTITUTION_ITEM_SIZE], other[INSTITUTION_ITEM_SIZE];
	for (size_t i = 0; i < o->n; i++) {
		const struct institution_overlap *v = &o->v[i];
		institution_item_text(v->item, own);
		institution_item_text(v->other, other);
		fprintf(stderr, "note: %s of %s overlaps %s of %s\n", own, v->item->institution,
			other, v->other->institution);
		if (json)
			text_json_append(
				&list, json_pack("{s:s, s:s, s:s, s:s}", "institution",
					       v->item->institution, "range", own, "other",
					       v->other->institution, "other_range", other));
	}
	return list;
}

static int items_fail(enum err e, const struct institution_change *ch)
{
	const struct institution_item *it = ch->at < ch->count ? &ch->items[ch->at] : &ch->items[0];
	char text[INSTITUTION_ITEM_SIZE];
	switch (e) {
	case ERR_NOT_FOUND:
		return cli_fail(EXIT_NOT_FOUND,
			"there is no institution \"%s\"; create it with postern institution add; "
			"nothing was changed",
			it->institution);
	case ERR_CONFLICT:
		return cli_fail(EXIT_CONFLICT,
			"%s belongs to another institution already; nothing was changed",
			institution_item_text(it, text));
	case ERR_TOO_LARGE:
		return cli_fail(EXIT_FAILED,
			"all institutions together can have at most %d ranges and %d domains; "
			"nothing was changed",
			INSTITUTION_RANGES_MAX, INSTITUTION_DOMAINS_MAX);
	default:
		return cli_error(e, it->institution);
	}
}

static int items_take(struct cli *c, const struct institution_item *items, size_t n)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	struct institution_change ch = {
		.items = items, .count = n, .replace = cli_option(c, "replace") != NULL
	};
	struct overlaps o = { .items = items, .count = n, .a = a };
	enum err e = a ? institution_items_add(c->app.db, &ch) : ERR_NOMEM;
	if (e)
		return items_fail(e, &ch);
	proxies_note(c, items, n);
	e = db_read(c->app.db, overlaps_read, &o);
	if (e)
		return cli_error(e, "overlaps");
	json_t *list = overlaps_report(&o, c->json);
	if (c->json)
		return cli_print_json(
			json_pack("{s:I, s:o}", "taken", (json_int_t)n, "overlaps", list));
	printf("%zu added.\n", n);
	return EXIT_DONE;
}

static int items_remove(struct cli *c, const struct institution_item *items, size_t n)
{
	char text[INSTITUTION_ITEM_SIZE];
	for (size_t i = 0; i < n; i++) {
		enum err e = institution_item_remove(c->app.db, &items[i]);
		if (e)
			return cli_error(e, institution_item_text(&items[i], text));
	}
	printf("%zu removed.\n", n);
	return EXIT_DONE;
}

static enum err item_parse(
	struct str s, enum institution_kind kind, struct institution_item *it, char *why)
{
	it->kind = kind;
	return kind == INSTITUTION_RANGE ? ip_range_parse(s, &it->range, why)
					 : institution_domain_parse(s, it->domain, why);
}

/* "add NAME VALUE..." and "remove NAME VALUE...". */
static int items_command(struct cli *c, enum institution_kind kind)
{
	struct institution_item items[CLI_ARGS_MAX];
	bool add = strcmp(c->args[0], "add") == 0;
	char why[IP_RANGE_WHY_SIZE];
	size_t n = 0, bad = 0;
	if (!add && strcmp(c->args[0], "remove") != 0)
		return cli_fail(EXIT_USAGE, "%s add or %s remove is expected, not \"%s\"",
			c->command->name, c->command->name, c->args[0]);
	for (size_t i = 2; i < c->arg_count; i++) {
		struct institution_item *it = &items[n++];
		enum err e = item_parse(str_of(c->args[i]), kind, it, why);
		if (!e && str_copy(it->institution, sizeof it->institution, str_of(c->args[1])))
			return cli_not_found(c, NAMED_INSTITUTION, c->args[1]);
		if (add ? item_check(c, it, e, why) : e == ERR_OK)
			continue;
		bad++;
		fprintf(stderr, "refused  %s: %s\n", c->args[i], why);
	}
	if (bad)
		return cli_fail(EXIT_USAGE, "%zu refused; nothing was changed", bad);
	return add ? items_take(c, items, n) : items_remove(c, items, n);
}

int cmd_institution_range(struct cli *c)
{
	return items_command(c, INSTITUTION_RANGE);
}

int cmd_institution_domain(struct cli *c)
{
	return items_command(c, INSTITUTION_DOMAIN);
}

/* ---- files ---- */

/* One file of ranges and domains. Nothing is stored while a line of it is bad. */
struct import {
	struct cli *c;
	const char *path, *name; /* name: for lines that have none, or NULL */
	struct institution_item *items;
	size_t n, line, bad;
};

static int import_line(struct import *im, struct str line)
{
	char why[IP_RANGE_WHY_SIZE] = "";
	struct institution_item it = { .kind = (enum institution_kind)0 };
	if (im->name && str_copy(it.institution, sizeof it.institution, str_of(im->name)))
		return cli_error(ERR_NOT_FOUND, im->name);
	enum err e = institution_line_parse(line, &it, why);
	if (!e && !it.kind)
		return EXIT_DONE;
	if (!item_check(im->c, &it, e, why)) {
		im->bad++;
		fprintf(stderr, "refused  %s:%zu: %s\n", im->path, im->line, why);
	} else if (im->n == ITEMS_MAX) {
		return cli_fail(EXIT_FAILED, "%s: more than %d ranges and domains", im->path,
			(int)ITEMS_MAX);
	} else {
		im->items[im->n++] = it;
	}
	return EXIT_DONE;
}

static int import_text(struct import *im, struct str text)
{
	int code = EXIT_DONE;
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = (struct str){ text.p + 3, text.n - 3 };
	while (!code && text.p) {
		im->line++;
		code = import_line(im, str_cut(&text, '\n'));
	}
	if (code)
		return code;
	if (im->bad)
		return cli_fail(EXIT_FAILED, "%zu lines refused; nothing was changed", im->bad);
	if (im->n == 0)
		return cli_fail(EXIT_FAILED, "%s contains no range and no domain", im->path);
	return items_take(im->c, im->items, im->n);
}

int cmd_institution_import(struct cli *c)
{
	ARENA_AUTO *a = arena_new(ITEMS_BYTES_MAX);
	BUF_AUTO text = BUF(INSTITUTION_FILE_MAX);
	struct import im = {
		.c = c, .path = c->args[0], .name = c->arg_count > 1 ? c->args[1] : NULL
	};
	enum err e = file_read(im.path, &text);
	if (e)
		return e == ERR_TOO_LARGE ? cli_fail(EXIT_FAILED, "%s: larger than 4 MiB", im.path)
					  : cli_error(e, im.path);
	im.items = a ? arena_alloc(a, ITEMS_MAX * sizeof *im.items) : NULL;
	if (!im.items)
		return cli_error(ERR_NOMEM, im.path);
	return import_text(&im, buf_view(&text));
}
