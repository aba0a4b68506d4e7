/* Sets the allocator to give memory back early, and logs at start-up the most that the program
 * may use (`event=memory`), so that an operator who limits it with a control group can see which
 * settings to reduce. */
#include "internal.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

enum { KIB = 1024, KIB_A_MIB = 1024 };

static void give_back_from(int bytes)
{
	(void)mallopt(M_MMAP_THRESHOLD, bytes);
	(void)mallopt(M_TRIM_THRESHOLD, bytes);
}

/* By itself malloc would raise these limits whenever something larger is freed, up to 32 MiB, and
 * each thread keep so much for ever. */
void app_memory_tune_start(void)
{
	give_back_from(128 << 10);
}

/* To compress a page takes 0.7 MiB: to ask the kernel for them anew each time would double the time
 * that a page takes. Other threads run by now, and find the old numbers or the new ones; free()
 * itself changes the same two beside them where nobody has set them. */
void app_memory_tune_serve(void)
{
	give_back_from(1 << 20);
}

/* Resident now, with nothing kept and nobody connected; 0 without /proc. */
static int64_t resident_kib(void)
{
	char line[128] = "";
	int64_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f)
		return 0;
	struct str rest = fgets(line, sizeof line, f) ? str_of(line) : STR("");
	fclose(f);
	(void)str_cut(&rest, ' '); /* all that is mapped; the second number is what is resident */
	return str_int(str_cut(&rest, ' '), 0, INT32_MAX, &pages) == ERR_OK
		       ? pages * (sysconf(_SC_PAGESIZE) / KIB)
		       : 0;
}

void app_memory_log(const struct app *app)
{
	const struct config *c = &app->cfg;
	const struct http_settings *h = &app->http_set;
	const struct http_memory m = http_memory_most();
	const int64_t start = resident_kib();
	/* in each of two processes, and one more: crypto_hashers_start */
	const int64_t hash = c->password_memory_kib * (int64_t)(2 * h->hash_threads + 1);
	const int64_t caches =
		(c->cache_sessions_mib + c->cache_pages_mib + c->cache_facts_mib) * KIB_A_MIB;
	const int64_t database = db_page_cache_kib(app->db);
	const int64_t connection = m.connection / KIB;
	const int64_t connections = connection * h->connections;
	const int64_t handlers = m.handler / KIB * (h->work_threads + h->hash_threads);
	const int64_t answers = m.answers / KIB;

	LOG(&app->log, LOG_INFO, "memory", log_int("start_kib", start), log_int("hash_kib", hash),
		log_int("caches_kib", caches), log_int("database_kib", database),
		log_int("connection_kib", connection), log_int("connections_kib", connections),
		log_int("handlers_kib", handlers), log_int("answers_kib", answers),
		log_int("ceiling_kib",
			start + hash + caches + database + connections + handlers + answers));
}
