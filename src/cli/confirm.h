/* A question on the terminal, before much is removed. */
#pragma once

#include "base/err.h"

/* Nobody is asked where nobody could answer: then err says what would be removed, and hint how. 0 for yes, else -1. */
int confirm(const char *question, const char *would, const char *hint, struct err *err);
