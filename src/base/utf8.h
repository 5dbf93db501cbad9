/* What may be written into JSON: everything that a container's record has to hold. */
#pragma once

#include <stdbool.h>

/* Well-formed UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF. */
bool utf8_valid(const char *s);
