/* Who the payload runs as and what it is allowed to use up. Child side: allocates nothing. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <sys/types.h>

/* Whether a process keeps the supplementary groups that it has: never; only if its user namespace denies
 * setgroups(2), which is right for groups of a user but not of root on the host; or always. */
enum ids_groups { IDS_GROUPS_SET, IDS_GROUPS_MAY_STAY, IDS_GROUPS_KEEP };

/* Root of the new user namespace, without groups of the host. */
int ids_become_root(enum ids_groups how, struct err *err);
/* Supplementary groups, then gid, then uid; all of real, effective and saved. */
int ids_become(uid_t uid, gid_t gid, const gid_t *groups, size_t ngroups, enum ids_groups how,
	struct err *err);

/* PER_* of personality(2): which system, or machine, the payload is told that it runs on. */
int personality_apply(uint64_t persona, struct err *err);

/* No real time and no less niceness for the asking, whatever the caller may. */
void rlimits_usual(pid_t pid);

/* Called with rights on the host, for a process that is about to lose them: raises its hard limits to what these
 * ask for. rlimits_apply() reports what could not be raised. It does not lower the limit of descriptors, which may be
 * too low for us: that does rlimits_apply_files(), when nothing has to be opened any more. */
void rlimits_admit(pid_t pid, const struct rlimit_spec *limits, size_t n);
int rlimits_apply(const struct rlimit_spec *limits, size_t n, struct err *err);
int rlimits_apply_files(const struct rlimit_spec *limits, size_t n, struct err *err);
