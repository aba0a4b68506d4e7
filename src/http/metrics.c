/* /metrics: counters and histograms of requests for Prometheus (text format 0.0.4). */
#include "internal.h"

static const struct {
	int64_t us;
	const char *le;
} buckets[DURATION_BUCKETS] = { { 1000, "0.001" }, { 5000, "0.005" }, { 25000, "0.025" },
	{ 100000, "0.1" }, { 250000, "0.25" }, { 1000000, "1" }, { 5000000, "5" },
	{ INT64_MAX, "+Inf" } };
static const char *const lane_names[LANE_COUNT] = { "", "loop", "work", "hash", "ops" };

void http_metrics_count(struct http_metrics *m, const struct exchange *x, int status, int64_t us)
{
	atomic_fetch_add(&m->requests[x->listener->is_ops][status / 100], 1);
	const enum lane lane = x->req.route && !x->from_memory ? x->req.route->lane : LANE_LOOP;
	size_t i = 0;
	while (us > buckets[i].us)
		i++;
	atomic_fetch_add(&m->duration[lane][i], 1);
	atomic_fetch_add(&m->duration_us[lane], (uint64_t)us);
}

static unsigned long long value(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_requests(const struct http *h, struct buf *out)
{
	static const char *const classes[6] = { "unanswered", "1xx", "2xx", "3xx", "4xx", "5xx" };
	head(out, "postern_http_requests_total", "counter",
		"Requests by listener and status class.");
	for (size_t ops = 0; ops < 2; ops++) {
		for (size_t i = 0; i < COUNT(classes); i++)
			buf_fmt(out,
				"postern_http_requests_total{listener=\"%s\",class=\"%s\"} %llu\n",
				ops ? "ops" : "public", classes[i],
				value(&h->metrics.requests[ops][i]));
	}
}

static void put_durations(const struct http *h, struct buf *out)
{
	const char *name = "postern_http_request_duration_seconds";
	head(out, name, "histogram", "Time from the headers to the last byte sent, by lane.");
	for (size_t lane = LANE_LOOP; lane < LANE_COUNT; lane++) {
		unsigned long long sum = 0;
		for (size_t i = 0; i < DURATION_BUCKETS; i++) {
			sum += value(&h->metrics.duration[lane][i]);
			buf_fmt(out, "%s_bucket{lane=\"%s\",le=\"%s\"} %llu\n", name,
				lane_names[lane], buckets[i].le, sum);
		}
		buf_fmt(out, "%s_sum{lane=\"%s\"} %.6f\n%s_count{lane=\"%s\"} %llu\n", name,
			lane_names[lane], (double)value(&h->metrics.duration_us[lane]) / 1e6, name,
			lane_names[lane], sum);
	}
}

static void put_lanes(const struct http *h, struct buf *out)
{
	struct lane_stats stats[LANE_COUNT] = { 0 };
	for (size_t lane = LANE_WORK; lane < LANE_COUNT; lane++)
		stats[lane] = http_lane_stats(h->lanes[lane]);
	head(out, "postern_lane_waiting", "gauge", "Requests waiting for a thread.");
	for (size_t lane = LANE_WORK; lane < LANE_COUNT; lane++)
		buf_fmt(out, "postern_lane_waiting{lane=\"%s\"} %zu\n", lane_names[lane],
			stats[lane].waiting);
	head(out, "postern_lane_room", "gauge", "Maximum number of requests that may wait.");
	for (size_t lane = LANE_WORK; lane < LANE_COUNT; lane++)
		buf_fmt(out, "postern_lane_room{lane=\"%s\"} %zu\n", lane_names[lane],
			stats[lane].capacity);
	head(out, "postern_lane_refused_total", "counter",
		"Requests refused because a lane was full.");
	for (size_t lane = LANE_WORK; lane < LANE_COUNT; lane++)
		buf_fmt(out, "postern_lane_refused_total{lane=\"%s\"} %llu\n", lane_names[lane],
			(unsigned long long)stats[lane].refused);
}

static void put_limits(const struct http *h, struct buf *out)
{
	head(out, "postern_limited_total", "counter",
		"Requests refused by a rate limit, by class.");
	for (size_t i = 1; i < RATE_COUNT; i++)
		buf_fmt(out, "postern_limited_total{class=\"%s\"} %llu\n",
			http_rate_name((enum rate_class)i), value(&h->metrics.limited[i]));
}

static void put_gauges(const struct http *h, struct buf *out)
{
	const struct http_metrics *m = &h->metrics;
	head(out, "postern_http_connections", "gauge", "Open connections.");
	buf_fmt(out, "postern_http_connections %lld\n", (long long)atomic_load(&m->connections));
	head(out, "postern_http_requests_in_flight", "gauge", "Requests in progress.");
	buf_fmt(out, "postern_http_requests_in_flight %lld\n",
		(long long)atomic_load(&m->in_flight));
	head(out, "postern_http_held_bytes", "gauge",
		"Memory used by large answers that are still being sent.");
	buf_fmt(out, "postern_http_held_bytes %lld\n", (long long)atomic_load(&m->held_bytes));
	head(out, "postern_http_paced_total", "counter",
		"Refusals that were delayed, because their source asks without pause.");
	buf_fmt(out, "postern_http_paced_total %llu\n", value(&h->metrics.delayed));
	head(out, "postern_http_stale_total", "counter",
		"Cached pages served while the database was unavailable.");
	buf_fmt(out, "postern_http_stale_total %llu\n", value(&m->stale));
}

void http_metrics(const struct http *h, struct buf *out)
{
	put_requests(h, out);
	put_durations(h, out);
	put_lanes(h, out);
	put_limits(h, out);
	put_gauges(h, out);
	http_decisions_put(h->decisions, out);
}
