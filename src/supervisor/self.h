/* This process among the others of the host: nothing but SIGKILL ends it, the OOM killer is asked to look
 * elsewhere, and nothing of its starter's is left. */
#pragma once

/* Leaves the session and directory of the caller; of its descriptors only lock survives an exec.
 * *ret_null is /dev/null, or -1. */
void self_detach(int lock, int *ret_null);
/* Signals and the OOM killer as they were, for what is executed next: it may start the container again. */
void self_restore(void);
