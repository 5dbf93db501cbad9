/* The root of a mount namespace: where whoever joins it later is at first (setns(2)), and what lies below a
 * chroot(2). */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Child, with the rights of whoever called us: what its mount namespace shares with the host, above the
 * root directory as well, is a slave from then on. Whether the root directory is not that of the namespace. */
int nsroot_isolate(bool *ret_chrooted, struct err *err);

/* The root and working directory become those of the mount namespace. */
int nsroot_enter(struct err *err);
