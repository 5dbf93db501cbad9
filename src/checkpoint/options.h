/* What is asked of a checkpoint or a restore. */
#pragma once

#include <stdbool.h>

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
