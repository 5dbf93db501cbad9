#include "check/probe.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "base/program.h"
#include "check/attempt.h"
#include "check/host.h"
#include "process/seccomp.h"
#include "spec/capname.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))

const char *probe_state_name(enum probe_state s)
{
	static const char *const names[] = {
		[PROBE_OK] = "ok",
		[PROBE_LIMITED] = "limited",
		[PROBE_MISSING] = "missing",
	};

	return names[s];
}

static struct probe *add(struct probes *p, const char *feature, enum probe_state state)
{
	struct probe *row = &p->items[p->count < PROBES_MAX ? p->count++ : PROBES_MAX - 1];

	*row = (struct probe){.state = state};
	snprintf(row->feature, sizeof(row->feature), "%s", feature);
	return row;
}

void probe_say(struct probes *p, const char *feature, enum probe_state state, const char *fmt, ...)
{
	struct probe *row = add(p, feature, state);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->detail, sizeof(row->detail), fmt, ap);
	va_end(ap);
}

void probe_cure(struct probes *p, const char *fmt, ...)
{
	struct probe *row = &p->items[p->count - 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->cure, sizeof(row->cure), fmt, ap);
	va_end(ap);
}

bool probe_told(struct probes *p, const char *feature, enum probe_state otherwise, int r,
	const struct err *err, const char *fmt, ...)
{
	struct probe *row = add(p, feature, r < 0 ? otherwise : PROBE_OK);
	va_list ap;

	if (r < 0) {
		snprintf(row->detail, sizeof(row->detail), "%s", err->text);
		snprintf(row->cure, sizeof(row->cure), "%s", err->hint);
		return false;
	}
	va_start(ap, fmt);
	vsnprintf(row->detail, sizeof(row->detail), fmt, ap);
	va_end(ap);
	return true;
}

/* A number of /proc/self/status; key is "\nCapEff:" or another line. */
static uint64_t status_number(const char *key, int base)
{
	char text[8192];
	const char *line;

	if (file_peek(AT_FDCWD, "/proc/self/status", text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, base) : 0;
}

static void probe_rights(struct probes *p)
{
	const uint64_t needed = BIT(CAP_SYS_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
				BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
				BIT(CAP_MKNOD);
	const uint64_t useful = BIT(CAP_SYS_RESOURCE) | BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_PTRACE) |
				BIT(CAP_KILL) | BIT(CAP_SETPCAP) | BIT(CAP_SETFCAP);
	uint64_t has = status_number("\nCapEff:", 16);
	char names[CAPS_TEXT_SIZE];

	if (needed & ~has)
		probe_say(p, "rights", PROBE_MISSING, "user %u lacks %s", geteuid(),
			caps_format(needed & ~has, names));
	else if (useful & ~has)
		probe_say(p, "rights", PROBE_LIMITED, "user %u lacks %s", geteuid(),
			caps_format(useful & ~has, names));
	else
		probe_say(p, "rights", PROBE_OK, "user %u with all capabilities that are needed",
			geteuid());
	if ((needed | useful) & ~has)
		probe_cure(p, "run ctr as root, outside of other containers");
}

static void probe_kernel(struct probes *p)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return probe_say(p, "kernel", PROBE_LIMITED, "of unknown version");
	if (major > 6 || (major == 6 && minor >= 1))
		return probe_say(p, "kernel", PROBE_OK, "Linux %s, %s", u.release, u.machine);
	probe_say(p, "kernel", PROBE_LIMITED,
		"Linux %s is older than 6.1, the oldest that ctr is "
		"tested on",
		u.release);
	probe_cure(p, "install a newer kernel");
}

static void probe_space(struct probes *p, const struct store *store)
{
	const uint64_t few_bytes = UINT64_C(1) << 30, few_inodes = 20000;
	char type[HOST_NAME_SIZE], text[16] = "";
	uint64_t bytes = UINT64_MAX, inodes = UINT64_MAX;
	bool known = host_space(store->root_fd, &bytes, &inodes) == 0;

	host_filesystem(store->root_fd, type);
	if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0) {
		probe_say(p, "store", PROBE_LIMITED, "%s on %s is gone after a restart",
			store->root, type);
		return probe_cure(p, "put CTR_ROOT on a disk");
	}
	if (bytes < few_bytes || inodes < few_inodes) {
		probe_say(p, "store", PROBE_LIMITED, "%s on %s has room for %s and %llu files only",
			store->root, type, size_format(bytes, text), (unsigned long long)inodes);
		return probe_cure(p, "remove what is not needed (ctr rm, ctr image gc), or put "
				     "CTR_ROOT on a larger disk");
	}
	probe_say(p, "store", PROBE_OK, "%s on %s, %s free", store->root, type,
		known ? size_format(bytes, text) : "unknown space");
}

