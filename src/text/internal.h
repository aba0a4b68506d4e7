/* text: what the parsers share. */
#ifndef POSTERN_TEXT_INTERNAL_H
#define POSTERN_TEXT_INTERNAL_H

#include "postern/text.h"

int url_percent_byte(struct str s); /* that "%xx" at the head of `s` stands for, or -1 */
/* Percent-decodes all of `s` once, '+' to a space when asked. ERR_INVALID for a '%' without two
 * hexadecimal digits. `out->p` is never NULL on success. */
enum err MUST_USE url_percent_decode(struct str s, bool plus, struct arena *a, struct str *out);
bool url_path_is_plain(struct str path); /* of a decoded path: what url_path asks of it */

#endif
