#include "base/puttext.h"

#include <string.h>

char *put_text(char *p, const char *text)
{
	size_t len = strlen(text);

	memcpy(p, text, len);
	return p + len;
}

char *put_number(char *p, uint64_t n, int width)
{
	char digits[20];
	int len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) || len < width);
	while (len)
		*p++ = digits[--len];
	return p;
}
