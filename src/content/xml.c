/* libxml2 where memory fails: it leaves out the element or attribute that did not fit and goes on,
 * so a document, or a mark of its author's, would be shorter without anybody knowing. Its functions
 * of memory are therefore ours: they note a refusal, which whoever used libxml2 asks for at the
 * end. */
#include "internal.h"

#include <libxml/parser.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool refused;

static void *noted(void *p)
{
	refused = refused || !p;
	return p;
}

static void *memory_take(size_t n)
{
	return noted(malloc(n));
}

static void *memory_again(void *p, size_t n)
{
	return noted(realloc(p, n));
}

static char *memory_text(const char *z)
{
	return noted(strdup(z));
}

static void start(void)
{
	(void)xmlMemSetup(free, memory_take, memory_again, memory_text);
	xmlInitParser();
}

bool content_xml_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	bool started = pthread_once(&once, start) == 0;
	refused = false;
	return started;
}

bool content_xml_lacked(void)
{
	return refused;
}
