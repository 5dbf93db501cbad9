/* Absolute paths as text: what a container calls a place, before anything is looked up. Pure. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATHNAME_SIZE = 4096 };

/* dir, '/' and path, or path alone if that is absolute, without "//", "." and "..", which leads no
 * further than to "/". False: too long. ret may not overlap the others. */
bool pathname_join(const char *dir, size_t dir_len, const char *path, char ret[PATHNAME_SIZE]);

/* Refuses "~" and "~/…" in a value of the option what: a shell makes a path of them at the beginning of a
 * word only, and a directory of that name is never meant. */
int pathname_check_home(const char *what, const char *value, struct err *err);

/* What follows top in path, both clean: "" if they are the same. NULL: it is elsewhere. */
const char *pathname_below(const char *path, const char *top);
