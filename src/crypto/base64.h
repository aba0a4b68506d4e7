/* Base64 with one spelling for each value. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_BASE64_H
#define POSTERN_CRYPTO_BASE64_H

#include "postern/crypto.h"

enum { BASE64_BYTES_MAX = BASE64URL_BYTES_MAX };

/* True when `text` is exactly the encoding of `bytes` (up to BASE64_BYTES_MAX) bytes in libsodium's
 * `variant`; they are in `out` then, which is zeroed otherwise. */
bool crypto_base64_decode(struct str text, int variant, uint8_t *out, size_t bytes);

#endif
