#include "image/child.h"

#include "base/fd.h"
#include "base/program.h"
#include "image/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifdef __SANITIZE_ADDRESS__
/* AddressSanitizer's allocator reserves far more than it touches. */
#define DATA_MAX RLIM_INFINITY
#else
#define DATA_MAX (768UL << 20)
#endif

/* A descriptor for each layer below the one that is unpacked, and one for where each is looked into. */
static void raise_open_files(void)
{
	enum { WANTED = 2048 };
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= WANTED)
		return;
	r.rlim_cur = r.rlim_max < WANTED ? r.rlim_max : WANTED;
	setrlimit(RLIMIT_NOFILE, &r);
}

static void limit_memory(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_DATA, &r) < 0 || r.rlim_cur <= DATA_MAX)
		return;
	r.rlim_cur = DATA_MAX;
	setrlimit(RLIMIT_DATA, &r);
}

void child_limit_ourselves(void)
{
	raise_open_files();
	limit_memory();
}

static void lift_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_DATA, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_DATA, &r);
	}
}

static void become(char *const argv[], int out, int kept, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	lift_limit();
	program_reset_signals();
	if (dup2(out, STDOUT_FILENO) < 0 || fd_close_others(3, &kept, 1) < 0)
		_exit(1);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int child_start(const char *name, char *const argv[], int kept, struct child *ret, struct err *err)
{
	pid_t parent = getpid();
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe for %s", name);
	fcntl(p[0], F_SETPIPE_SZ, 1 << 20);
	ret->name = name;
	ret->tolerated = 0;
	ret->out = p[0];
	ret->pid = fork();
	if (ret->pid == 0)
		become(argv, p[1], kept, parent);
	close(p[1]);
	if (ret->pid > 0)
		return 0;
	close(p[0]);
	return err_sys(err, "start %s", name);
}

int child_start_tar(int dir, struct child *ret, struct err *err)
{
	char path[40];
	char *const argv[] = {"tar", "--create", "--numeric-owner", "--one-file-system", "--sparse",
		"--sort=name", "--format=posix", "--xattrs", "--xattrs-include=user.*",
		"--xattrs-include=security.capability", "--pax-option=delete=atime,delete=ctime",
		"-C", path, ".", NULL};
	autofd int kept = dup(dir);

	snprintf(path, sizeof(path), "/dev/fd/%d", kept);
	if (kept < 0)
		return err_sys(err, "start tar");
	if (child_start("tar", argv, kept, ret, err) < 0)
		return -1;
	ret->tolerated = 1;
	return 0;
}

/* The recipe that goes on after its output has ended is stopped like us. */
static int wait_for(struct child *c)
{
	struct err interrupted;
	int status = -1;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		if (interrupt_check(&interrupted) < 0)
			kill(c->pid, SIGTERM);
	c->pid = -1;
	close(c->out);
	c->out = -1;
	return status;
}

int child_finish(struct child *c, struct err *err)
{
	int status = wait_for(c);

	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == c->tolerated))
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, "%s was ended by signal %d (%s)", c->name, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return err_set(err, "%s failed with status %d", c->name, WEXITSTATUS(status));
}

void child_blame(struct child *c, struct err *err)
{
	struct pollfd p = {.fd = c->out, .events = POLLIN};
	struct err own = {0};

	if (c->pid <= 0 || poll(&p, 1, 0) != 1 || (p.revents & POLLIN))
		return;
	if (child_finish(c, &own) < 0)
		*err = own;
}

/* Closes its output first, so that a writer gets SIGPIPE and can tidy up after itself. */
void child_stop(struct child *c)
{
	if (c->pid <= 0)
		return;
	if (c->out >= 0)
		close(c->out);
	c->out = -1;
	kill(c->pid, SIGTERM);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = -1;
}
