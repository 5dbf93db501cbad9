/* What an entry of a tar is made of on disk: data with its holes, attributes, times. */
#pragma once

#include "base/err.h"

#include <archive_entry.h>
#include <stdint.h>
#include <time.h>

/* Writes a piece at its offset; runs of zeros are left out, and become holes. *left goes down by what takes
 * space on disk: -1 with err->sys 0 if that is too much. */
int content_write(int fd, const char *data, size_t len, int64_t offset, uint64_t *left,
	struct err *err);

/* By the rules of entry_xattr(). With fd -1 (a link, a FIFO), which can hold none of what is kept, only the
 * rules are checked. */
int content_apply_xattrs(struct archive_entry *e, int fd, struct err *err);

/* Takes the file capability away from the entry. */
void content_drop_capability(struct archive_entry *e);

/* For utimensat(2): 1970 where the entry does not say. */
void content_times(struct archive_entry *e, struct timespec ret[2]);
