/* Ctrl-C, and its kind, during what has something to tidy up: noted, and heeded where it can wait. */
#pragma once

#include "base/err.h"

/* From now on SIGINT, SIGTERM and SIGHUP (unless ignored, as under nohup) are only noted. Another one
 * within a second is the same one: timeout(1) sends to its child, and then to the group that it made. A
 * later one ends the program as usual. */
void interrupt_catch(void);
/* -1 if there was one. */
int interrupt_check(struct err *err);
/* Ends the program by the signal that was noted, if any: so that a shell sees it. */
void interrupt_pass_on(void);
