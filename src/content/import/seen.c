/* Remembers what one run has written, by identity, so that no file replaces another file's
 * article in the same run. A hash table with open addressing; the path is kept for the message. */
#include "../internal.h"

#include "postern/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_FIRST = 256, SEEN_MAX = 4 << 20 };

struct seen_entry {
	uint8_t digest[HASH_BYTES];
	char *path; /* NULL: free */
};
struct import_seen {
	struct seen_entry *v;
	size_t n, capacity; /* room: a power of two */
};

struct import_seen *import_seen_make(void)
{
	struct import_seen *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->capacity = SEEN_FIRST;
	s->v = calloc(s->capacity, sizeof *s->v);
	if (s->v)
		return s;
	free(s);
	return NULL;
}

void import_seen_free(struct import_seen *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->capacity; i++)
		free(s->v[i].path);
	free(s->v);
	free(s);
}

void import_seen_freep(struct import_seen **s)
{
	import_seen_free(*s);
}

static struct seen_entry *slot(struct seen_entry *v, size_t capacity, const uint8_t *digest)
{
	size_t at = 0;
	memcpy(&at, digest, sizeof at);
	while (v[at & (capacity - 1)].path &&
		memcmp(v[at & (capacity - 1)].digest, digest, HASH_BYTES) != 0)
		at++;
	return &v[at & (capacity - 1)];
}

static enum err grow(struct import_seen *s)
{
	if (s->capacity >= SEEN_MAX)
		return ERR_TOO_LARGE;
	size_t capacity = 2 * s->capacity;
	struct seen_entry *v = calloc(capacity, sizeof *v);
	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->capacity; i++)
		if (s->v[i].path)
			*slot(v, capacity, s->v[i].digest) = s->v[i];
	free(s->v);
	s->v = v;
	s->capacity = capacity;
	return ERR_OK;
}

const char *import_seen_path(const struct import_seen *s, struct str identity)
{
	uint8_t digest[HASH_BYTES];
	crypto_digest(identity, digest);
	return slot(s->v, s->capacity, digest)->path;
}

enum err import_seen_add(struct import_seen *s, struct str identity, const char *path)
{
	uint8_t digest[HASH_BYTES];
	enum err e = 4 * s->n >= 3 * s->capacity ? grow(s) : ERR_OK;
	if (e)
		return e;
	crypto_digest(identity, digest);
	struct seen_entry *at = slot(s->v, s->capacity, digest);
	if (at->path)
		return ERR_OK;
	at->path = strdup(path);
	if (!at->path)
		return ERR_NOMEM;
	memcpy(at->digest, digest, HASH_BYTES);
	s->n++;
	return ERR_OK;
}
