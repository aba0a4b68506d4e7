/* libxml2 where memory fails. Version 2.9.14 leaves out the element or attribute that did not fit
 * and goes on; its HTML parser may then skip characters of an input that is marked as read, for
 * ever; its XML parser may read through a document that could not be made. So it is never refused
 * memory: what the system refuses comes out of a reserve that was taken beforehand, and whoever
 * used libxml2 is told at the end, and throws away what was made. */
#include "internal.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Text with markup grows some ten times in memory; elements of three letters and nothing else sixty
 * times. */
enum { RESERVE_FIRST = 256 << 10, RESERVE_PER_BYTE = 64 };

/* The innermost: a picture of an article is read while its HTML is. */
static _Thread_local struct content_xml *reserve;

/* ---- the reserve: nothing of it is used twice ---- */

/* Stands before each piece. */
union head {
	size_t n;
	max_align_t align;
};

static void end_program(void)
{
	static const char why[] = "postern: no memory left to read a document\n";
	ssize_t written = write(STDERR_FILENO, why, sizeof why - 1);
	(void)written;
	abort();
}

static void *reserve_take(size_t n)
{
	const size_t align = sizeof(union head);
	if (!reserve) /* nothing is being made yet */
		return NULL;
	if (n > reserve->n || (n + 2 * align - 1) / align * align > reserve->n - reserve->used)
		end_program();
	union head *h = (union head *)(void *)(reserve->p + reserve->used);
	reserve->used += (n + 2 * align - 1) / align * align;
	h->n = n;
	return h + 1;
}

static bool reserve_has(const void *p)
{
	const char *at = p;
	for (const struct content_xml *r = reserve; r; r = r->outer) {
		if (at >= r->p && at < r->p + r->n)
			return true;
	}
	return false;
}

/* ---- what libxml2 calls ---- */

static void memory_give(void *p)
{
	if (!reserve_has(p))
		free(p);
}

static void *memory_take(size_t n)
{
	void *p = malloc(n);
	return p ? p : reserve_take(n);
}

static void *memory_again(void *p, size_t n)
{
	if (!reserve_has(p)) {
		void *grown = realloc(p, n);
		if (grown || !p)
			return grown ? grown : reserve_take(n);
		void *copy = reserve_take(n);
		size_t old = malloc_usable_size(p);
		memcpy(copy, p, old < n ? old : n);
		free(p);
		return copy;
	}
	const union head *h = (const union head *)p - 1;
	void *copy = reserve_take(n);
	memcpy(copy, p, h->n < n ? h->n : n);
	return copy;
}

static char *memory_text(const char *z)
{
	const size_t n = strlen(z) + 1;
	return memcpy(memory_take(n), z, n);
}

/* ---- begin and end ---- */

/* It would write to standard error what is wrong with a document. */
static void say_nothing(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

/* What it makes once and keeps, it makes now, of the system's memory. */
static void start(void)
{
	(void)xmlMemSetup(memory_give, memory_take, memory_again, memory_text);
	xmlInitParser();
	htmlFreeParserCtxt(htmlNewParserCtxt());
	xmlFreeParserCtxt(xmlNewParserCtxt());
}

bool content_xml_begin(struct content_xml *x, size_t bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (pthread_once(&once, start) != 0)
		return false;
	xmlSetGenericErrorFunc(NULL, say_nothing); /* of this thread, whose state is made here */
	*x = (struct content_xml){ .outer = reserve,
		.n = RESERVE_FIRST + RESERVE_PER_BYTE * bytes };
	x->p = malloc(x->n);
	if (x->p)
		reserve = x;
	return x->p != NULL;
}

enum err content_xml_end(struct content_xml *x)
{
	xmlResetLastError(); /* its text may be of the reserve */
	reserve = x->outer;
	free(x->p);
	return x->used > 0 ? ERR_NOMEM : ERR_OK;
}
