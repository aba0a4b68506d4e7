/* Time zones by name: whether the system's zone database has one, and the nearest name when it
 * does not. */
#include "postern/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a name; and names of zone.tab that are compared, about 400 today. */
enum { ZONE_NAME_MAX = 100, ZONES_MAX = 1000 };

/* No path that leads out of the database. */
static bool is_name(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..") && strlen(name) < ZONE_NAME_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_+-/") == strlen(name);
}

/* Other files lie there too (zone.tab, leapseconds), which the C library would take for UTC. */
bool config_zone_is(const char *name)
{
	char path[sizeof CONFIG_ZONES + ZONE_NAME_MAX + 2], magic[4] = "";
	if (strcmp(name, "UTC") == 0)
		return true;
	if (!is_name(name) || strncmp(name, "right/", 6) == 0)
		return false;
	snprintf(path, sizeof path, CONFIG_ZONES "/%s", name);
	FILE *f = fopen(path, "rb");
	bool is = f && fread(magic, 1, sizeof magic, f) == sizeof magic &&
		  memcmp(magic, "TZif", sizeof magic) == 0;
	if (f)
		(void)fclose(f);
	return is;
}

/* Case does not matter, and "_" is as good as a blank. */
static bool is_alike(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == ' ' ? '_' : (char)tolower((unsigned char)*a),
		     y = *b == ' ' ? '_' : (char)tolower((unsigned char)*b);
		if (x != y)
			return false;
	}
	return *a == *b;
}

/* zone.tab: a line a zone, with the code of its country, coordinates, and its name. Each name is
 * ended by a NUL where it stands. */
static size_t names_find(struct buf *text, const char *names[static ZONES_MAX + 1])
{
	size_t n = 0;
	char *next = NULL;
	for (char *line = text->p; line && *line && n < ZONES_MAX; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		char *name = *line == '#' ? NULL : strchr(line, '\t');
		name = name ? strchr(name + 1, '\t') : NULL;
		if (!name)
			continue;
		name[1 + strcspn(name + 1, "\t")] = '\0';
		names[n++] = name + 1;
	}
	names[n] = NULL;
	return n;
}

const char *config_zone_near(const char *said, struct buf *space)
{
	const char *names[ZONES_MAX + 1];
	if (file_read(CONFIG_ZONES "/zone.tab", space) != ERR_OK)
		return NULL;
	size_t n = names_find(space, names);
	for (size_t i = 0; i < n; i++) {
		const char *city = strrchr(names[i], '/');
		if (is_alike(said, names[i]) || (city && is_alike(said, city + 1)))
			return names[i];
	}
	return text_nearest(str_of(said), names);
}
