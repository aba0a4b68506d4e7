/* caller: who makes a request. http carries it and account fills it in, without knowing each
 * other. */
#ifndef POSTERN_CALLER_H
#define POSTERN_CALLER_H

#include "postern/base.h"

/* Who makes the request, as the identify function found out. */
struct caller {
	bool signed_in;
	/* not signed in, because the account read in more places than it may: to be told */
	bool read_elsewhere;
	char account_id[ID_SIZE];
	char session_id[ID_SIZE];
	char session_tag[17]; /* crypto_hash_tag of the session, for logs */
	char email[EMAIL_SIZE];
	char name[NAME_SIZE];
};

/* A session token as presented, and its digest once account has made it: once for a request. */
struct presented_token {
	struct str text; /* secret, or empty */
	bool is_digested;
	uint8_t digest[32];
};

#endif
