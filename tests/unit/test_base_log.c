#include "postern/log.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, LINES = 200, PIECE = 65536 };

struct sink {
	FILE *file;
	struct log log;
};

static struct sink sink_open(enum log_format format)
{
	struct sink s = { .file = tmpfile() };
	assert_non_null(s.file);
	s.log = (struct log){ .level = LOG_INFO, .format = format, .fd = fileno(s.file) };
	return s;
}

/* All that was written, without the head of the first line. */
static void sink_read(struct sink *s, struct buf *b)
{
	char piece[4096];
	size_t n;
	rewind(s->file);
	while ((n = fread(piece, 1, sizeof piece, s->file)) > 0)
		buf_add(b, piece, n);
	fclose(s->file);
	assert_int_equal(b->err, ERR_OK);
}

static const struct {
	struct str in;
	const char *logfmt, *json;
} values[] = {
	{ STR("plain-1.2/x:y"), "plain-1.2/x:y", "\"plain-1.2/x:y\"" },
	{ STR(""), "\"\"", "\"\"" },
	{ STR("two words"), "\"two words\"", "\"two words\"" },
	{ STR("a=b"), "\"a=b\"", "\"a=b\"" },
	{ STR("x\nlevel=error"), "\"x\\nlevel=error\"", "\"x\\nlevel=error\"" },
	{ STR("\r\t\x1b[31m"), "\"\\r\\t\\u001b[31m\"", "\"\\r\\t\\u001b[31m\"" },
	{ STR("a\0b\x7f"), "\"a\\u0000b\\u007f\"", "\"a\\u0000b\\u007f\"" },
	{ STR("\"},\\"), "\"\\\"},\\\\\"", "\"\\\"},\\\\\"" },
	{ STR("caf\xc3\xa9"), "\"caf\xc3\xa9\"", "\"caf\xc3\xa9\"" },
	{ STR("\xc2\x85\xe2\x80\xa8\xe2\x80\xae"), "\"\\u0085\\u2028\\u202e\"",
		"\"\\u0085\\u2028\\u202e\"" },
	{ STR("\xff\xc3"), "\"\\xff\\xc3\"", "\"\\\\xff\\\\xc3\"" },
};

/* Goal: no value can start a line or a field of its own, in either format. */
static void values_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		for (int json = 0; json < 2; json++) {
			BUF_AUTO out = BUF(4096);
			BUF_AUTO end = BUF(4096);
			struct sink s = sink_open(json ? LOG_JSON : LOG_LOGFMT);
			LOG(&s.log, LOG_WARN, "e", log_str("k", values[i].in), log_int("n", -3));
			sink_read(&s, &out);
			if (json)
				buf_fmt(&end,
					"\"level\":\"warn\",\"event\":\"e\",\"k\":%s,\"n\":-3}\n",
					values[i].json);
			else
				buf_fmt(&end, " level=warn event=e k=%s n=-3\n", values[i].logfmt);
			assert_true(str_ends(buf_view(&out), buf_view(&end)));
			assert_ptr_equal(memchr(out.p, '\n', out.n), out.p + out.n - 1);
		}
	}
}

/* Goal: the head is the time in UTC with milliseconds, in the form promised. */
static void head(void **state)
{
	(void)state;
	BUF_AUTO out = BUF(4096);
	struct sink s = sink_open(LOG_LOGFMT);
	LOG(&s.log, LOG_ERROR, "started");
	sink_read(&s, &out);
	assert_int_equal(
		out.n, strlen("time=2026-11-20T05:40:00.123Z level=error event=started\n"));
	assert_true(str_starts(buf_view(&out), STR("time=2")));
	assert_memory_equal(out.p + 24, ".", 1);
	assert_true(str_ends(buf_view(&out), STR("Z level=error event=started\n")));
}

/* Goal: a long value is cut at a character, lines below the level and a NULL log are dropped, and
 * errno is left alone. */
static void limits(void **state)
{
	(void)state;
	char text[2001];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i % 2 ? 0xa9 : 0xc3);
	BUF_AUTO out = BUF(65536);
	struct sink s = sink_open(LOG_LOGFMT);
	errno = EAGAIN;
	LOG(NULL, LOG_ERROR, "nowhere");
	LOG(&s.log, LOG_DEBUG, "too_low");
	LOG(&s.log, LOG_INFO, "e", log_str("v", (struct str){ text, 2000 }),
		log_str("w", (struct str){ text + 1, 1999 }), log_z("z", NULL));
	assert_int_equal(errno, EAGAIN);
	sink_read(&s, &out);
	assert_null(memmem(out.p, out.n, "too_low", 7));
	const char *v = memmem(out.p, out.n, " v=\"", 4);
	assert_non_null(v);
	assert_memory_equal(v + 4 + 1000, "\" w=\"\\xa9", 9);
	assert_true(str_ends(buf_view(&out), STR("\" z=\"\"\n")));
}

