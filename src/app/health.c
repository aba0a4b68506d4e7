/* The operations listener: /health/live, /health/ready and /metrics, as plain text. Nothing about
 * readers or articles is shown there. */
#include "internal.h"

static enum err answer(struct response *rsp, int status, struct str body)
{
	rsp->status = status;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = body;
	return ERR_OK;
}

enum err app_health_live(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	(void)r;
	return answer(rsp, 200, STR("alive\n"));
}

/* Ready is: the database can be written and read, and nobody told us to stop. */
enum err app_health_ready(void *ctx, struct request *r, struct response *rsp)
{
	struct app *app = ctx;
	if (atomic_load(&app->draining))
		return answer(rsp, 503, STR("stopping\n"));
	const char *fault = app_readiness_fault(app->readiness, r->arena);
	return fault ? answer(rsp, 503, str_of(fault)) : answer(rsp, 200, STR("ready\n"));
}

/* What was to be written and was not. */
static void lost_metrics(struct app *app, struct buf *b)
{
	buf_fmt(b,
		"# HELP postern_log_dropped_total Lines of the log that nobody took in time.\n"
		"# TYPE postern_log_dropped_total counter\npostern_log_dropped_total %llu\n",
		(unsigned long long)log_writer_dropped(app->log.writer));
	buf_fmt(b,
		"# HELP postern_notes_lost_total When a session or key was last used, and could "
		"not be written.\n# TYPE postern_notes_lost_total counter\n"
		"postern_notes_lost_total %llu\n"
		"# HELP postern_writes_refused_total Writes refused because others were held up.\n"
		"# TYPE postern_writes_refused_total counter\n"
		"postern_writes_refused_total %llu\n",
		(unsigned long long)db_notes_lost(app->db),
		(unsigned long long)db_writes_refused(app->db));
}

static void mail_metrics(struct app *app, struct buf *b)
{
	const struct mail_round n = mail_counts(app->mail);
	buf_fmt(b,
		"# HELP postern_mails_total Outcomes of mail deliveries by this process. dropped: "
		"not sent, because the link in it had expired, was used or was replaced.\n"
		"# TYPE postern_mails_total counter\n"
		"postern_mails_total{outcome=\"sent\"} %zu\n"
		"postern_mails_total{outcome=\"deferred\"} %zu\n"
		"postern_mails_total{outcome=\"failed\"} %zu\n"
		"postern_mails_total{outcome=\"dropped\"} %zu\n",
		n.sent, n.deferred, n.failed, n.dropped);
}

enum err app_health_metrics(void *ctx, struct request *r, struct response *rsp)
{
	struct app *app = ctx;
	BUF_AUTO b = BUF(1 << 20);
	http_metrics(app->http, &b);
	app_caches_metrics(app, &b);
	lost_metrics(app, &b);
	mail_metrics(app, &b);
	app_hashers_metrics(app, &b);
	buf_fmt(&b, "# TYPE postern_build_info gauge\npostern_build_info{version=\"%s\"} 1\n",
		POSTERN_VERSION);
	buf_fmt(&b, "# TYPE postern_uptime_seconds gauge\npostern_uptime_seconds %lld\n",
		(long long)(r->now_s - app->started_s));
	struct str body = arena_buf(r->arena, &b);
	if (b.err || !body.p)
		return ERR_NOMEM;
	enum err e = answer(rsp, 200, body);
	rsp->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return e;
}

void app_health_fail(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	(void)r;
	(void)!answer(rsp, response_error_status(rsp), str_of(http_error_info(rsp->err)->sentence));
}
