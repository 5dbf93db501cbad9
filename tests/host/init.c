/*
 * The first program of the test machine. It loads the modules in /modules, lays a writable overlay
 * over the host's read-only root, mounts what a host has mounted, and runs the job: itself, or as a
 * service of systemd. What the machine's builder has to say comes as environment: the kernel hands
 * on the parameters that it does not know.
 *
 *   host_job      the script to run, a path in the host
 *   host_modules  where the host keeps the modules of this kernel
 *   host_units    systemd becomes process 1, with the units of this folder only
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/run/host/init"
#define JOB  "/run/host/job"
/* Units that outlast the machine: `systemctl --root=/scratch/root enable` takes and leaves them there. */
#define OF_DISK "/scratch/root/etc/systemd/system"

/* The machine's serial ports, by number. */
enum { PORT_OUT = 1, PORT_ERR, PORT_STATUS };

_Noreturn static void stop(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

/* The console is what is shown of a machine that failed. */
_Noreturn __attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
	int why = errno;
	va_list ap;
	FILE *log = fopen("/dev/kmsg", "we");

	if (log) {
		fputs("<3>init: ", log);
		va_start(ap, format);
		vfprintf(log, format, ap);
		va_end(ap);
		fprintf(log, ": %s\n", strerror(why));
		fclose(log);
	}
	stop();
}

struct fs {
	const char *type, *target;
	unsigned long flags;
	const char *options;
};

static void fs_mount(const struct fs *fs, size_t count)
{
	for (; count--; fs++) {
		mkdir(fs->target, 0755);
		if (mount(fs->type, fs->target, fs->type, fs->flags, fs->options) < 0)
			die("mount %s on %s", fs->type, fs->target);
	}
}

static void must_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const char *options)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, options) < 0)
		die("mount %s on %s", source, target);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("write %s", path);
	close(fd);
}

static void load_modules(void)
{
	char name[NAME_MAX + 16];
	FILE *list = fopen("/modules/order", "re");

	while (list && fscanf(list, "%255s", name) == 1) {
		int fd = open(name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			die("load %s", name);
		close(fd);
	}
	if (list)
		fclose(list);
}

/* Devices appear some time after their driver. */
static int open_late(const char *path, int flags)
{
	for (int i = 0; i < 5000; i++) {
		int fd = open(path, flags | O_CLOEXEC);

		if (fd >= 0)
			return fd;
		usleep(1000);
	}
	die("open %s", path);
}

static int open_port(int number)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/vport1p%d", number);
	return open_late(path, O_WRONLY);
}

static void write_all(int fd, const char *data, ssize_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, (size_t)len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
}

static pid_t start_job(int out, int err)
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"TERM=dumb", "LANG=C.UTF-8", NULL};
	pid_t pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup3(open("/dev/null", O_RDONLY), 0, 0);
	dup2(out, 1);
	dup2(err, 2);
	execle("/bin/bash", "bash", JOB, (char *)NULL, env);
	_exit(127);
}

/* Who is nobody's child any more is ours. Returns whether the job ended. */
static bool reap(int signals, pid_t job, int *status)
{
	struct signalfd_siginfo info;
	bool ended = false;
	pid_t pid;
	int s;

	while (read(signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
		if (pid == job) {
			*status = s;
			ended = true;
		}
	return ended;
}

/* Copies what the job says to the ports until it has ended and nothing is left in its pipes. What it
 * left running may hold those open: nobody waits for that. */
static int follow_job(void)
{
	static char buf[65536];
	int out[2], err[2], status = 0;
	int ports[2] = {open_port(PORT_OUT), open_port(PORT_ERR)};
	bool ended = false, idle = false;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		die("pipe");
	pid_t job = start_job(out[1], err[1]);
	close(out[1]);
	close(err[1]);
	struct pollfd from[3] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}, {signals, POLLIN, 0}};
	while (!ended || !idle) {
		idle = poll(from, 3, ended ? 0 : -1) <= 0;
		for (int i = 0; i < 2; i++) {
			if (!from[i].revents)
				continue;
			ssize_t n = read(from[i].fd, buf, sizeof(buf));
			if (n > 0)
				write_all(ports[i], buf, n);
			else
				from[i].fd = -1;
		}
		ended |= reap(signals, job, &status);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

_Noreturn static void run_job(void)
{
	int status = follow_job();

	dprintf(open_port(PORT_STATUS), "%d\n", status);
	stop();
}

/* The host's root below an overlay, this kernel's modules and the scratch disk in it. */
static void build_root(const char *modules)
{
	char path[PATH_MAX];
	struct utsname u;

	must_mount("host", "/host", "virtiofs", MS_RDONLY, NULL);
	must_mount("tmpfs", "/over", "tmpfs", 0, "mode=755");
	mkdir("/over/upper", 0755);
	mkdir("/over/work", 0755);
	must_mount("root", "/root", "overlay", 0,
		"lowerdir=/host,upperdir=/over/upper,workdir=/over/work");
	uname(&u);
	mkdir("/root/lib/modules", 0755);
	snprintf(path, sizeof(path), "/root/lib/modules/%s", u.release);
	mkdir(path, 0755);
	if (chdir("/host") < 0 || chdir(modules + 1) < 0)
		die("modules in %s", modules);
	must_mount(".", path, NULL, MS_BIND, NULL);
	close(open_late("/dev/vda", O_RDONLY));
	must_mount("/dev/vda", "/root/scratch", "ext4", 0, "prjquota");
	mkdir("/root/scratch/tmp", 0755);
	chmod("/root/scratch/tmp", 01777);
}

static void enter_root(void)
{
	must_mount("/dev", "/root/dev", NULL, MS_MOVE, NULL);
	must_mount("/proc", "/root/proc", NULL, MS_MOVE, NULL);
	must_mount("/sys", "/root/sys", NULL, MS_MOVE, NULL);
	if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
		chdir("/") < 0)
		die("change to the root");
	must_mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mkdir("/run/host", 0755);
	sethostname("testhost", 8);
}

static void enable_controllers(void)
{
	char names[512] = "", enable[1024];
	int fd = open("/sys/fs/cgroup/cgroup.controllers", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, names, sizeof(names) - 1) <= 0)
		die("the controllers of cgroup v2");
	close(fd);
	for (char *name = strtok(names, " \n"); name; name = strtok(NULL, " \n")) {
		snprintf(enable, sizeof(enable), "+%s", name);
		write_text("/sys/fs/cgroup/cgroup.subtree_control", enable);
	}
}

