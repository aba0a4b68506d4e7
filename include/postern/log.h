/* log: one structured line per event on standard error (or a file descriptor given), logfmt or
 * JSON.
 *
 * A line holds time (UTC, milliseconds), level, event, then the fields in order. Control
 * characters, quotes and bytes that are not UTF-8 are escaped, so that no value can start a line or
 * a field of its own. Callers never pass a token, a password or the body of a mail
 * (docs/security.md). Lines of several threads do not mix: each is one write(2), or goes whole to a
 * writer, which gathers them.
 * Threads: any. */
#ifndef POSTERN_LOG_H
#define POSTERN_LOG_H

#include "postern/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
/* "debug", "info", "warn" or "error"; else ERR_INVALID. */
enum err MUST_USE log_level_parse(struct str s, enum log_level *out);
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log {
	enum log_level level; /* lines below are dropped */
	enum log_format format;
	int fd;
	struct log_writer *writer; /* for `fd`; NULL: each line is written at once */
};

/* A thread that writes all lines, those of log_fields_soon together after 10 ms, because a system
 * call for each request costs as much as the request. A thread that logs never waits for the
 * program that reads the log. While that program reads nothing, 4 MiB of lines are kept; further
 * ones are dropped and counted, and "log_dropped" says how many once it reads again. NULL without
 * memory or thread: then each line is written by the thread that logs. */
struct log_writer *log_writer_start(int fd, enum log_format format);
/* Writes what is left, for a second at most. No thread may log to it afterwards; NULL is fine. */
void log_writer_stop(struct log_writer *w);
uint64_t log_writer_dropped(struct log_writer *w); /* lines; NULL is fine */

struct log_field {
	struct str key;  /* [a-z_]+, ours */
	struct str text; /* used when is_int is false; cut at 1,000 bytes */
	int64_t number;
	bool is_int;
	bool is_word; /* text is ours, and needs neither quotes nor escapes in any format */
};
static inline struct log_field log_str(const char *key, struct str value)
{
	return (struct log_field){ .key = str_of(key), .text = value };
}
static inline struct log_field log_z(const char *key, const char *value)
{
	return (struct log_field){ .key = str_of(key), .text = str_of(value) };
}
/* An identifier, a name out of a table, a pattern: never what somebody sent. It is put down
 * without a look, for each request has ten of them. */
static inline struct log_field log_word(const char *key, const char *value)
{
	return (struct log_field){ .key = str_of(key), .text = str_of(value), .is_word = true };
}
static inline struct log_field log_int(const char *key, int64_t value)
{
	return (struct log_field){ .key = str_of(key), .number = value, .is_int = true };
}

/* Any thread, while others log. */
void log_level_set(struct log *l, enum log_level level);

/* The line is written, with all before it, when this returns; but where the log has a writer, 20 ms
 * at most are waited for that, and nothing while the writer is held up. */
void log_fields(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count);
/* The same for lines that come with every request, which are never waited for: one below LOG_WARN
 * may be gathered, and is lost when the process is killed within the next 10 ms. */
void log_fields_soon(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count);

/* LOG(l, LOG_WARN, "mail_failed", log_z("id", id), log_int("attempt", n)); `l` may be NULL. */
#define LOG(l, level, event, ...)                                                                  \
	log_fields((l), (level), (event), (const struct log_field[]){ __VA_ARGS__ },               \
		sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
#define LOG_SOON(l, level, event, ...)                                                             \
	log_fields_soon((l), (level), (event), (const struct log_field[]){ __VA_ARGS__ },          \
		sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

#endif
