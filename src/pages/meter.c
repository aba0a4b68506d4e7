/* The note on an article's page that says how many free articles are left and until when. */
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

static struct template_data *count_data(struct arena *a, const struct decision *d)
{
	struct template_data *v = template_object(a);
	char iso[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];
	time_text(d->window_ends_at, iso);
	time_day(d->window_ends_at, day);
	template_z(v, "name", d->meter->name);
	template_int(v, "used", d->used);
	template_int(v, "limit", d->limit);
	template_int(v, "left", d->limit - d->used);
	template_bool(v, "none_left", d->used >= d->limit);
	template_bool(v, "single", d->limit == 1);
	template_z(v, "period", period(d->meter));
	template_text(v, "restarts_iso", arena_str(a, str_of(iso)));
	template_text(v, "restarts", arena_str(a, str_of(day)));
	return v;
}

void pages_meter_data(struct template_data *root, struct arena *a, const struct decision *d)
{
	bool shown = paywall_metered(d) && d->grant == GRANT_FULL;
	template_child(root, "meter", shown ? count_data(a, d) : NULL);
}

/* Where anonymous readers have no free articles at all there is nothing to have read. */
void pages_meter_wall_data(struct template_data *wall, struct arena *a, const struct decision *d)
{
	bool shown = d->meter && d->reason == REASON_METER_EXHAUSTED && d->limit > 0;
	struct template_data *v = shown ? count_data(a, d) : NULL;
	if (v && d->offer & OFFER_REGISTER)
		template_int(v, "with_account", paywall_account_limit(d->meter));
	else if (v)
		template_bool(v, "with_account", false);
	if (v) {
		template_bool(v, "spent", !d->block);
		template_bool(v, "network", d->block == METER_BLOCK_NETWORK);
		template_bool(v, "unreadable", d->block == METER_BLOCK_COOKIE);
	}
	template_child(wall, "meter", v);
}
