/*
 * The bare floor: what the default isolation of a container costs when a program does only
 * that, for one root known to be friendly. Everything is by path and nothing is checked,
 * which no runtime may do; it is the measure a runtime is held against.
 *
 *   floor LOWER SCRATCH CGROUP FILTER ARGV...
 *
 * LOWER is a root with its mount points, SCRATCH a directory on disk, CGROUP a cgroup2
 * directory to make one in, FILTER a file of struct sock_filter or "-".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT
 * SETFCAP */
#define KEPT_CAPS 0x800405fbULL

enum { FLAGS_DEV = MS_NOSUID | MS_NOEXEC, FLAGS_PROC = MS_NOSUID | MS_NOEXEC | MS_NODEV };

static void must(int r, const char *what)
{
	if (r < 0)
		err(125, "floor: %s", what);
}

static void mount_new(const char *type, const char *target, unsigned long flags, const char *data)
{
	must(mount(type, target, type, flags, data), target);
}

static void make_node(const char *path, unsigned minor_of_mem, dev_t dev)
{
	must(mknod(path, S_IFCHR | 0666, dev ? dev : makedev(1, minor_of_mem)), path);
}

static void make_dev(void)
{
	mount_new("tmpfs", "dev", FLAGS_DEV, "size=64k,mode=755");
	make_node("dev/null", 3, 0);
	make_node("dev/zero", 5, 0);
	make_node("dev/full", 7, 0);
	make_node("dev/random", 8, 0);
	make_node("dev/urandom", 9, 0);
	make_node("dev/tty", 0, makedev(5, 0));
	must(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
	must(symlink("/proc/self/fd/0", "dev/stdin"), "dev/stdin");
	must(symlink("/proc/self/fd/1", "dev/stdout"), "dev/stdout");
	must(symlink("/proc/self/fd/2", "dev/stderr"), "dev/stderr");
	must(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
	must(mkdir("dev/pts", 0755), "dev/pts");
	must(mkdir("dev/shm", 01777), "dev/shm");
	must(mkdir("dev/mqueue", 01777), "dev/mqueue");
	mount_new("devpts", "dev/pts", FLAGS_DEV, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_new("tmpfs", "dev/shm", FLAGS_PROC, "mode=1777,size=64m");
	mount_new("mqueue", "dev/mqueue", FLAGS_PROC, NULL);
}

static void mask_paths(void)
{
	static const char *const masked[] = {"proc/acpi", "proc/asound", "proc/kcore", "proc/keys",
		"proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
		"sys/firmware", "proc/scsi"};
	static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
		"proc/sysrq-trigger"};

	for (size_t i = 0; i < sizeof(masked) / sizeof(*masked); i++)
		if (mount("dev/null", masked[i], NULL, MS_BIND, NULL) < 0 && errno == ENOTDIR)
			mount_new("tmpfs", masked[i], MS_RDONLY, "size=0k");
	for (size_t i = 0; i < sizeof(readonly) / sizeof(*readonly); i++) {
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) < 0)
			continue;
		must(mount(NULL, readonly[i], NULL, FLAGS_PROC | MS_BIND | MS_REMOUNT | MS_RDONLY,
			     NULL),
			readonly[i]);
	}
}

static void make_root(const char *lower, const char *stage, const char *upper, const char *work)
{
	char data[2048];

	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	mount_new("tmpfs", stage, 0, "mode=700");
	must(chdir(stage), stage);
	must(mkdir("root", 0755), "root");
	snprintf(data, sizeof(data), "volatile,lowerdir=%s,upperdir=%s,workdir=%s", lower, upper,
		work);
	mount_new("overlay", "root", 0, data);
	must(chdir("root"), "root");
	mount_new("proc", "proc", FLAGS_PROC, NULL);
	make_dev();
	mount_new("sysfs", "sys", FLAGS_PROC | MS_RDONLY, NULL);
	mount_new("cgroup2", "sys/fs/cgroup", FLAGS_PROC | MS_RDONLY, NULL);
	mask_paths();
	must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "old root");
	must(chdir("/"), "/");
}

static void loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &ifr), "lo up");
	close(fd);
}

static void drop_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)KEPT_CAPS, .permitted = (uint32_t)KEPT_CAPS}};

	for (int cap = 0; cap < 64; cap++)
		if (!(KEPT_CAPS >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	must((int)syscall(SYS_capset, &head, data), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void load_filter(int fd)
{
	static struct sock_filter code[BPF_MAXINSNS];
	ssize_t size = read(fd, code, sizeof(code));
	struct sock_fprog prog = {(unsigned short)((size_t)size / sizeof(*code)), code};

	must((int)size, "read filter");
	must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), "seccomp");
}

static void child(char **argv, const char *scratch, int filter)
{
	char stage[512], upper[512], work[512];

	snprintf(stage, sizeof(stage), "%s/stage", scratch);
	snprintf(upper, sizeof(upper), "%s/upper", scratch);
	snprintf(work, sizeof(work), "%s/work", scratch);
	make_root(argv[1], stage, upper, work);
	must(sethostname("floor", 5), "hostname");
	loopback_up();
	must(setsid(), "setsid");
	drop_caps();
	if (filter >= 0)
		load_filter(filter);
	must((int)syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC), "close_range");
	execv(argv[5], argv + 5);
	err(127, "floor: %s", argv[5]);
}

static void make_scratch(const char *scratch)
{
	must(mkdir(scratch, 0700), scratch);
	must(chdir(scratch), scratch);
	must(mkdir("stage", 0700), "stage");
	must(mkdir("upper", 0755), "upper");
	must(mkdir("work", 0700), "work");
}

static void remove_scratch(const char *scratch)
{
	must(unlink("work/work/incompat/volatile/dirty"), "dirty");
	must(rmdir("work/work/incompat/volatile"), "volatile");
	must(rmdir("work/work/incompat"), "incompat");
	must(rmdir("work/work"), "work/work");
	must(rmdir("work"), "work");
	must(rmdir("upper"), "upper");
	must(rmdir("stage"), "stage");
	must(rmdir(scratch), scratch);
}

static int run(char **argv, const char *scratch, int cgroup, int filter)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			 CLONE_NEWCGROUP | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	int status;

	if (!pid)
		child(argv, scratch, filter);
	must(pid, "clone3");
	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char scratch[256], cgroup[256];
	int filter = -1, cgroup_fd, status;

	if (argc < 6)
		errx(125, "usage: floor LOWER SCRATCH CGROUP FILTER ARGV...");
	snprintf(scratch, sizeof(scratch), "%s/%d", argv[2], getpid());
	snprintf(cgroup, sizeof(cgroup), "%s/floor-%d", argv[3], getpid());
	if (strcmp(argv[4], "-") != 0)
		must(filter = open(argv[4], O_RDONLY | O_CLOEXEC), argv[4]);
	must(mkdir(cgroup, 0755), cgroup);
	must(cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC), cgroup);
	make_scratch(scratch);
	status = run(argv, scratch, cgroup_fd, filter);
	remove_scratch(scratch);
	must(rmdir(cgroup), cgroup);
	return status;
}
