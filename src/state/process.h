/* Which process a record means: a pid alone is another one's after a while, or after a reboot. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* The boot this machine is in; constant for the life of the process. NULL if it cannot be read. */
const char *boot_id(struct err *err);

/* State (a letter) and start (ticks since the boot): fields 3 and 22 of /proc/PID/stat. 0 or -1 with errno: ENOENT
 * or ESRCH if there is no such process. */
int process_stat(pid_t pid, char *ret_state, uint64_t *ret_ticks);
/* The start alone. */
int process_start_ticks(pid_t pid, uint64_t *ret);