/* Goal: with more fields than a line may have, the line is still a line. */
static void many_fields(void **state)
{
	(void)state;
	char text[1000];
	struct log_field fields[50];
	memset(text, 1, sizeof text);
	for (size_t i = 0; i < COUNT(fields); i++)
		fields[i] = log_str("k", (struct str){ text, sizeof text });
	BUF_AUTO out = BUF(1 << 20);
	struct sink s = sink_open(LOG_JSON);
	log_fields(&s.log, LOG_INFO, "e", fields, COUNT(fields));
	sink_read(&s, &out);
	assert_true(str_ends(buf_view(&out), STR("\\u0001\"}\n")));
	assert_true(out.n > 32 * 6000UL);
}

static void *write_lines(void *log)
{
	for (int i = 0; i < LINES; i++)
		LOG_SOON(log, LOG_INFO, "race", log_z("text", "some text of a usual length"));
	return NULL;
}

/* Goal: lines of several threads do not mix. */
static void race(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	BUF_AUTO out = BUF(1 << 20);
	struct sink s = sink_open(LOG_LOGFMT);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &s.log), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	sink_read(&s, &out);
	struct str rest = buf_view(&out);
	size_t lines = 0;
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		assert_true(str_starts(line, STR("time=")));
		assert_true(
			str_ends(line, STR(" event=race text=\"some text of a usual length\"")));
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES);
}

/* How many bytes the file has now. */
static long written(const struct sink *s)
{
	struct stat st;
	assert_int_equal(fstat(fileno(s->file), &st), 0);
	return (long)st.st_size;
}

/* Goal: of the lines that a writer gathers from several threads none is mixed or torn, and each
 * that is not there was counted, though they come faster than they are written. */
static void gathered(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	static char text[1000];
	pthread_t threads[THREADS];
	BUF_AUTO out = BUF(64 << 20);
	struct sink s = sink_open(LOG_LOGFMT);
	s.log.writer = log_writer_start(s.log.fd, s.log.format);
	assert_non_null(s.log.writer);
	memset(text, 'a', sizeof text - 1);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &s.log), 0);
	for (int i = 0; i < MANY; i++)
		LOG_SOON(&s.log, LOG_INFO, "much", log_int("i", i), log_z("text", text));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	const int dropped = (int)log_writer_dropped(s.log.writer);
	log_writer_stop(s.log.writer);
	sink_read(&s, &out);
	struct str rest = buf_view(&out);
	int races = 0, much = 0;
	int64_t last = -1;
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		const char *at = memmem(line.p, line.n, " event=much i=", 14);
		assert_true(str_starts(line, STR("time=")));
		if (at) {
			struct str number = { at + 14, line.n - (size_t)(at + 14 - line.p) };
			int64_t i = 0;
			assert_int_equal(str_int(str_cut(&number, ' '), 0, MANY, &i), ERR_OK);
			assert_true(i > last);
			last = i;
			much++;
			assert_true(str_ends(line, STR("aaaaaaaa")));
		} else if (!memmem(line.p, line.n, " event=log_dropped ", 19)) {
			assert_true(str_ends(
				line, STR(" event=race text=\"some text of a usual length\"")));
			races++;
		}
	}
	assert_int_equal(much + races + dropped, MANY + THREADS * LINES);
}

static void read_some(int fd, struct buf *out)
{
	char piece[PIECE];
	ssize_t n = read(fd, piece, sizeof piece);
	assert_true(n > 0);
	buf_add(out, piece, (size_t)n);
}

/* Among what was read last. */
static bool has(const struct buf *out, const char *text)
{
	const size_t n = out->n < 2 * PIECE ? out->n : 2 * PIECE;
	return n > 0 && memmem(out->p + out->n - n, n, text, strlen(text));
}

/* Goal: while nobody reads the log, no line is waited for, of whatever level; what finds no room is
 * counted, and told of when the log is read again. Also stopping has an end. */
static void nobody_reads(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	int ends[2];
	BUF_AUTO out = BUF(64 << 20);
	assert_int_equal(pipe(ends), 0);
	struct log log = { .level = LOG_INFO, .format = LOG_LOGFMT, .fd = ends[1] };
	log.writer = log_writer_start(log.fd, log.format);
	assert_non_null(log.writer);
	for (int i = 0; i < MANY; i++) {
		LOG_SOON(
			&log, LOG_INFO, "request", log_int("i", i), log_word("route", "/articles"));
		if (i % 100 == 0)
			LOG(&log, LOG_ERROR, "trouble", log_int("i", i));
	}
	assert_true(log_writer_dropped(log.writer) > 0);
	while (!has(&out, "event=log_dropped lines="))
		read_some(ends[0], &out);
	LOG(&log, LOG_ERROR, "again");
	while (!has(&out, "event=again\n"))
		read_some(ends[0], &out);
	for (int i = 0; i < MANY; i++)
		LOG_SOON(
			&log, LOG_INFO, "request", log_int("i", i), log_word("route", "/articles"));
	log_writer_stop(log.writer);
	close(ends[0]); /* lets go the thread that was left */
}

