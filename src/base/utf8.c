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

bool utf8_acts_on_terminal(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
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
