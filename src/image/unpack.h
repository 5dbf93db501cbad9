/*
 * One tar → one directory in the form of an overlay layer: whiteouts are devices 0:0, opaque
 * directories carry user.overlay.opaque=y (the overlay is mounted with userxattr).
 * Nothing outside the directory is touched, whatever the tar says; no link in it is ever followed.
 * Kept: owners, modes with setuid, times, hard links, holes, FIFOs, user.* and
 * security.capability. Left out: device nodes (a container has its own /dev) and links to them, POSIX ACLs and the
 * labels of the host that made the tar. Memory does not grow with the tar.
 */
#pragma once

#include "base/err.h"
#include "image/below.h"
#include "image/stream.h"

#include <stdbool.h>
#include <stdint.h>

/* Bound of one import. Directories that a tar only implies count, as each takes an inode. */
enum { UNPACK_ENTRIES_MAX = 4000000 };

struct unpack_job {
	struct stream *stream; /* where the tar comes from */
	int dir;               /* an empty directory that nobody else can reach */
	int scratch;           /* a directory for one unnamed temporary file */
	struct below *below;   /* where there is nothing, whiteouts hide nothing and are left out */
	bool squash_owners;    /* owners that no container has become nobody */
	uint64_t max_bytes;    /* of all files together, without holes */
	uint64_t max_entries;
};

struct unpack_totals {
	uint64_t entries;
	bool odd;   /* not every tool reads it: kinds of entries, or one name twice */
	bool rare;  /* kinds of entries that few tools read */
	bool ended; /* by a block of zeros; what is cut short between two entries has none */
};

/* The error names the entry. What was unpacked so far stays for the caller to remove. */
int unpack_tar(const struct unpack_job *job, struct unpack_totals *ret, struct err *err);
