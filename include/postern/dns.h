/* dns: whose address it is, verified by reverse and forward name, as the search engines ask for:
 * the address has a name below one of the engine's domains, and that name leads back to it. The
 * only user of c-ares. One thread of its own, a bounded number of look-ups, results kept. */
#ifndef POSTERN_DNS_H
#define POSTERN_DNS_H

#include "postern/log.h"
#include "postern/text.h"

enum { HOST_SIZE = 256, DNS_SUFFIXES_SIZE = 512 };
/* True when `host` lies below one of the domains, on a dot, and is a plain host name. */
bool dns_host_below(struct str host, const char *suffixes);

struct dns_verifier;
struct dns_verifier_settings {
	const char *resolver; /* "127.0.0.1:53, [::1]:53"; "": the system's */
	unsigned timeout_ms;  /* of one question, and for whom we wait */
	unsigned waiting_max; /* threads that may wait at once; others are told nothing yet */
	int64_t keep_s, keep_none_s;
	const struct log *log;
};
enum err MUST_USE dns_verifier_open(
	const struct dns_verifier_settings *s, struct dns_verifier **out, char why[static 256]);
void dns_verifier_close(struct dns_verifier *p); /* nobody may be waiting; NULL is fine */
enum dns_verdict {
	VERIFY_HOST = 1, /* a name below one of the suffixes leads back to the address */
	VERIFY_NONE,     /* no such name */
	VERIFY_FAILED,   /* no answer, or trouble */
	VERIFY_PENDING,  /* not known yet, or too many look-ups at once */
};
const char *dns_verdict_name(enum dns_verdict p);
struct dns_verify_request {
	struct ip ip;
	const char *suffixes;
	int64_t now_s;
};
/* From memory, or after a wait of timeout_ms at most. `host` is "" unless VERIFY_HOST. */
enum dns_verdict dns_verify(
	struct dns_verifier *p, const struct dns_verify_request *q, char host[static HOST_SIZE]);

#endif
