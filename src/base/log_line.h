/* log_line: one event as one line of the log. */
#ifndef POSTERN_BASE_LOG_LINE_H
#define POSTERN_BASE_LOG_LINE_H

#include "postern/log.h"

enum {
	LOG_VALUE_MAX = 1000, /* bytes of a value that are told */
	LOG_FIELDS_MOST = 32,
	LOG_LINE_BYTES = 1000, /* an ordinary line fits */
	/* Each byte of a value becomes six at most ("\u001b"); keys and the head are ours. */
	LOG_LINE_MAX_BYTES = LOG_FIELDS_MOST * (6 * LOG_VALUE_MAX + 100) + 512,
};

enum log_urgency {
	LOG_GATHERED, /* written within 10 ms */
	LOG_PROMPT,   /* written now, and not waited for */
	LOG_AWAITED,  /* and waited for: 20 ms at most, and not at all while a write is stuck */
};

struct log_event {
	enum log_level level;
	const char *name;
	const struct log_field *fields;
	size_t count;
	enum log_urgency urgency;
};

/* Words and numbers alone, as each request makes them: in logfmt they become a line in one piece.
 */
bool log_line_is_short(const struct log_event *e);
struct str log_line_short(const struct log_event *e, char out[static LOG_LINE_BYTES]);
/* Any event, in either format, into a buffer with room for LOG_LINE_MAX_BYTES. */
void log_line_any(const struct log_event *e, enum log_format format, struct buf *b);

#endif
