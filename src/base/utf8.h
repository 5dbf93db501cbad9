/* Text that others wrote: what may be written into JSON, and what may be shown. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at s (1 for the NUL at the end) and the character; 0 if it is malformed:
 * an overlong form, a surrogate, beyond U+10FFFF. Reads nothing behind the end of the string. */
size_t utf8_decode(const char *s, uint32_t *ret);
/* Well-formed to the end. */
bool utf8_valid(const char *s);

/* Bytes of any kind as well-formed text, for JSON: a byte that is no part of UTF-8 is the character
 * U+10FF00 + byte, in a plane that is nobody's; a character that would be taken for one of these is its
 * own bytes in that form, so that utf8_unescape() gives back what was there. s itself if there is nothing
 * to do. */
const char *utf8_escape(struct arena *a, const char *s);
void utf8_unescape(char *s);

/* Controls, line separators, and marks that turn the direction of writing. */
bool utf8_acts_on_terminal(uint32_t c);
/* Puts one '?' in place of each byte that is no UTF-8. */
void utf8_mend(char *s);
/* The same, and of each character that acts on a terminal. */
void utf8_clean(char *s);
