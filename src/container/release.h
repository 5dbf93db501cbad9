/*
 * Undoing a container, in reverse order of its making. Every step finds its work done already if it
 * was; so anyone may do it again, at any time, after any interruption. The caller holds the claim.
 */
#pragma once

#include "base/file.h"
#include "container/container.h"

/* Whether the payload runs: same boot, and the very process of the record. Opens c->pidfd if so. 1, 0, or
 * -1 if that cannot be told: what may be alive must not be released. */
int container_is_alive(struct container *c, struct err *err);

/* The same of a record alone, by one file; so nothing can be done to it. false where that does not
 * tell for sure. */
bool container_seems_alive(const struct record *r);

/* Of its group, below the parent of all. */
void container_group_name(const struct record *r, char ret[16]);

/* Marks the group c->group_fd as the container's. */
int container_mark_group(struct container *c, struct err *err);

/* The state directory that the mark of a group names; -1 if it names none. */
int container_group_state(int group_fd, char *ret_path, size_t size);

/* Opens the group of the container if it exists and is its own; 0 with c->group_fd -1 if not. */
int container_open_group(struct container *c, struct err *err);

/* Kills what is left, removes the cgroup, and the files if it was --rm or never ran; what it ended
 * with (status, or -1 for what the exit file in its state directory says) goes into container.json.
 * Its name is free, or free to be removed, afterwards. */
int container_release(struct container *c, int status, struct err *err);

/* Drops the data directory if it bears the mark of this very container, or has no more than an
 * empty upper and work in it without one. */
int container_remove_own_data(struct container *c, struct err *err);

/* Sets the slot of a record that was lost, by the mark of the group; IDMAP_SLOTS if there is none. */
int container_find_slot(struct container *c, struct err *err);

/* Drops the data directory of a container whose name is held. */
int container_remove_data(const struct store *store, const char *name, struct err *err);

/* Renames state/NAME away, so that the name is free at once, then removes it. */
int container_remove_state(const struct store *store, const char *name, const char *id,
	struct err *err);

/* Reads container.json or config.json of a container: they are in root/containers/NAME, or, of a --rm
 * container, in state/NAME, which is in memory on most hosts. One that is blank is none. */
int container_read(const struct store *store, const char *name, const char *file, char **ret_text,
	size_t *ret_len, struct err *err);

/* container.json of a container. err->sys is ENOENT if it has none. */
int container_summary(const struct store *store, const char *name, struct summary *ret,
	struct err *err);
int container_write_summary(int data_fd, const struct summary *s, enum file_sync sync,
	struct err *err);

/* Status and time that the exit file holds; 0 if it is empty or absent, 1 if read, -1 with errno. */
int exit_file_read(int state_fd, int *ret_status, int64_t *ret_finished_ns);
int exit_file_write(int state_fd, int status, struct err *err);

int64_t now_ns(void);                   /* since 1970 */
uint64_t deadline_in(unsigned seconds); /* CLOCK_MONOTONIC nanoseconds */
/* Field 22 of /proc/PID/stat. 0 or -1 with errno: ENOENT or ESRCH if there is no such process. */
int process_start_ticks(pid_t pid, uint64_t *ret);
