/* Text into a buffer of the caller's, who knows that it has room: there is no stdio here. Each returns the end of
 * what it has written, without a zero. */
#pragma once

#include <stdint.h>

char *put_text(char *p, const char *text);
/* Decimal, with leading zeros up to width. */
char *put_number(char *p, uint64_t n, int width);
