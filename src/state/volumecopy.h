/* What of an image is on its way into a volume, beside its data: where nobody but us writes. */
#pragma once

#include "base/err.h"

#define VOLUME_COPYING "new"   /* not all of it: for whoever comes next to remove */
#define VOLUME_COPIED  "ready" /* all of it, and some may be in data/ already: to be moved there */

/* The directory name below a volume, which is data/ or one of these. */
int volume_open_in(int fd, const char *name, struct err *err);

/* Moves what was copied into data/, if there is some. Takes no room. The caller holds the volume, or is alone with
 * all. */
int volume_finish(int fd, struct err *err);
