/*
 * A tar → files in a tree that others use, and may be changing: a directory that was opened before, and nothing
 * outside it. No link below it is followed; "..", too, is refused. What is there is replaced, but a directory by
 * a directory only: those are merged. What is mounted there stays mounted. Left out: devices.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extract_job {
	int in;      /* where the tar comes from, as any compression; read to its end */
	int proc_fd; /* this process's /proc/self/fd */
	int base;    /* the directory */
	bool keep_owners;
	uint32_t uid, gid; /* of what is made, unless owners are kept */
	bool keep_rights; /* setuid, setgid and file capabilities, of files that are uid's and gid's in the tar, too */
	bool container_ids; /* owners must be among a container's */
	/* What cp copies: all is below the first name of the tar, which becomes this one, or base itself for "".
	 * NULL: names are as they are. */
	const char *top_name;
	int file; /* what the top is written to as it is, O_PATH: a link led there; or -1 */
};

struct extract_totals {
	size_t left_out; /* devices */
};

/* Looks at the first entry: decides about the rest of job. is_dir: what kind it is. */
typedef int extract_begin(void *arg, bool is_dir, struct extract_job *job, struct err *err);

/* begin: or NULL. The error names the entry. */
int extract_tar(struct extract_job *job, extract_begin *begin, void *arg,
	struct extract_totals *ret, struct err *err);
