/* dns: whose address it is, verified by reverse and forward name, as the search engines ask for:
 * the address has a name below one of the engine's domains, and that name leads back to it. The
 * only user of c-ares. One thread of its own, a bounded number of look-ups, results kept. */
#ifndef POSTERN_DNS_H
#define POSTERN_DNS_H

#include "postern/log.h"
#include "postern/text.h"

enum { HOST_SIZE = 256, DNS_SUFFIXES_SIZE = 512 };
/* True when `host` lies below one of the domains, on a dot, and is a plain host name. */
bool crawler_host_fits(struct str host, const char *suffixes);

struct prover;
struct prover_settings {
	const char *resolver; /* "127.0.0.1:53, [::1]:53"; "": the system's */
	unsigned timeout_ms;  /* of one question, and for whom we wait */
	unsigned waiting_max; /* threads that may wait at once; others are told nothing yet */
	int64_t keep_s, keep_none_s;
	const struct log *log;
};
enum err MUST_USE prover_open(
	const struct prover_settings *s, struct prover **out, char why[static 256]);
void prover_close(struct prover *p); /* nobody may be waiting; NULL is fine */
enum proof {
	PROOF_HOST = 1, /* a name below one of the suffixes leads back to the address */
	PROOF_NONE,     /* no such name */
	PROOF_FAILED,   /* no answer, or trouble */
	PROOF_LATER,    /* not known yet, or too many look-ups at once */
};
const char *proof_name(enum proof p);
struct proof_request {
	struct ip ip;
	const char *suffixes;
	int64_t now_s;
};
/* From memory, or after a wait of timeout_ms at most. `host` is "" unless PROOF_HOST. */
enum proof prover_ask(struct prover *p, const struct proof_request *q, char host[static HOST_SIZE]);

#endif
