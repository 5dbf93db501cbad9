#include "process/ids.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Raw system calls: the library's change every thread, and there is one. */
static int set_groups(const gid_t *groups, size_t n, enum ids_groups how, struct err *err)
{
	if (how == IDS_GROUPS_KEEP || syscall(SYS_setgroups, n, groups) == 0 ||
		(errno == EPERM && n == 0 && how == IDS_GROUPS_MAY_STAY))
		return 0;
	err_sys(err, "cannot set the supplementary groups");
	return err->sys != EPERM
		       ? -1
		       : err_hint(err, "a user namespace with one group id denies setgroups(2); "
				       "leave out the additional groups, or map a range of ids");
}

int ids_become(uid_t uid, gid_t gid, const gid_t *groups, size_t ngroups, enum ids_groups how,
	struct err *err)
{
	if (set_groups(groups, ngroups, how, err) < 0)
		return -1;
	if (syscall(SYS_setresgid, gid, gid, gid) < 0)
		return err_sys(err, "cannot become group %u", gid);
	if (syscall(SYS_setresuid, uid, uid, uid) < 0)
		return err_sys(err, "cannot become user %u", uid);
	return 0;
}

int ids_become_root(enum ids_groups how, struct err *err)
{
	return ids_become(0, 0, NULL, 0, how, err);
}

int personality_apply(uint64_t persona, struct err *err)
{
	if (personality(persona) < 0)
		return err_sys(err, "cannot set the personality 0x%llx",
			(unsigned long long)persona);
	return 0;
}

/* As prlimit64(2) has it, which not every C library names. */
struct limit {
	uint64_t soft, hard;
};

static const char *resource_name(int resource)
{
	static const char *const names[] = {
		[RLIMIT_CPU] = "cpu",
		[RLIMIT_FSIZE] = "fsize",
		[RLIMIT_DATA] = "data",
		[RLIMIT_STACK] = "stack",
		[RLIMIT_CORE] = "core",
		[RLIMIT_RSS] = "rss",
		[RLIMIT_NPROC] = "nproc",
		[RLIMIT_NOFILE] = "nofile",
		[RLIMIT_MEMLOCK] = "memlock",
		[RLIMIT_AS] = "as",
		[RLIMIT_LOCKS] = "locks",
		[RLIMIT_SIGPENDING] = "sigpending",
		[RLIMIT_MSGQUEUE] = "msgqueue",
		[RLIMIT_NICE] = "nice",
		[RLIMIT_RTPRIO] = "rtprio",
		[RLIMIT_RTTIME] = "rttime",
	};
	size_t n = sizeof(names) / sizeof(names[0]);

	return resource >= 0 && (size_t)resource < n && names[resource] ? names[resource] : "?";
}

void rlimits_usual(pid_t pid)
{
	static const struct limit none = {0, 0};

	syscall(SYS_prlimit64, pid, RLIMIT_RTPRIO, &none, NULL);
	syscall(SYS_prlimit64, pid, RLIMIT_NICE, &none, NULL);
}

void rlimits_admit(pid_t pid, const struct rlimit_spec *limits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct limit now, lim;

		if (syscall(SYS_prlimit64, pid, limits[i].resource, NULL, &now) < 0 ||
			now.hard >= limits[i].hard)
			continue;
		lim = (struct limit){now.soft, limits[i].hard};
		syscall(SYS_prlimit64, pid, limits[i].resource, &lim, NULL);
	}
}

/* A limit that is already in force needs no right to set it. Of core dumps, none at all is as near as whoever
 * may not raise it gets. */
static bool will_do(const struct rlimit_spec *l, const struct limit *now)
{
	return (now->soft == l->soft && now->hard == l->hard) ||
	       (l->resource == RLIMIT_CORE && l->hard == CORE_NONE && now->hard < CORE_NONE);
}

struct limit_text {
	char is[24];
};

static struct limit_text show(uint64_t value)
{
	struct limit_text t = {"unlimited"};

	if (value != UINT64_MAX)
		snprintf(t.is, sizeof(t.is), "%llu", (unsigned long long)value);
	return t;
}

static int apply_one(const struct rlimit_spec *l, const struct limit *lim, struct err *err)
{
	struct limit now;

	if (syscall(SYS_prlimit64, 0, l->resource, lim, NULL) == 0)
		return 0;
	err_sys(err, "cannot set ulimit %s to %s:%s", resource_name(l->resource), show(l->soft).is,
		show(l->hard).is);
	if (syscall(SYS_prlimit64, 0, l->resource, NULL, &now) < 0)
		return -1;
	if (!will_do(l, &now))
		return err_hint(err,
			"the hard limit here is %llu; raising it needs CAP_SYS_RESOURCE "
			"on the host",
			(unsigned long long)now.hard);
	*err = (struct err){0};
	return 0;
}

/* Raised where that is asked for, which may fail, and not lowered. */
static int raise_files(const struct rlimit_spec *l, struct err *err)
{
	struct limit lim;

	if (syscall(SYS_prlimit64, 0, l->resource, NULL, &lim) < 0)
		return err_sys(err, "cannot look at the limit of descriptors");
	if (lim.soft < l->soft)
		lim.soft = l->soft;
	if (lim.hard < l->hard)
		lim.hard = l->hard;
	return apply_one(l, &lim, err);
}

int rlimits_apply(const struct rlimit_spec *limits, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct rlimit_spec *l = &limits[i];
		struct limit lim = {l->soft, l->hard};

		if ((l->resource == RLIMIT_NOFILE ? raise_files(l, err) : apply_one(l, &lim, err)) <
			0)
			return -1;
	}
	return 0;
}

int rlimits_apply_files(const struct rlimit_spec *limits, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct limit lim = {limits[i].soft, limits[i].hard};

		if (limits[i].resource == RLIMIT_NOFILE && apply_one(&limits[i], &lim, err) < 0)
			return -1;
	}
	return 0;
}
