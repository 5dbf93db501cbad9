#include "console/console.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What the signal handler restores. */
static struct console *volatile current;

static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
	SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGSYS};

/* The disposition is the default one again (SA_RESETHAND), and the signal is delivered on return. */
static void restore_and_die(int sig)
{
	struct console *c = current;

	if (c && c->fd >= 0)
		tcsetattr(c->fd, TCSANOW, &c->saved);
	raise(sig);
}

/* Replaces `from` by `to` where it is what is set: other people's handlers stay. */
static void handlers_replace(void (*from)(int), void (*to)(int))
{
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
		struct sigaction old, new = {.sa_handler = to, .sa_flags = (int)SA_RESETHAND};

		if (sigaction(fatal[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
			old.sa_handler == from)
			sigaction(fatal[i], &new, NULL);
	}
}

static bool is_in_background(int fd)
{
	return tcgetpgrp(fd) > 0 && tcgetpgrp(fd) != getpgrp();
}

/* A background job that changes its terminal is stopped until it is in the foreground. That happens here,
 * with no signal held back, so that TERM can end it where it stands. A group that nobody could continue is
 * not stopped: hence the bound. */
static void await_foreground(int fd)
{
	struct sigaction action;

	for (int i = 0; i < 100 && is_in_background(fd); i++) {
		sigset_t none, held;

		if (sigaction(SIGTTOU, NULL, &action) < 0 || action.sa_handler == SIG_IGN)
			return;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, &held);
		kill(0, SIGTTOU);
		sigprocmask(SIG_SETMASK, &held, NULL);
	}
}

int console_raw(struct console *c, int fd, struct err *err)
{
	struct termios raw;

	c->fd = -1;
	await_foreground(fd);
	if (tcgetattr(fd, &c->saved) < 0)
		return err_sys(err, "cannot read the state of the terminal");
	raw = c->saved;
	cfmakeraw(&raw);
	c->fd = fd;
	current = c;
	handlers_replace(SIG_DFL, restore_and_die);
	if (tcsetattr(fd, TCSANOW, &raw) < 0) {
		err_sys(err, "cannot make the terminal raw");
		console_restore(c);
		return -1;
	}
	return 0;
}

static void output_raw(struct console *c)
{
	struct termios plain = c->saved;

	plain.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(c->fd, TCSANOW, &plain);
}

static void restore_and_stop(int sig);

static void stop_handle(void)
{
	struct sigaction a = {.sa_handler = restore_and_stop,
		.sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	sigaction(SIGTSTP, &a, NULL);
}

/* Whoever stops us has the terminal next. By SIGTSTP itself, which stops nobody whom no shell could continue. */
static void restore_and_stop(int sig)
{
	struct console *c = current;
	int e = errno;

	if (c && c->fd >= 0)
		tcsetattr(c->fd, TCSANOW, &c->saved);
	raise(sig);
	stop_handle();
	if (c && c->fd >= 0 && is_in_background(c->fd))
		c->fd = -1;
	else if (c && c->fd >= 0)
		output_raw(c);
	errno = e;
}

void console_pass_output(struct console *c, int fd)
{
	struct sigaction stop;

	c->fd = -1;
	if (is_in_background(fd) || tcgetattr(fd, &c->saved) < 0)
		return;
	c->fd = fd;
	current = c;
	handlers_replace(SIG_DFL, restore_and_die);
	if (sigaction(SIGTSTP, NULL, &stop) == 0 && stop.sa_handler == SIG_DFL)
		stop_handle();
	output_raw(c);
}

void console_restore(struct console *c)
{
	if (c->fd < 0)
		return;
	tcsetattr(c->fd, TCSANOW, &c->saved);
	c->fd = -1;
	handlers_replace(restore_and_die, SIG_DFL);
	current = NULL;
}

int console_size(int fd, struct console_size *ret)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) < 0)
		return -1;
	*ret = (struct console_size){w.ws_row, w.ws_col};
	return 0;
}

/* The code of one key of len characters, or -1. */
static int key_code(const char *s, size_t len)
{
	char c = len ? s[len - 1] : '\0';

	if (len == 1 && c > ' ' && c < 0x7f)
		return c;
	if (len != 6 || strncmp(s, "ctrl-", 5) != 0)
		return -1;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	return c >= '@' && c <= '_' ? c - '@' : -1;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *err)
{
	struct detach_keys k = {0};

	for (const char *s = text; *s;) {
		size_t len = strcspn(s, ",");
		int code = key_code(s, len);

		if (code < 0 || (s[len] == ',' && !s[len + 1]))
			return err_set(err,
				"detach keys \"%s\": each key is one character or ctrl-"
				"and a letter or one of @[\\]^_, with commas between",
				text);
		if (k.count == DETACH_KEYS_MAX)
			return err_set(err, "detach keys \"%s\": more than %d keys", text,
				DETACH_KEYS_MAX);
		k.key[k.count++] = (uint8_t)code;
		s += len + (s[len] == ',');
	}
	*ret = k;
	return 0;
}

/* After a mismatch: the longest end of what was typed that is a beginning of the sequence stays
 * undecided, what precedes it goes out. */
static size_t fall_back(struct detach_keys *k, uint8_t typed, uint8_t *out)
{
	uint8_t seen[DETACH_KEYS_MAX + 1];
	size_t n = k->matched, from = 1;

	memcpy(seen, k->key, n);
	seen[n++] = typed;
	while (from < n && memcmp(seen + from, k->key, n - from) != 0)
		from++;
	memcpy(out, seen, from);
	k->matched = (uint8_t)(n - from);
	return from;
}

bool detach_keys_filter(struct detach_keys *k, const uint8_t *data, size_t len, uint8_t *out,
	size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (k->count && data[i] == k->key[k->matched])
			k->matched++;
		else
			n += fall_back(k, data[i], out + n);
		if (k->count && k->matched == k->count) {
			k->matched = 0;
			*ret_len = n;
			return true;
		}
	}
	*ret_len = n;
	return false;
}
