/* Browser and system from a User-Agent, for the reader's list of sessions ("Firefox on Android").
 * Nothing is decided by it. */
#include "internal.h"

#include <string.h>

/* First match wins: what names itself like another comes before it. */
static const struct {
	const char *mark, *name;
} browsers[] = {
	{ "Edg/", "Edge" },
	{ "OPR/", "Opera" },
	{ "Firefox/", "Firefox" },
	{ "Chrome/", "Chrome" },
	{ "CriOS/", "Chrome" },
	{ "Safari/", "Safari" },
	{ "curl/", "curl" },
}, systems[] = {
	{ "iPhone", "iPhone" },
	{ "iPad", "iPad" },
	{ "Android", "Android" },
	{ "Windows", "Windows" },
	{ "Mac OS X", "macOS" },
	{ "CrOS", "ChromeOS" },
	{ "Linux", "Linux" },
};

static bool holds(struct str s, const char *mark)
{
	return s.n > 0 && memmem(s.p, s.n, mark, strlen(mark)) != NULL;
}

const char *pages_user_agent_name(struct arena *a, struct str ua)
{
	size_t b = 0, s = 0;
	while (b < COUNT(browsers) && !holds(ua, browsers[b].mark))
		b++;
	while (s < COUNT(systems) && !holds(ua, systems[s].mark))
		s++;
	if (b == COUNT(browsers))
		return "A browser";
	return s < COUNT(systems) ? arena_fmt(a, "%s on %s", browsers[b].name, systems[s].name)
				  : browsers[b].name;
}
