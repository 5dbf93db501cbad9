/*
 * The one way to a path inside a tree that somebody else can write: resolved once, in the tree,
 * by openat2(2) with RESOLVE_IN_ROOT and without magic links; afterwards only the descriptor
 * counts (CVE-2019-19921, CVE-2021-30465, CVE-2024-21626, CVE-2024-45310 and their kind).
 */
#pragma once

#include "base/err.h"
#include "base/pathname.h"

#include <stdint.h>
#include <sys/types.h>

/* Opens path (absolute or relative, taken from the root behind rootfd) with openat(2) flags;
 * O_CLOEXEC is added. mode counts with O_CREAT only. The descriptor, or -1 with err. */
int inside_open(int rootfd, const char *path, int flags, mode_t mode, struct err *err);

enum inside_kind { INSIDE_DIR, INSIDE_FILE };

/* As inside_open(O_PATH), but makes what is missing: directories 0755, a last empty file 0644.
 * Each component is made below a descriptor, never by name from the top. */
int inside_ensure(int rootfd, const char *path, enum inside_kind kind, struct err *err);

/* One path below one directory, never above it, with or without links on the way. -1 with errno: ELOOP at a
 * link, EXDEV at a mount or where it would leave the directory. */
enum inside_links {
	INSIDE_NO_LINKS,
	INSIDE_OWN_LINKS, /* links of a kernel file system, which do not leave it */
	INSIDE_NO_LINKS_OR_MOUNTS,
};
int inside_open_beneath(int dirfd, const char *path, int flags, enum inside_links links);

/* Goes down a clean path from its byte `from` on, which lies below dirfd, each component below the one
 * before, and makes what is missing. An O_PATH descriptor, or -1 with errno; INSIDE_LINK at a symbolic link:
 * next is then the path with that link followed. */
enum { INSIDE_LINK = -2, INSIDE_LINKS_MAX = 40 };
enum inside_make { INSIDE_MAKE_NOTHING, INSIDE_MAKE_DIR, INSIDE_MAKE_FILE };
int inside_descend(int dirfd, const char *path, size_t from, enum inside_make make,
	char next[PATHNAME_SIZE]);
