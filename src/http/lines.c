/* Checks the header lines as they lie in libmicrohttpd's buffer, against request smuggling.
 * Version 0.9.75 reads them as C strings and hides four things: the rest of a line behind a NUL;
 * a line that begins with ':' or NUL, which it takes for the empty line that ends the headers; a
 * bare LF; and a folded line, whose text it appends to the header's name. A proxy in front may
 * read each of these differently. All of them show in where the pieces lie, because a correct
 * line begins right behind the CRLF of the line before it. */
#include "internal.h"

#include <string.h>

static uintptr_t address_of(const char *p)
{
	return (uintptr_t)p;
}

static uintptr_t end_of(struct str s)
{
	return (uintptr_t)s.p + s.n;
}

/* Later versions look for themselves, and may keep their buffers in another way. */
static bool library_looks(void)
{
	return strncmp(MHD_get_version(), "0.9.", 4) != 0;
}

static bool request_line_whole(const struct exchange *x, const struct request_line *line)
{
	const uintptr_t target = address_of(x->conn->target_sent);
	return target == end_of(str_of(line->method)) + 1 &&
	       address_of(line->version) == target + x->req.target.n + 1;
}

bool http_lines_whole(const struct exchange *x, const struct request_line *line)
{
	const size_t crlf = 2;
	if (library_looks())
		return true;
	if (!request_line_whole(x, line))
		return false;
	uintptr_t at = end_of(str_of(line->version));
	for (size_t i = 0; i < x->header_count; i++) {
		const struct header *header = &x->headers[i];
		if (address_of(header->name.p) != at + crlf ||
			address_of(header->value.p) <= end_of(header->name)) {
			return false;
		}
		at = end_of(header->value);
	}
	return address_of(line->method) + x->header_bytes == at + crlf + crlf;
}
