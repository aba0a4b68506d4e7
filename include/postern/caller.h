/* caller: the account and session that a request belongs to.
 *
 * It stands in base because http carries it with the request and account fills it in, and neither
 * room may include the other: `app` gives http a function of account's that turns a token into a
 * caller (http_settings.identify). */
#ifndef POSTERN_CALLER_H
#define POSTERN_CALLER_H

#include "postern/base.h"

/* All zero: an anonymous reader. */
struct caller {
	bool signed_in;
	/* a session's token was presented, and its session is over: expired, ended elsewhere; not
	 * signed in */
	bool session_ended;
	/* that session was ended because the account read in too many places */
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
