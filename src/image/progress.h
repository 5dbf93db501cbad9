/* How far a long command is, on standard error, only if that is a terminal. */
#pragma once

#include <stdint.h>

/* total 0: unknown. */
void progress_begin(const char *what, uint64_t total);
/* Draws at most ten times a second. */
void progress_show(uint64_t bytes);
/* Wipes the line: what follows is for good. */
void progress_end(void);
