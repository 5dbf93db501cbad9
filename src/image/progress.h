/* How far a long command is, on standard error: a line that moves on a terminal, a line now and then
 * elsewhere. One at a time. */
#pragma once

#include <stdint.h>

/* From now on nothing is shown: -q. */
void progress_quiet(void);
/* what: in one word or two. total 0: unknown. A thread shows the time that passes, also while nothing
 * comes. */
void progress_begin(const char *what, uint64_t total);
void progress_show(uint64_t bytes);
/* Wipes the line, before something is printed that stays. */
void progress_end(void);
