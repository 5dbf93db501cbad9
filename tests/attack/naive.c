/*
 * What the attacks are known to work on: a runtime as it would be written by somebody who trusts what is
 * in a container. Each word of its command line is one of its mistakes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Directories are made by their path, from the top. */
static void make_directories(const char *path)
{
	char part[4096];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);
}

static int private_mounts(void)
{
	return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

/* dev ROOT: fills ROOT/dev, whatever that is. */
static int dev(char **arg)
{
	static const char *const names[] = {"null", "zero", "full"};
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/dev/%s", arg[0], names[i]);
		close(open(path, O_WRONLY | O_CREAT, 0666));
		chmod(path, 0666);
	}
	snprintf(path, sizeof(path), "%s/dev/pts", arg[0]);
	return mkdir(path, 0755) < 0 ? fail(path) : 0;
}

/* mount ROOT SOURCE TARGET [COMMAND...]: binds what SOURCE leads to at what ROOT/TARGET leads to. */
static int mount_at(char **arg)
{
	char target[4096];

	if (private_mounts())
		return fail("unshare");
	snprintf(target, sizeof(target), "%s/%s", arg[0], arg[2]);
	make_directories(target);
	if (mount(arg[1], target, NULL, MS_BIND, NULL) < 0)
		return fail(target);
	return arg[3] ? execvp(arg[3], arg + 3) : 0;
}

/* proc ROOT: a procfs at what ROOT/proc leads to; says where that is. */
static int proc(char **arg)
{
	char target[4096], *real;

	if (private_mounts())
		return fail("unshare");
	snprintf(target, sizeof(target), "%s/proc", arg[0]);
	real = realpath(target, NULL);
	if (mount("proc", target, "proc", 0, NULL) < 0)
		return fail(target);
	puts(real);
	return 0;
}

/* late ROOT HOOK MOVED: has mounts made, a hook run in the host's namespace, and finds them by name again;
 * says what can be written in MOVED, and what is no terminal. */
