/* Sessions kept in memory. The database's own conditions are asked here again at each use: a value
 * that fails them is no longer believed. */
#include "internal.h"

#include <stdatomic.h>
#include <string.h>

/* As it is kept: the texts stand behind, each with its NUL. */
struct packed_session {
	struct session_times times;
	/* The one thing that changes in a value: threads write seconds over each other's. */
	_Atomic int64_t used_at;
	char id[ID_SIZE], account_id[ID_SIZE], tag[HASH_TAG_SIZE];
	uint16_t email_n, name_n;
	char texts[];
};
enum { PACKED_MAX = sizeof(struct packed_session) + EMAIL_SIZE + NAME_SIZE };

/* The value is const to others; this file counts its use. */
static struct packed_session *cached_of(const struct cache_item *item)
{
	return item ? (struct packed_session *)(uintptr_t)cache_value(item).p : NULL;
}

/* Field by field: most of the room for the texts is never used, and clearing or copying it would
 * take longer than all else here. */
static void unpack(struct caller *out, const struct packed_session *k)
{
	out->signed_in = true;
	out->session_ended = out->read_elsewhere = false;
	memcpy(out->account_id, k->account_id, ID_SIZE);
	memcpy(out->session_id, k->id, ID_SIZE);
	memcpy(out->session_tag, k->tag, sizeof k->tag);
	memcpy(out->email, k->texts, k->email_n + 1U);
	memcpy(out->name, k->texts + k->email_n + 1, k->name_n + 1U);
}

bool account_session_cache_get(
	struct cache *c, const uint8_t hash[static HASH_BYTES], int64_t now_s, struct caller *out)
{
	struct cache_item *item = cache_lookup(c, (struct str){ (const char *)hash, HASH_BYTES });
	struct packed_session *k = cached_of(item);
	bool good = k && session_in_force(&k->times, now_s) && !session_touch_due(&k->times, now_s);
	if (good && atomic_load_explicit(&k->used_at, memory_order_relaxed) < now_s)
		atomic_store_explicit(&k->used_at, now_s, memory_order_relaxed);
	if (good)
		unpack(out, k);
	else
		*out = (struct caller){ 0 };
	cache_release(item);
	return good;
}

int64_t account_session_cache_used_at(struct cache *c, const uint8_t hash[static HASH_BYTES])
{
	struct cache_item *item =
		cache_lookup_stale(c, (struct str){ (const char *)hash, HASH_BYTES });
	const struct packed_session *k = cached_of(item);
	int64_t at = k ? atomic_load_explicit(&k->used_at, memory_order_relaxed) : 0;
	cache_release(item);
	return at;
}

void account_session_cache_put(struct cache *c, const struct cache_load *l,
	const uint8_t hash[static HASH_BYTES], const struct cached_session *k)
{
	_Alignas(struct packed_session) char space[PACKED_MAX];
	struct packed_session *packed = (struct packed_session *)(void *)space;
	*packed = (struct packed_session){ .times = k->times,
		.used_at = k->used_at,
		.email_n = (uint16_t)strlen(k->email),
		.name_n = (uint16_t)strlen(k->name) };
	memcpy(packed->id, k->id, ID_SIZE);
	memcpy(packed->account_id, k->account_id, ID_SIZE);
	crypto_hash_tag(hash, packed->tag);
	memcpy(packed->texts, k->email, packed->email_n + 1U);
	memcpy(packed->texts + packed->email_n + 1, k->name, packed->name_n + 1U);
	struct str account = str_of(k->account_id);
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_SESSION, account),
		db_change_tag(DB_CHANGE_ACCOUNT, account) };
	(void)cache_put(c, l,
		&(struct cache_put){ .key = { (const char *)hash, HASH_BYTES },
			.value = { space, sizeof *packed + packed->email_n + packed->name_n + 2U },
			.tags = tags,
			.tag_count = COUNT(tags) });
}