static void loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("the loopback interface");
	close(fd);
}

/* What udev and kmod do for a host: opening one of these makes the kernel load its driver. */
static void make_devices(void)
{
	mkdir("/dev/net", 0755);
	mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200));
	mknod("/dev/fuse", S_IFCHR | 0666, makedev(10, 229));
	mknod("/dev/loop-control", S_IFCHR | 0660, makedev(10, 237));
	if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("fd/0", "/dev/stdin") < 0 ||
		symlink("fd/1", "/dev/stdout") < 0 || symlink("fd/2", "/dev/stderr") < 0)
		die("links in /dev");
}

static void plain_host(void)
{
	enum { QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC };
	static const struct fs all[] = {
		{"cgroup2", "/sys/fs/cgroup", QUIET, "nsdelegate,memory_recursiveprot"},
		{"bpf", "/sys/fs/bpf", QUIET, "mode=700"},
		{"securityfs", "/sys/kernel/security", QUIET, NULL},
		{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666"},
		{"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
		{"mqueue", "/dev/mqueue", QUIET, NULL},
	};

	fs_mount(all, sizeof(all) / sizeof(*all));
	if (mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) < 0)
		die("share /");
	make_devices();
	enable_controllers();
	loopback_up();
}

/* systemd starts us again, by the unit that runs the job: the initramfs is out of its sight. */
static void copy_self(int self)
{
	int copy = open(SELF, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (copy < 0 || sendfile(copy, self, NULL, 1 << 30) <= 0)
		die("copy init");
	close(copy);
}

_Noreturn static void become_systemd(const char *units)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path),
		"SYSTEMD_UNIT_PATH=%s:" OF_DISK ":/run/systemd/control:/run/systemd/transient",
		units);
	char *env[] = {path, "SYSTEMD_GENERATOR_PATH=/nonexistent", NULL};
	/* sd_booted() looks for the folder; a container is told by the file. */
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/system", 0755);
	unlink("/.dockerenv");
	write_text("/etc/machine-id", "00000000000000000000000000000001\n");
	execle("/lib/systemd/systemd", "systemd", (char *)NULL, env);
	die("start systemd");
}

int main(int argc, char **argv)
{
	static const struct fs early[] = {
		{"devtmpfs", "/dev", 0, NULL},
		{"proc", "/proc", 0, NULL},
		{"sysfs", "/sys", 0, NULL},
	};
	const char *job = getenv("host_job"), *modules = getenv("host_modules"),
		   *units = getenv("host_units");
	int self;

	if (argc == 2 && !strcmp(argv[1], "--job"))
		run_job();
	fs_mount(early, sizeof(early) / sizeof(*early));
	if (!job || !modules) {
		errno = EINVAL;
		die("host_job and host_modules");
	}
	self = open("/init", O_RDONLY | O_CLOEXEC);
	load_modules();
	build_root(modules);
	enter_root();
	copy_self(self);
	if (symlink(job, JOB) < 0)
		die("make " JOB);
	if (units)
		become_systemd(units);
	plain_host();
	run_job();
}