/* Goal: whoever read the log is gone for good: lines are dropped and counted, and the thread rests.
 */
static void reader_gone(void **state)
{
	(void)state;
	int ends[2];
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	struct log log = { .level = LOG_INFO, .format = LOG_LOGFMT, .fd = ends[1] };
	log.writer = log_writer_start(log.fd, log.format);
	assert_non_null(log.writer);
	for (int i = 0; i < 10; i++)
		LOG(&log, LOG_ERROR, "trouble", log_int("i", i));
	usleep(100000);
	assert_int_equal(log_writer_dropped(log.writer), 10); /* and no line about lines */
	log_writer_stop(log.writer);
	close(ends[1]);
}

/* Goal: a line that a full disk tore does not swallow the first one behind it. */
static void torn(void **state)
{
	(void)state;
	enum { PART = 40 };
	struct rlimit before;
	struct sink s = sink_open(LOG_LOGFMT);
	s.log.writer = log_writer_start(s.log.fd, s.log.format);
	LOG(&s.log, LOG_INFO, "first");
	for (int i = 0; i < 500 && written(&s) == 0; i++)
		usleep(10000);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit full = { .rlim_cur = (rlim_t)written(&s) + PART,
		.rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	LOG(&s.log, LOG_INFO, "torn", log_z("text", "longer than there is room for in the file"));
	for (int i = 0; i < 500 && log_writer_dropped(s.log.writer) == 0; i++)
		usleep(10000);
	LOG(&s.log, LOG_INFO, "lost");
	for (int i = 0; i < 500 && log_writer_dropped(s.log.writer) == 1; i++)
		usleep(10000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	LOG(&s.log, LOG_INFO, "again");
	log_writer_stop(s.log.writer);
	BUF_AUTO out = BUF(65536);
	sink_read(&s, &out);
	struct str rest = buf_view(&out);
	assert_true(str_ends(str_cut(&rest, '\n'), STR(" event=first")));
	assert_int_equal(str_cut(&rest, '\n').n, PART);
	struct str again = str_cut(&rest, '\n');
	assert_true(str_starts(again, STR("time=")) && str_ends(again, STR(" event=again")));
}

/* Goal: what is not said to have time is out, with all before it, when the call returns; another
 * line soon after, and without a further one. */
static void gathered_soon(void **state)
{
	(void)state;
	struct sink s = sink_open(LOG_LOGFMT);
	s.log.writer = log_writer_start(s.log.fd, s.log.format);
	LOG_SOON(&s.log, LOG_INFO, "before");
	LOG_SOON(&s.log, LOG_WARN, "trouble");
	LOG_SOON(&s.log, LOG_INFO, "between");
	LOG(&s.log, LOG_INFO, "said");
	BUF_AUTO out = BUF(65536);
	char piece[1024];
	ssize_t n = 0;
	for (int i = 0; i < 500 && !memmem(piece, (size_t)n, "event=said", 10); i++) {
		if (i > 0)
			usleep(10000); /* a machine that is busy: longer than one waits for it */
		n = pread(fileno(s.file), piece, sizeof piece, 0);
		assert_true(n >= 0);
	}
	const char *before = memmem(piece, (size_t)n, "event=before", 12);
	const char *trouble = memmem(piece, (size_t)n, "event=trouble", 13);
	const char *between = memmem(piece, (size_t)n, "event=between", 13);
	const char *said = memmem(piece, (size_t)n, "event=said", 10);
	assert_true(before && before < trouble && trouble < between && between < said);
	long had = written(&s);
	LOG_SOON(&s.log, LOG_INFO, "later");
	for (int i = 0; i < 500 && written(&s) == had; i++)
		usleep(10000);
	assert_true(written(&s) > had);
	log_writer_stop(s.log.writer);
	sink_read(&s, &out);
	assert_true(str_ends(buf_view(&out), STR("event=later\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(head),
		cmocka_unit_test(limits),
		cmocka_unit_test(many_fields),
		cmocka_unit_test(race),
		cmocka_unit_test(gathered),
		cmocka_unit_test(gathered_soon),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(reader_gone),
		cmocka_unit_test(torn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
