#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A program on a detached mount shows as "/": then whoever put it there has left its path. */
int program_self(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	const char *origin = getenv(PROGRAM_ORIGIN);

	if (n <= 0)
		return -1;
	ret[n] = '\0';
	if (strchr(ret + 1, '/') || !origin)
		return 0;
	return (size_t)snprintf(ret, size, "%s", origin) < size ? 0 : -1;
}

int program_path(const char *name, char *ret, size_t size, struct err *err)
{
	char *slash;

	if (program_self(ret, size) < 0) {
		err_sys(err, "cannot find the program %s", name);
		return errno == ENOENT ? err_hint(err, "mount -t proc proc /proc") : -1;
	}
	slash = strrchr(ret, '/');
	if (slash && (size_t)(slash + 1 - ret) + strlen(name) < size) {
		strcpy(slash + 1, name);
		if (access(ret, X_OK) == 0)
			return 0;
	}
	if ((size_t)snprintf(ret, size, "%s/%s", CTR_LIBEXEC, name) < size &&
		access(ret, X_OK) == 0)
		return 0;
	err_set(err, "cannot find the program %s", name);
	return err_hint(err, "it belongs beside ctr, or in %s", CTR_LIBEXEC);
}

/* Nobody else has /dev/null like this, for output or at all; a copy of ours that we execute knows it again. */
enum { CLOSED_OUTPUT = O_RDONLY | O_NONBLOCK };

static void open_streams(enum program_closed closed)
{
	const int output = closed == CLOSED_REFUSES ? CLOSED_OUTPUT : O_RDWR;
	struct pollfd p[3] = {{STDIN_FILENO, 0, 0}, {STDOUT_FILENO, 0, 0}, {STDERR_FILENO, 0, 0}};

	if (poll(p, 3, 0) <= 0)
		return;
	/* In this order the one that is opened is the one that is missing. */
	for (int i = 0; i < 3; i++)
		if ((p[i].revents & POLLNVAL) && open("/dev/null", i ? output : O_RDWR) < 0)
			_exit(ERR_STATUS_OURS);
}

bool program_output_is_closed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) &&
	       (fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == CLOSED_OUTPUT;
}

static mode_t users_umask = 022;

void program_set_umask(void)
{
	users_umask = umask(022);
}

mode_t program_users_umask(void)
{
	return users_umask;
}

void program_inherit_nothing(enum program_closed closed)
{
	sigset_t none;

	open_streams(closed);
	program_set_umask();
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static struct {
	char *text;
	size_t len;
} shown;

/* The kernel has them side by side. */
char **program_own_arguments(int argc, char **argv)
{
	size_t words = ((size_t)argc + 1) * sizeof(*argv);
	size_t len = argc ? (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1 : 0;
	char **own = argc ? malloc(words + len) : NULL;

	if (!own)
		return argv;
	memcpy((char *)own + words, argv[0], len);
	for (int i = 0; i < argc; i++)
		own[i] = (char *)own + words + (argv[i] - argv[0]);
	own[argc] = NULL;
	shown.text = argv[0];
	shown.len = len;
	return own;
}

void program_hide_arguments(void)
{
	size_t name = shown.len ? strlen(shown.text) + 1 : 0;

	if (shown.len > name)
		memset(shown.text + name, 0, shown.len - name);
}

bool program_heeds_signal(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) < 0 || now.sa_handler != SIG_IGN;
}

void program_heeded_signals(const int *sigs, size_t n, sigset_t *ret)
{
	sigemptyset(ret);
	for (size_t i = 0; i < n; i++)
		if (program_heeds_signal(sigs[i]))
			sigaddset(ret, sigs[i]);
}

void program_end_unread(const struct err *err)
{
	struct pollfd p = {STDOUT_FILENO, POLLOUT, 0};

	if ((err->sys != EPIPE && !ferror(stdout)) || poll(&p, 1, 0) != 1 || !(p.revents & POLLERR))
		return;
	program_reset_signals();
	kill(getpid(), SIGPIPE);
}

static bool interrupted;

void program_took_signal(int sig)
{
	interrupted = interrupted || sig == SIGINT;
}

void program_end_interrupted(int status)
{
	if (!interrupted || status != 128 + SIGINT)
		return;
	program_reset_signals();
	kill(getpid(), SIGINT);
}

void program_reset_signals(void)
{
	static const uint64_t default_action[4]; /* the kernel's struct sigaction: SIG_DFL is 0 */
	sigset_t none;

	/* Not by the library, which keeps two for itself and leaves them as they were. */
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, default_action, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
