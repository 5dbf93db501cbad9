/* Text that others wrote: what may be written into JSON, and what may be shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at s (1 for the NUL at the end) and the character; 0 if it is malformed:
 * an overlong form, a surrogate, beyond U+10FFFF. Reads nothing behind the end of the string. */
size_t utf8_decode(const char *s, uint32_t *ret);
/* Well-formed to the end. */
bool utf8_valid(const char *s);

/* Controls, line separators, and marks that turn the direction of writing. */
bool utf8_acts_on_terminal(uint32_t c);
/* Puts one '?' in place of each byte that is no UTF-8 and of each character that acts on a terminal. */
void utf8_clean(char *s);
