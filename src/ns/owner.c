#include "ns/owner.h"

#include "ns/idmap.h"
#include "ns/rights.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY_NEW = -1 };

/* What a caller does to a container, and may do as the owner of its namespace without having it. */
static const int needed[] = {CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_NET_ADMIN,
	CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_ADMIN};

struct caps {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct data[2];
};

static int caps_get(struct caps *ret, struct err *err)
{
	*ret = (struct caps){.head = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return syscall(SYS_capget, &ret->head, ret->data) == 0
		       ? 0
		       : err_sys(err, "cannot see our capabilities");
}

static bool has_needed(const struct caps *have)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(have->data[needed[i] / 32].effective >> (needed[i] % 32) & 1))
			return false;
	return true;
}

static int reaches_others(bool *ret, struct err *err)
{
	struct caps have;
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return err_sys(err, "cannot see who we are");
	if (caps_get(&have, err) < 0)
		return -1;
	*ret = !real && !effective && !saved && has_needed(&have);
	return 0;
}

static bool is_ours(uint32_t uid)
{
	return uid >= IDMAP_FIRST && uid < idmap_range_base(IDMAP_RANGES);
}

/* An id of the range that no container gets. Most maps get one of their own, so that what they use is counted
 * apart. */
static uint32_t nobodys(uint32_t uid)
{
	return idmap_range_base(IDMAP_RANGES) + ((uid ^ uid >> 16) & 0xffff);
}

int ns_owner_choose(const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct ns_owner *ret, struct err *err)
{
	uint32_t uid, gid;
	bool reaches = false;

	*ret = (struct ns_owner){.uid = 0};
	if (nuids == 0 || rights_get() != RIGHTS_HOST)
		return 0;
	if (!id_map_find(uids, nuids, 0, &uid))
		uid = uids[0].outside;
	if (!id_map_find(gids, ngids, 0, &gid))
		gid = ngids ? gids[0].outside : 0;
	if (reaches_others(&reaches, err) < 0)
		return -1;
	if (reaches)
		*ret = (struct ns_owner){
			.uid = is_ours(uid) ? uid : nobodys(uid),
			.files_uid = uid,
			.files_gid = gid,
		};
	return 0;
}

/* Leaving id 0 takes the effective capabilities, but not the permitted ones, as the saved id stays. */
static int regain_caps(struct err *err)
{
	struct caps have;

	if (caps_get(&have, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		have.data[i].effective = have.data[i].permitted;
	return syscall(SYS_capset, &have.head, have.data) == 0
		       ? 0
		       : err_sys(err, "cannot keep our capabilities as another user");
}

/* These two calls say nothing of a failure: they return what was there before. */
static int set_files_id(long call, uint32_t id, struct err *err)
{
	syscall(call, id);
	return (uint32_t)syscall(call, -1) == id ? 0 : err_sys(err, "cannot make files as %u", id);
}

/* The kernel takes what it is here for the limit of the whole namespace; but for a caller whose real user
 * is root, who has none. */
static int limit_processes(uint64_t n, struct err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0)
		return err_sys(err, "cannot see how many processes there may be");
	limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
	return setrlimit(RLIMIT_NPROC, &limit) == 0
		       ? 0
		       : err_sys(err, "cannot limit processes to %llu", (unsigned long long)n);
}

int ns_owner_become(const struct ns_owner *owner, struct ns_caller *ret, struct err *err)
{
	const uid_t real = owner->processes ? owner->uid : (uid_t)NOBODY_NEW;
	struct err second;

	*ret = (struct ns_caller){.real = getuid(), .dumpable = prctl(PR_GET_DUMPABLE)};
	if (ret->dumpable < 0 || prctl(PR_GET_PDEATHSIG, &ret->death_signal) < 0 ||
		getrlimit(RLIMIT_NPROC, &ret->processes) < 0)
		return err_sys(err, "cannot see what we are");
	if (syscall(SYS_setresuid, real, owner->uid, NOBODY_NEW) < 0)
		return err_sys(err, "cannot become the owner of the container's ids");
	if (regain_caps(err) == 0 &&
		(!owner->processes || limit_processes(owner->processes, err) == 0) &&
		(owner->files_uid == owner->uid ||
			set_files_id(SYS_setfsuid, owner->files_uid, err) == 0) &&
		set_files_id(SYS_setfsgid, owner->files_gid, err) == 0)
		return 0;
	ns_owner_leave(ret, false, &second);
	return -1;
}

/* A child that cannot be seen by its own user could not see itself in procfs. */
int ns_owner_leave(const struct ns_caller *caller, bool child, struct err *err)
{
	if (!child && syscall(SYS_setresuid, caller->real, 0, NOBODY_NEW) < 0)
		return err_sys(err, "cannot be root again");
	if (!child && set_files_id(SYS_setfsgid, getegid(), err) < 0)
		return -1;
	if (setrlimit(RLIMIT_NPROC, &caller->processes) < 0)
		return err_sys(err, "cannot have as many processes as before");
	if (caller->dumpable == 1 && prctl(PR_SET_DUMPABLE, 1) < 0)
		return err_sys(err, "cannot be seen as before");
	if (!child && caller->death_signal && prctl(PR_SET_PDEATHSIG, caller->death_signal) < 0)
		return err_sys(err, "cannot be tied to our parent as before");
	return 0;
}
