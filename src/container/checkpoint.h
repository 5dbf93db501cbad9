/*
 * A container that an engine made, written to files by CRIU, and made again from them. What belongs to
 * the host is not in the files: the root, bind mounts, namespaces that were joined, and the standard
 * streams are taken from the bundle and from the caller when it is restored.
 */
#pragma once

#include "container/bundle.h"
#include "container/container.h"
#include "container/plan.h"

/* What is done about groups that the container has made in its own; the words are CRIU's. */
enum checkpoint_groups {
	CHECKPOINT_GROUPS_SOFT, /* made again where they are missing */
	CHECKPOINT_GROUPS_FULL,
	CHECKPOINT_GROUPS_STRICT,
	CHECKPOINT_GROUPS_IGNORE,
};
/* -1 for a word that is none of them. */
int checkpoint_groups_parse(const char *word);

struct checkpoint {
	const char *images; /* directory of the files */
	const char *work;   /* where CRIU writes its log; NULL: images */
	const char *parent; /* files of an earlier dump or pre-dump, seen from images; or NULL */
	enum checkpoint_groups groups;
	bool leave_running, pre_dump; /* of a dump alone */
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup;
	bool link_remap, empty_network;
	const char *lsm_profile,
		*lsm_mount_context; /* of a restore: in place of those dumped; or NULL */
};

/* Dumps a running or paused container, which then has stopped, unless it is left running or was only
 * dumped before the dump. The caller holds the claim. */
int bundle_checkpoint(struct container *c, const struct checkpoint *o, struct err *err);

/* As container_start() of a bundle, but what runs then is what was dumped. The first process is our
 * child. *ret_console, if it is not NULL and b has no socket for it: the master of the terminal. */
int container_restore(const struct store *store, const struct spec *spec, const struct plan *plan,
	const struct bundle *b, const struct checkpoint *o, int *ret_console, struct container *ret,
	struct err *err);
