#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80       ? 1
		     : p[0] >> 5 == 6  ? 2
		     : p[0] >> 4 == 14 ? 3
		     : p[0] >> 3 == 30 ? 4
				       : 0;
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (len == 0 || c < least[len] || c > 0x10ffff || c >> 11 == 0xd800 >> 11)
		return 0;
	*ret = c;
	return len;
}

bool utf8_valid(const char *s)
{
	while (*s) {
		uint32_t c;
		size_t len = utf8_decode(s, &c);

		if (!len)
			return false;
		s += len;
	}
	return true;
}

/* Characters that stand for bytes: of 0x80 to 0xff. */
enum { ESCAPE = 0x10ff00, ESCAPE_FIRST = ESCAPE + 0x80, ESCAPE_BYTES = 4 };

static char *escape_byte(char *to, unsigned char byte)
{
	uint32_t c = ESCAPE + byte;

	*to++ = (char)(0xf0 | c >> 18);
	*to++ = (char)(0x80 | (c >> 12 & 0x3f));
	*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* The bytes at s that can stay; 0: the first has to be escaped. */
static size_t plain_bytes(const char *s)
{
	uint32_t c;
	size_t len = utf8_decode(s, &c);

	return len && c < ESCAPE_FIRST ? len : 0;
}

const char *utf8_escape(struct arena *a, const char *s)
{
	const char *p = s;
	char *text, *to;
	size_t len;

	while (*p && (len = plain_bytes(p)))
		p += len;
	if (!*p)
		return s;
	to = text = arena_alloc(a, strlen(s) * ESCAPE_BYTES + 1);
	while (*s) {
		len = plain_bytes(s);
		if (len) {
			memcpy(to, s, len);
			to += len;
			s += len;
		} else {
			to = escape_byte(to, (unsigned char)*s++);
		}
	}
	*to = '\0';
	return text;
}

void utf8_unescape(char *s)
{
	char *to = s;

	while (*s) {
		uint32_t c = 0;
		size_t len = utf8_decode(s, &c);

		if (len == ESCAPE_BYTES && c >= ESCAPE_FIRST) {
			*to++ = (char)(c - ESCAPE);
		} else {
			len = len ? len : 1;
			memmove(to, s, len);
			to += len;
		}
		s += len;
	}
	*to = '\0';
}

bool utf8_acts_on_terminal(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void utf8_mend(char *s)
{
	size_t len;
	uint32_t c;

	for (; *s; s += len ? len : 1)
		if ((len = utf8_decode(s, &c)) == 0)
			*s = '?';
}

void utf8_clean(char *s)
{
	char *to = s;

	while (*s) {
		uint32_t c = 0;
		size_t len = utf8_decode(s, &c);

		if (len == 0 || utf8_acts_on_terminal(c)) {
			*to++ = '?';
		} else {
			memmove(to, s, len);
			to += len;
		}
		s += len ? len : 1;
	}
	*to = '\0';
}
