/* Prints how much of an article an anonymous reader gets, as text and as JSON, for `article
 * import` and `article show`. */
#include "cli.h"

#include <stdio.h>

json_t *cli_teaser_json(const struct teaser_size *t)
{
	if (!t)
		return json_null();
	return json_pack("{s:I, s:I, s:i, s:I, s:I, s:b}", "characters", (json_int_t)t->characters,
		"words", (json_int_t)t->words, "percent", content_teaser_percent(t),
		"all_characters", (json_int_t)t->all_characters, "all_words",
		(json_int_t)t->all_words, "marked", t->marked);
}

const char *cli_teaser_text(const struct teaser_size *t, char out[static CLI_TEASER_SIZE])
{
	out[0] = '\0';
	if (t && snprintf(out, CLI_TEASER_SIZE,
			 "%lld of %lld characters (%d %%), %lld of %lld words%s",
			 (long long)t->characters, (long long)t->all_characters,
			 content_teaser_percent(t), (long long)t->words, (long long)t->all_words,
			 t->marked ? ", to the author's mark" : "") < 0)
		out[0] = '\0';
	return out;
}

json_t *cli_teaser_report_json(const struct teaser_report *r)
{
	json_t *doc = cli_teaser_json(&r->size);
	text_json_put(&doc, "mark_beyond", json_boolean(r->mark_beyond));
	text_json_put(&doc, "mark_exceeds", json_boolean(r->mark_exceeds));
	text_json_put(&doc, "dek_left_out", json_integer((json_int_t)r->dek_left_out));
	return doc;
}

void cli_teaser_print(const struct teaser_report *r)
{
	char given[CLI_TEASER_SIZE];
	printf("teaser     %s\n", cli_teaser_text(&r->size, given));
	if (r->mark_beyond)
		printf("warning    the author's mark gives more than article.teaser_characters or "
		       "article.teaser_share allow: the teaser ends before it\n");
	if (r->mark_exceeds)
		printf("warning    the author's mark gives everybody more than "
		       "article.teaser_characters and article.teaser_share allow\n");
	if (r->dek_left_out > 0)
		printf("warning    the last %lld characters of the dek are not shown: it is too "
		       "long, or repeats text beyond the teaser\n",
			(long long)r->dek_left_out);
}
