/*
 * The processes of a container: those in its cgroup and the groups below, as the host's /proc tells of
 * them. Names and command lines are chosen inside.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "process/user.h"
#include "state/container.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_row {
	pid_t pid, parent;             /* the host's numbers; parent may be outside */
	pid_t inner, inner_parent;     /* the container's; 0: none */
	uint32_t uid, gid;             /* effective, the host's */
	uint32_t inner_uid, inner_gid; /* UINT32_MAX: not among the container's ids */
	char user[USER_NAME_SIZE]; /* by the container's /etc/passwd; "": it has no name for it */
	char state;                /* as ps(1) has it */
	int nice;
	uint32_t threads;
	uint64_t cpu_ms, age_ms; /* age: since its start */
	uint64_t virtual_bytes, resident_bytes;
	char name[64];
	const char *command; /* its words with blanks between them, or "[name]" */
	uint64_t start_ticks;
};

struct processes {
	struct arena arena;
	struct process_row *rows; /* by the host's number */
	size_t count;
};

/* Their numbers, ascending (free them). Of a container without a group only the first is known; of one that has ended
 * there is none. c is as container_is_up() leaves it. */
int container_pids(const struct container *c, pid_t **ret, size_t *ret_count, struct err *err);

/* c runs, with its pidfd and its group. Processes that come or go meanwhile may be left out; one that does not
 * let its command line be read has its name only. */
int processes_list(const struct container *c, struct processes *ret, struct err *err);
void processes_free(struct processes *p);
