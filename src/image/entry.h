/*
 * The rules for what a layer may contain. Everything in a tar is hostile; these decide, from the
 * bytes alone, what an entry asks for and whether it may have it. Pure.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ENTRY_PATH_MAX = 4095, ENTRY_NAME_MAX = 255 };

enum entry_kind {
	ENTRY_ROOT, /* the top directory itself */
	ENTRY_PLAIN,
	ENTRY_WHITEOUT, /* ".wh.NAME": hides NAME of the layers below; base is NAME */
	ENTRY_OPAQUE,   /* ".wh..wh..opq": parent hides all that the layers below have in it */
	ENTRY_IGNORED,  /* other ".wh..wh." names: book-keeping of aufs */
};

struct entry_path {
	enum entry_kind kind;
	char parent[ENTRY_PATH_MAX + 1]; /* "" is the top; no ".", "..", "//" */
	char base[ENTRY_NAME_MAX + 1];   /* "" with ENTRY_ROOT */
};

/* Takes a path of a tar apart; an absolute one begins at the top. Refuses "..", names and paths too long for the
 * kernel, and anything below a whiteout. The error does not repeat the path. */
int entry_path_parse(const char *path, struct entry_path *ret, struct err *err);

/* The same of a tar that is no layer: every name is a name. */
int entry_path_parse_plain(const char *path, struct entry_path *ret, struct err *err);

enum xattr_rule {
	XATTR_KEEP,
	/* Labels and policy of the host that made the tar: security.selinux, trusted.*, ACLs. */
	XATTR_DROP,
	/* Overlay's own marks: they would redirect lookups or hide files (CVE-2021-29136's kin). */
	XATTR_REFUSE,
};
enum xattr_rule entry_xattr(const char *name);

enum { CAPABILITY_SIZE = 20 };
/* A file capability in the form that belongs to root of whichever container runs it: revision 2 as
 * it is, revision 3 of root id 0 rewritten to 2. Another root id would grant the capabilities to a
 * user namespace of somebody's choice: refused, as is anything malformed. */
int entry_capability(const void *value, size_t size, unsigned char ret[CAPABILITY_SIZE],
	struct err *err);

struct entry_owner {
	uint32_t uid, gid;
	bool squashed; /* one of them is not what the tar says: no place for setuid */
};

enum { ENTRY_NOBODY = 65534 };
/* Owners must fit in the 65,536 ids of a container; -1 would mean "leave as is" to chown(2). squash: those
 * that do not become nobody. */
int entry_owner(int64_t uid, int64_t gid, bool squash, struct entry_owner *ret, struct err *err);