/* The directory of a probe, locked so that two do not meet. -1 with err. */
static int scratch_open(const struct store *store, struct err *err)
{
	for (;;) {
		autofd int fd = -1;
		struct stat st;

		if (mkdirat(store->root_fd, ".check", 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make a directory in %s", store->root);
		fd = openat(store->root_fd, ".check",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
			return err_sys(err, "lock %s/.check", store->root);
		if (st.st_nlink == 0)
			continue;
		/* Left by one that was killed. */
		if (tree_remove(fd, "lower", err) < 0 || tree_remove(fd, "upper", err) < 0 ||
			tree_remove(fd, "work", err) < 0)
			return -1;
		return take_fd(&fd);
	}
}

static void probe_store(struct probes *p, const struct store *store)
{
	struct err err = {0};
	autofd int dir = scratch_open(store, &err);

	if (dir < 0) {
		probe_told(p, "store", PROBE_MISSING, -1, &err, "%s", "");
		return;
	}
	probe_cgroup(p);
	probe_root(p, dir);
	if (tree_remove(store->root_fd, ".check", &err) < 0)
		probe_told(p, "store", PROBE_LIMITED, -1, &err, "%s", "");
}

/* In a process of its own: the filter stays for ever. */
static int load_filter(const struct attempt *t, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (seccomp_apply(t->arg, err) < 0)
		return -1;
	return syscall(SYS_getppid) < 0 ? err_sys(err, "make a system call under the filter") : 0;
}

static void probe_seccomp(struct probes *p)
{
	const struct process_spec process = {.caps = {[CAPSET_BOUNDING] = caps_default()}};
	struct seccomp_filter filter;
	struct attempt t = {.cgroup_fd = -1, .run = load_filter, .arg = &filter};
	struct err err = {0};
	int r = seccomp_resolve(&process, -1, &filter, &err);

	if (r == 0) {
		r = attempt_run(&t, &err);
		seccomp_free(&filter);
	}
	if (probe_told(p, "seccomp", PROBE_MISSING, r, &err, "the default filter loads"))
		return;
	if (status_number("\nSeccomp:", 10) > 0)
		probe_cure(p, "run ctr outside of this container, whose own filter denies it");
	else if (err.sys == EINVAL || err.sys == ENOSYS)
		probe_cure(p, "use a kernel with CONFIG_SECCOMP_FILTER");
}

static int use_pidfd(struct err *err)
{
	autofd int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return err_sys(err, "cannot open a process by descriptor");
	if (syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0)
		return err_sys(err, "cannot send a signal by descriptor");
	return 0;
}

static int use_inotify(struct err *err)
{
	autofd int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0)
		return 0;
	err_sys(err, "cannot watch files, which logs -f and wait do");
	return err->sys == EMFILE ? err_hint(err, "raise /proc/sys/fs/inotify/max_user_instances")
				  : -1;
}

static void probe_process(struct probes *p)
{
	struct err err = {0};
	int r = use_pidfd(&err);

	probe_told(p, "pidfd", PROBE_MISSING, r, &err, "processes are held by descriptor");
	probe_seccomp(p);
	r = use_inotify(&err);
	probe_told(p, "inotify", PROBE_LIMITED, r, &err, "up to %llu at a time",
		(unsigned long long)host_number("/proc/sys/fs/inotify/max_user_instances"));
}

static void probe_programs(struct probes *p)
{
	static const char *const programs[] = {"ctr-init", "ctr-supervisor", "ctr-image",
		"ctr-seccomp", "ctr-scope", "ctr-net", "ctr-nftables", "ctr-resolver"};
	char path[4096];
	struct err err = {0};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		int r = program_path(programs[i], path, sizeof(path), &err);

		probe_told(p, programs[i], PROBE_LIMITED, r, &err, "%.300s", path);
	}
}

static void probe_mac(struct probes *p)
{
	char mac[HOST_NAME_SIZE];

	host_mac(mac);
	probe_say(p, "security modules", PROBE_OK, "%s",
		*mac ? mac : "neither AppArmor nor SELinux, and none is needed");
}

/* Without it nearly everything else would seem to be missing, too. */
static bool probe_proc(struct probes *p)
{
	struct statfs fs;

	if (statfs("/proc", &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return true;
	probe_say(p, "/proc", PROBE_MISSING,
		"no proc is mounted there, so that the rest cannot be told");
	probe_cure(p, "mount -t proc proc /proc");
	return false;
}

void probe_host(const struct store *store, const struct err *store_err, struct probes *ret)
{
	ret->count = 0;
	if (!probe_proc(ret))
		return;
	probe_rights(ret);
	probe_kernel(ret);
	if (store) {
		probe_space(ret, store);
		probe_store(ret, store);
	} else {
		probe_told(ret, "store", PROBE_MISSING, -1, store_err, "%s", "");
	}
	probe_process(ret);
	probe_net(ret);
	probe_mac(ret);
	probe_programs(ret);
}
