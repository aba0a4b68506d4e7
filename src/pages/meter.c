/* What an article's page says of the free articles. */
#include "internal.h"

static const char *period(const struct meter *m)
{
	switch (m->window) {
	case WINDOW_DAY:
		return "today";
	case WINDOW_WEEK:
		return "this week";
	case WINDOW_MONTH:
		return "this month";
	case WINDOW_ROLLING:
		break;
	}
	return NULL;
}

static struct view *count_view(struct arena *a, const struct decision *d)
{
	struct view *v = view_object(a);
	char iso[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];

	time_text(d->window_ends_at, iso);
	time_day(d->window_ends_at, day);
	view_z(v, "name", d->meter->name);
	view_int(v, "used", d->used);
	view_int(v, "limit", d->limit);
	view_int(v, "left", d->limit - d->used);
	view_bool(v, "none_left", d->used >= d->limit);
	view_bool(v, "single", d->limit == 1);
	view_z(v, "period", period(d->meter));
	view_text(v, "restarts_iso", arena_str(a, str_of(iso)));
	view_text(v, "restarts", arena_str(a, str_of(day)));
	return v;
}

void meter_view(struct view *root, struct arena *a, const struct decision *d)
{
	bool shown = paywall_metered(d) && d->grant == GRANT_FULL;

	view_child(root, "meter", shown ? count_view(a, d) : NULL);
}

/* Where strangers have no free articles at all there is nothing to have read. */
void meter_wall_view(struct view *wall, struct arena *a, const struct decision *d)
{
	bool shown = d->meter && d->reason == REASON_METER_EXHAUSTED && d->limit > 0;
	struct view *v = shown ? count_view(a, d) : NULL;

	if (v && d->offer & OFFER_REGISTER)
		view_int(v, "with_account", d->meter->registered_limit);
	else if (v)
		view_bool(v, "with_account", false);
	view_child(wall, "meter", v);
}
