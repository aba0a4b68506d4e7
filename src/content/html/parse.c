/* Runs libxml2's HTML parser on untrusted text, with a limit on the number of different names:
 * libxml2 compares each attribute of an element with all before it, so a tag with 50,000
 * attributes would take seconds. */
#include "parse.h"

#include "../internal.h"

#include <libxml/HTMLparser.h>
#include <libxml/dict.h>

/* libxml2 compares each attribute of an element with all before it: a tag with 50,000 of them held
 * it up for 6 s, a file of 4 MiB would for minutes. Its dictionary holds each name once, and no
 * author needs the some ten thousand names that fit. */
enum { NAMES_BYTES_MAX = 64 << 10 };

/* A name that does not fit is dropped with what it names. */
static bool names_fit(xmlDict *names)
{
	static const char another[] =
		"-as-long-as-names-of-attributes-are-and-none-of-any-document-";
	return xmlDictLookup(names, (const xmlChar *)another, -1) != NULL;
}

static void free_ctxt(htmlParserCtxtPtr *ctxt)
{
	if (*ctxt)
		htmlFreeParserCtxt(*ctxt);
}

static enum err parse(struct str html, xmlDoc **out)
{
	__attribute__((cleanup(free_ctxt))) htmlParserCtxtPtr ctxt = htmlNewParserCtxt();
	if (!ctxt)
		return ERR_NOMEM;
	(void)xmlDictSetLimit(ctxt->dict, NAMES_BYTES_MAX);
	int options = HTML_PARSE_RECOVER | HTML_PARSE_NODEFDTD | HTML_PARSE_NOERROR |
		      HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT |
		      HTML_PARSE_IGNORE_ENC;
	*out = htmlCtxtReadMemory(ctxt, html.p, (int)html.n, NULL, "UTF-8", options);
	if (!*out)
		return ERR_NOMEM;
	return names_fit(ctxt->dict) ? ERR_OK : ERR_TOO_LARGE;
}

enum err html_parse(struct str html, html_parsed *use, void *ctx)
{
	struct content_xml memory;
	xmlDoc *doc = NULL;
	if (!content_xml_begin(&memory, html.n))
		return ERR_NOMEM;
	enum err e = parse(html, &doc);
	if (!e)
		e = use(ctx, doc);
	xmlFreeDoc(doc);
	return content_xml_end(&memory) ? ERR_NOMEM : e;
}
