/* Who the payload runs as and what it is allowed to use up. Child side: allocates nothing. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <sys/types.h>

/* Whether a process may keep the groups that it has, where its user namespace denies setgroups(2): those
 * of a user may, those of root on the host must not stay behind; or whether it keeps them wherever it is. */
enum ids_groups { IDS_GROUPS_SET, IDS_GROUPS_MAY_STAY, IDS_GROUPS_KEEP };

/* Root of the new user namespace, without groups of the host. */
int ids_become_root(enum ids_groups how, struct err *err);
/* Supplementary groups, then gid, then uid; all of real, effective and saved. */
int ids_become(uid_t uid, gid_t gid, const gid_t *groups, size_t ngroups, enum ids_groups how,
	struct err *err);

/* PER_* of personality(2): of which system, or machine, the payload thinks that it runs on. */
int personality_apply(uint64_t persona, struct err *err);

/* By whoever has rights on the host, for a process that is about to lose them: its hard limits go as high as
 * these want to be. What cannot be is for rlimits_apply() to say. */
void rlimits_admit(pid_t pid, const struct rlimit_spec *limits, size_t n);
int rlimits_apply(const struct rlimit_spec *limits, size_t n, struct err *err);
