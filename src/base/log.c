/* The log: an event below the level is dropped, any other becomes a line, and the line goes to the
 * writer's thread or, in a program without one, to the descriptor at once. */
#include "postern/log.h"

#include "log_writer.h"

#include <errno.h>

static void put_line(const struct log *l, struct str line, enum log_urgency urgency)
{
	if (l->writer)
		log_writer_add(l->writer, line, urgency);
	else
		(void)log_write_all(l->fd, line);
}

void log_level_set(struct log *l, enum log_level level)
{
	__atomic_store_n(&l->level, level, __ATOMIC_RELAXED);
}

static void put_event(const struct log *l, const struct log_event *e)
{
	if (!l || e->level < __atomic_load_n(&l->level, __ATOMIC_RELAXED) || e->level > LOG_ERROR)
		return;
	int saved = errno;
	if (l->format == LOG_LOGFMT && log_line_is_short(e)) {
		char line[LOG_LINE_BYTES];
		put_line(l, log_line_short(e, line), e->urgency);
	} else {
		BUF_AUTO b = BUF(LOG_LINE_MAX_BYTES);
		log_line_any(e, l->format, &b);
		put_line(l, b.err == ERR_OK ? buf_view(&b) : STR("level=error event=log_nomem\n"),
			e->urgency);
	}
	errno = saved;
}

void log_fields(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	put_event(l, &(struct log_event){ level, event, fields, count, LOG_AWAITED });
}

void log_fields_soon(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	put_event(l, &(struct log_event){ level, event, fields, count,
			     level >= LOG_WARN ? LOG_PROMPT : LOG_GATHERED });
}
