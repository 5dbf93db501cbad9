/* What a layer hides of those below, in overlayfs' form: devices 0:0, and directories that are opaque. */
#pragma once

#include "base/err.h"
#include "image/below.h"

#include <stdio.h>

int whiteout_mark_opaque(int dir, struct err *err);

/* Hides base of the directory parent, whose path is given. A name hidden and given in one layer: what is
 * given counts, and a directory starts empty. */
int whiteout_make(int parent, const char *path, const char *base, FILE *list, struct err *err);

/* When all is unpacked below top: removes those of the list that hide nothing, as a directory that is shown
 * without merging shows them, too, and nobody can stat or remove them there. */
int whiteout_settle(int top, FILE *list, struct below *below, struct err *err);
