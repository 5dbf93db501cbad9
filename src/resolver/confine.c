#include "resolver/confine.h"

#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#error "the filter of ctr-resolver does not know this architecture"
#endif

#define WORD(field) (BPF_LD | BPF_W | BPF_ABS), 0, 0, offsetof(struct seccomp_data, field)
#define ALLOW(call)                                                                                \
	{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_##call},                                             \
	{                                                                                          \
		BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW                                           \
	}

static const struct sock_filter filter[] = {
	{WORD(arch)},
	{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	{WORD(nr)},
	ALLOW(recvfrom),
	ALLOW(sendto),
	ALLOW(ppoll),
	ALLOW(readlinkat),
	ALLOW(clock_gettime),
	ALLOW(close),
	ALLOW(connect),
	ALLOW(accept4),
	ALLOW(getrandom),
#ifdef SYS_fstat
	ALLOW(fstat),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat), /* which is fstat(2) to some libraries */
#endif
	ALLOW(restart_syscall),
	ALLOW(exit_group),
	/* socket(2) for the internet only. */
	{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_socket},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	{WORD(args[0])},
	{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_INET},
	{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, AF_INET6},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
};

enum { FILES_MAX = 512, MEMORY_MAX = 16 << 20 };

static int limit(int what, rlim_t most)
{
	const struct rlimit l = {most, most};

	return setrlimit(what, &l);
}

static int limits_set(void)
{
	if (limit(RLIMIT_NOFILE, FILES_MAX) < 0 || limit(RLIMIT_NPROC, 0) < 0 ||
		limit(RLIMIT_FSIZE, 0) < 0 || limit(RLIMIT_CORE, 0) < 0 ||
		limit(RLIMIT_MEMLOCK, 0) < 0)
		return -1;
	return limit(RLIMIT_AS, MEMORY_MAX);
}

/* Who is not root has no other ids to take. */
static int ids_take(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;
	return setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ? -1
								      : setresuid(uid, uid, uid);
}

static int capabilities_drop(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return (int)syscall(SYS_capset, &head, none);
}

static int filter_load(void)
{
	const struct sock_fprog program = {sizeof(filter) / sizeof(*filter),
		(struct sock_filter *)filter};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int confine(uint32_t uid, uint32_t gid)
{
	const pid_t parent = getppid();

	if (limits_set() < 0 || ids_take(uid, gid) < 0 || capabilities_drop() < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -1;
	/* A change of ids takes this back. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		return -1;
	return filter_load();
}
