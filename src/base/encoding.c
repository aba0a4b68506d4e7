/* Bytes as text: hexadecimal digits, and base32 (RFC 4648 section 6) in lower case without padding,
 * the form of every id. */
#include "postern/base.h"

const char str_base32_letters[33] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_digits[] = "0123456789abcdef";

/* Five bits a letter, the highest first; zeros fill up the last one. */
void str_base32(const uint8_t *bytes, size_t n, char *out, size_t size)
{
	size_t letters = (8 * n + 4) / 5;
	if (letters > size - 1)
		letters = size - 1;
	for (size_t i = 0; i < letters; i++) {
		const size_t at = 5 * i / 8, shift = 5 * i % 8;
		const unsigned next = at + 1 < n ? bytes[at + 1] : 0;
		const unsigned pair = (unsigned)bytes[at] << 8 | next;
		out[i] = str_base32_letters[pair >> (11 - shift) & 31];
	}
	out[letters] = '\0';
}

void str_hex(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		*out++ = hex_digits[bytes[i] >> 4];
		*out++ = hex_digits[bytes[i] & 15];
	}
	*out = '\0';
}

int str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err str_hex_parse(struct str s, uint8_t *out, size_t n)
{
	if (s.n != 2 * n)
		return ERR_INVALID;
	for (size_t i = 0; i < s.n; i++)
		if (str_hex_digit(s.p[i]) < 0)
			return ERR_INVALID;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((unsigned)str_hex_digit(s.p[2 * i]) << 4 |
				   (unsigned)str_hex_digit(s.p[2 * i + 1]));
	return ERR_OK;
}
