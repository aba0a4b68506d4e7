/* Keeps requests within libmicrohttpd's memory for one connection (POOL_BYTES), which holds the
 * request's headers, what the library makes of them, and the answer's headers. Whatever does not
 * fit would end the connection without an answer, so it is refused with 431 before. */
#include "internal.h"

#include <string.h>
#include <sys/socket.h>

const char http_no_cookies[] = "Cookie";

/* libmicrohttpd copies and splits the first Cookie header, though we read cookies ourselves. That
 * takes more than the header again from the connection's pool, and where it does not fit (from
 * 7.5 kB of cookies on) version 0.9.75 closes without an answer, or sends two in one. So the first
 * Cookie header is one of ours, and read_headers passes it over. */
void http_pool_hide_cookies(struct MHD_Connection *mhd)
{
	(void)MHD_set_connection_value_n(mhd, MHD_HEADER_KIND, http_no_cookies,
		strlen(http_no_cookies), http_no_cookies, strlen(http_no_cookies));
}

/* The headers of the request leave no room for those of an answer. */
bool http_pool_full(const struct exchange *x)
{
	enum { ENTRY_BYTES = 64, ANSWER_BYTES = 3072 };
	return x->header_bytes + x->header_lines * ENTRY_BYTES + ANSWER_BYTES > POOL_BYTES;
}

/* Into the socket, since libmicrohttpd would close without an answer: behind a proxy that were a
 * 502. Nothing else is on its way in it. */
enum MHD_Result http_pool_refuse(struct exchange *x)
{
	static const char page[] =
		"<!DOCTYPE html><title>Too many cookies</title><p>" HTTP_HEADERS_TOO_LARGE "</p>\n";
	const struct str text = str_of(arena_fmt(x->req.arena,
		"HTTP/1.1 431 Request Header Fields Too Large\r\n"
		"Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
		"Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
		sizeof page - 1, page));
	const ssize_t n = send(x->conn->fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	x->rsp.status = 431;
	x->answered = n == (ssize_t)text.n;
	x->close = true;
	return MHD_NO;
}
