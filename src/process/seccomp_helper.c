#include "process/seccomp_helper.h"

#include "base/program.h"

#include "base/fd.h"
#include "base/spawn.h"
#include "process/seccomp_option.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define PROGRAM "ctr-seccomp"

enum { OUTPUT_MAX = sizeof(uint64_t) + BPF_MAXINSNS * sizeof(struct sock_filter) };

const char *seccomp_helper_dir;

static bool helper_at(struct seccomp_helper *h, const char *dir)
{
	struct stat st;
	int n = snprintf(h->path, sizeof(h->path), "%s/" PROGRAM, dir);

	if (n < 0 || (size_t)n >= sizeof(h->path) || stat(h->path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	h->size = st.st_size;
	h->changed_ns = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec;
	return true;
}

static bool own_folder(char *buf, size_t size)
{
	char *slash;

	if (program_self(buf, size) < 0)
		return false;
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

int seccomp_helper_find(struct seccomp_helper *ret, struct err *err)
{
	char dir[4096];
	bool known = seccomp_helper_dir || own_folder(dir, sizeof(dir));

	if (known && helper_at(ret, seccomp_helper_dir ? seccomp_helper_dir : dir))
		return 0;
	if (helper_at(ret, CTR_LIBEXEC))
		return 0;
	err_set(err, "cannot find " PROGRAM ", which compiles seccomp profiles");
	return err_hint(err, "it belongs beside ctr or into " CTR_LIBEXEC);
}

void seccomp_helper_describe(const struct seccomp_helper *helper, const struct seccomp_terms *terms,
	char params[256])
{
	char words[32];

	unsigned major = 0, minor = 0;
	struct utsname u = {0};

	seccomp_options_format(terms->options, words);
	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	memset(params, 0, 256);
	snprintf(params, 256,
		"ctr %s helper %" PRId64 " %" PRId64 " machine %.32s linux %u.%u "
		"caps %" PRIx64 " options %s%s",
		CTR_VERSION, helper->size, helper->changed_ns, u.machine, major, minor, terms->caps,
		words, terms->listener ? " listener" : "");
}

/* Files in memory instead of pipes: no side can make the other wait. */
struct streams {
	int in, out, log;
};

static void streams_close(struct streams *s)
{
	fd_cleanup(&s->in);
	fd_cleanup(&s->out);
	fd_cleanup(&s->log);
}

static int streams_open(struct streams *s, const char *profile, size_t len)
{
	s->in = memfd_create("profile", MFD_CLOEXEC);
	s->out = memfd_create("program", MFD_CLOEXEC);
	s->log = memfd_create("messages", MFD_CLOEXEC);
	if (s->in < 0 || s->out < 0 || s->log < 0 || fd_write_all(s->in, profile, len) < 0)
		return -1;
	return lseek(s->in, 0, SEEK_SET) < 0 ? -1 : 0;
}

static int run(const struct streams *s, const char *path, char **argv, pid_t *ret)
{
	static char *const no_env[] = {NULL};
	const struct spawning how = {
		.path = path,
		.argv = argv,
		.env = no_env,
		.fds = {{s->in, STDIN_FILENO}, {s->out, STDOUT_FILENO}, {s->log, STDERR_FILENO}},
		.fd_count = 3,
	};

	return spawn(&how, ret);
}

static int wait_for(pid_t pid, int *ret)
{
	pid_t r;

	do
		r = waitpid(pid, ret, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : 0;
}

/* The first line that the helper has logged. Its length, or -1. */
static ssize_t line_take(int log, char *text, size_t size)
{
	ssize_t n = lseek(log, 0, SEEK_SET) < 0 ? -1 : fd_read_all(log, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n;
}

static const char *without(const char *prefix, const char *text)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? text : text + len;
}

static int message_take(int log, const char *what, int status, struct err *err)
{
	char text[600];
	ssize_t n = line_take(log, text, sizeof(text));

	if (n <= 0 && WIFSIGNALED(status))
		return err_set(err, "%s: " PROGRAM " was killed by signal %d", what,
			WTERMSIG(status));
	if (n <= 0)
		return err_set(err, "%s: " PROGRAM " failed without a message", what);
	return err_set(err, "%s", without(PROGRAM ": ", text));
}

static int output_take(int out, const char *what, struct seccomp_program_bytes *ret,
	struct err *err)
{
	autofree char *buf = malloc(OUTPUT_MAX + 1);
	ssize_t n;

	if (!buf || lseek(out, 0, SEEK_SET) < 0)
		return err_sys(err, "%s", what);
	n = fd_read_all(out, buf, OUTPUT_MAX + 1);
	if (n < 0)
		return err_sys(err, "%s: read from " PROGRAM, what);
	if (n <= (ssize_t)sizeof(uint64_t) || n > OUTPUT_MAX ||
		(size_t)n % sizeof(struct sock_filter))
		return err_set(err, "%s: " PROGRAM " wrote %zd bytes, which is no program", what,
			n);
	memcpy(&ret->flags, buf, sizeof(uint64_t));
	ret->bytes = buf + sizeof(uint64_t);
	ret->len = (size_t)n - sizeof(uint64_t);
	ret->owned = take_ptr(&buf);
	return 0;
}

int seccomp_helper_run(const struct seccomp_helper *helper, const char *what, const char *profile,
	size_t len, const struct seccomp_terms *terms, struct seccomp_program_bytes *ret,
	struct err *err)
{
	__attribute__((cleanup(streams_close))) struct streams s = {-1, -1, -1};
	char hex[17], words[32], note[sizeof(ret->note) + 16];
	char *argv[] = {(char *)PROGRAM, (char *)"--with-flags", (char *)"--caps", hex,
		(char *)"--options", words, (char *)"--name", (char *)what,
		terms->listener ? (char *)"--listener" : NULL, NULL};
	int status;
	pid_t pid;

	snprintf(hex, sizeof(hex), "%" PRIx64, terms->caps);
	seccomp_options_format(terms->options, words);
	if (streams_open(&s, profile, len) < 0)
		return err_sys(err, "%s: hand it to " PROGRAM, what);
	if (run(&s, helper->path, argv, &pid) < 0)
		return err_sys(err, "run %s", helper->path);
	if (wait_for(pid, &status) < 0)
		return err_sys(err, "wait for " PROGRAM);
	if (status != 0)
		return message_take(s.log, what, status, err);
	if (output_take(s.out, what, ret, err) < 0)
		return -1;
	line_take(s.log, note, sizeof(note));
	snprintf(ret->note, sizeof(ret->note), "%s", without("ctr: warning: ", note));
	return 0;
}