static int late(char **arg)
{
	char path[4096];
	int go[2], status, fd;
	pid_t pid;

	if (pipe(go) < 0 || (pid = fork()) < 0)
		return fail("fork");
	if (pid == 0)
		_exit(read(go[0], path, 1) != 1 || system(arg[1]) != 0);
	if (private_mounts())
		return fail("unshare");
	snprintf(path, sizeof(path), "%s/proc", arg[0]);
	if (mount("proc", path, "proc", 0, NULL) < 0)
		return fail(path);
	snprintf(path, sizeof(path), "%s/dev/pts", arg[0]);
	make_directories(path);
	if (mount("devpts", path, "devpts", 0, "newinstance,ptmxmode=666") < 0)
		return fail(path);
	if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) < 0 || status)
		return fail(arg[1]);
	snprintf(path, sizeof(path), "%s/proc/sys", arg[0]);
	if (mount(path, path, NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return fail(path);
	snprintf(path, sizeof(path), "%s/dev/pts/ptmx", arg[0]);
	fd = open(path, O_RDWR | O_NOCTTY);
	if (fd >= 0 && !isatty(fd))
		puts("no terminal");
	snprintf(path, sizeof(path), "%s/sys/kernel/core_pattern", arg[2]);
	if (open(path, O_WRONLY | O_APPEND) >= 0)
		puts("writable");
	return 0;
}

/* cwd ROOT DIR COMMAND...: DIR is entered by name, with a directory of the host still open. */
static int cwd(char **arg)
{
	if (dup2(open("/", O_RDONLY | O_DIRECTORY), 7) < 0 || private_mounts() ||
		chroot(arg[0]) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0 ||
		chdir(arg[1]) < 0)
		return fail(arg[1]);
	execv(arg[2], arg + 2);
	return fail(arg[2]);
}

static int join(const char *pid, const char *ns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || setns(fd, 0) < 0 ? fail(path) : 0;
}

/* exec PID COMMAND...: by the very program that the host has. */
static int exec(char **arg)
{
	int status = 1;
	pid_t pid;

	if (join(arg[0], "pid") || join(arg[0], "mnt"))
		return 1;
	pid = fork();
	if (pid == 0) {
		/* With no more rights than those inside have: they may look at it. */
		for (int cap = 0; cap < 64; cap++)
			if (cap != CAP_KILL && cap != CAP_CHOWN)
				prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
		execv(arg[1], arg + 1);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* enter PID: joins users and processes, and goes on as a program with descriptors of the host's. */
static int enter(char **arg)
{
	int host = open("/", O_RDONLY | O_DIRECTORY), status;
	pid_t pid;

	if (host < 0 || join(arg[0], "user") || join(arg[0], "pid"))
		return 1;
	pid = fork();
	if (pid == 0) {
		if (setgid(0) < 0 || setuid(0) < 0)
			_exit(fail("setuid"));
		execl("/proc/self/exe", "naive", NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) < 0;
}

/* passwd ROOT: all of it, however long that takes. */
static int passwd(char **arg)
{
	char path[4096], *text = NULL;
	size_t size = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/etc/passwd", arg[0]);
	fd = open(path, O_RDONLY);
	do {
		text = realloc(text, size + (1 << 20));
		if (!text)
			return fail("realloc");
		n = read(fd, text + size, 1 << 20);
		size += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return 0;
}

/* user TEXT: the id that it is taken for. */
static int user(char **arg)
{
	printf("%u\n", (unsigned)atol(arg[0]));
	return 0;
}

/* kill PID SIGNAL: whoever that is by now. */
static int signal_it(char **arg)
{
	return kill(atoi(arg[0]), atoi(arg[1])) < 0 ? fail("kill") : 0;
}

/* stop PID: asks it to end, and waits until it has. */
static int stop(char **arg)
{
	if (kill(atoi(arg[0]), SIGTERM) < 0)
		return fail("kill");
	while (kill(atoi(arg[0]), 0) == 0)
		usleep(10000);
	return 0;
}

/* claim FILE: looks, and then makes it. */
static int claim(char **arg)
{
	if (access(arg[0], F_OK) == 0)
		return 1;
	usleep(50000);
	return open(arg[0], O_WRONLY | O_CREAT, 0600) < 0 ? fail(arg[0]) : 0;
}

static void map_ids(pid_t pid, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0 2000000000 65536", 18) != 18)
		_exit(fail(path));
	close(fd);
}

/* users COMMAND...: in a user namespace with ids of its own, which root makes, with terminals without end. */
static int users(char **arg)
{
	int made[2], mapped[2];
	pid_t pid;
	char byte;

	if (pipe(made) < 0 || pipe(mapped) < 0 || (pid = fork()) < 0)
		return fail("fork");
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || write(made[1], "", 1) != 1 ||
			read(mapped[0], &byte, 1) != 1 || setresgid(0, 0, 0) < 0 ||
			setresuid(0, 0, 0) < 0 ||
			mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
			_exit(fail("users"));
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(arg[0], arg);
		_exit(fail(arg[0]));
	}
	if (read(made[0], &byte, 1) == 1) {
		map_ids(pid, "uid_map");
		map_ids(pid, "gid_map");
	}
	return write(mapped[1], "", 1) != 1 || waitpid(pid, NULL, 0) < 0 ? fail("users") : 0;
}

static const struct {
	const char *name;
	int (*run)(char **arg);
	int args;
} mistakes[] = {
	{"dev", dev, 1},
	{"mount", mount_at, 3},
	{"proc", proc, 1},
	{"late", late, 3},
	{"cwd", cwd, 3},
	{"exec", exec, 2},
	{"enter", enter, 1},
	{"passwd", passwd, 1},
	{"user", user, 1},
	{"kill", signal_it, 2},
	{"stop", stop, 1},
	{"claim", claim, 1},
	{"users", users, 1},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		if (strcmp(argv[1], mistakes[i].name) == 0 && argc - 2 >= mistakes[i].args)
			return mistakes[i].run(argv + 2);
	/* Executed inside by its own link, it is there for a moment, as any program. */
	usleep(20000);
	return 2;
}
