#include "console/console.h"

#include "base/utf8.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

static struct detach_keys keys(const char *text)
{
	struct detach_keys k;

	cr_assert(zero(int, detach_keys_parse(text, &k, &err)), "%s", err.text);
	return k;
}

static void refused(const char *text)
{
	struct detach_keys k;
	char shown[100];

	cr_expect(eq(int, detach_keys_parse(text, &k, &err), -1), "%s was taken", text);
	snprintf(shown, sizeof(shown), "%s", text);
	utf8_clean(shown);
	cr_expect(ne(ptr, strstr(err.text, shown), NULL), "%s", err.text);
}

Test(console, keys_are_parsed)
{
	struct detach_keys k = keys(DETACH_KEYS_DEFAULT);

	cr_expect(eq(int, k.count, 2));
	cr_expect(eq(int, k.key[0], 16));
	cr_expect(eq(int, k.key[1], 17));
	cr_expect(eq(int, keys("ctrl-\\").key[0], 28));
	cr_expect(eq(int, keys("ctrl-@").key[0], 0));
	cr_expect(eq(int, keys("ctrl-_").key[0], 31));
	cr_expect(eq(int, keys("a").key[0], 'a'));
	cr_expect(eq(int, keys("").count, 0));
}

Test(console, bad_keys_are_refused)
{
	refused("ctrl-");
	refused("ctrl-1");
	refused("ctrl-ab");
	refused("a,");
	refused(",a");
	refused("a,,b");
	refused("ab");
	refused("\x01");
	refused("a,b,c,d,e,f,g,h,i");
}

/* Feeds typed in pieces of one byte and as a whole; both must give the same. */
static void typed(const char *spec, const char *in, const char *out, bool detached)
{
	struct detach_keys whole = keys(spec), piece = whole;
	uint8_t got[64], bytes[64];
	size_t len = 0, sum = 0;
	bool end = false;

	cr_expect(eq(int, detach_keys_filter(&whole, (const uint8_t *)in, strlen(in), got, &len),
		detached));
	cr_expect(eq(sz, len, strlen(out)), "\"%s\" -> %.*s", in, (int)len, (char *)got);
	cr_expect(zero(int, memcmp(got, out, len)), "\"%s\" -> %.*s", in, (int)len, (char *)got);
	for (size_t i = 0; in[i] && !end; i++) {
		end = detach_keys_filter(&piece, (const uint8_t *)in + i, 1, bytes + sum, &len);
		sum += len;
	}
	cr_expect(eq(int, end, detached));
	cr_expect(eq(sz, sum, strlen(out)));
	cr_expect(zero(int, memcmp(bytes, out, sum)));
}

Test(console, keys_detach)
{
	typed("a,b", "ab", "", true);
	typed("a,b", "xxab", "xx", true);
	typed("a,b", "abc", "", true);
	typed("a", "xa", "x", true);
	typed("ctrl-p,ctrl-q", "ls\n\x10\x11", "ls\n", true);
}

Test(console, broken_sequences_are_passed_on)
{
	typed("a,b", "ac", "ac", false);
	typed("a,b", "axb", "axb", false);
	typed("a,b", "a", "", false);
	typed("a,b", "aac", "aac", false);
	typed("", "abc", "abc", false);
}

Test(console, overlapping_beginnings_count)
{
	typed("a,b", "aab", "a", true);
	typed("a,a,b", "aaab", "a", true);
	typed("a,b,a,c", "ababac", "ab", true);
	typed("a,b,a,c", "abad", "abad", false);
}

Test(console, terminal_is_restored)
{
	struct console c = CONSOLE_NONE;
	struct termios before, raw, after;
	int master, slave;

	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	tcgetattr(slave, &before);
	cr_assert(zero(int, console_raw(&c, slave, &err)));
	tcgetattr(slave, &raw);
	console_restore(&c);
	console_restore(&c);
	tcgetattr(slave, &after);
	cr_expect(zero(int, (int)(raw.c_lflag & (ICANON | ECHO | ISIG))));
	cr_expect(ne(int, (int)(before.c_lflag & (ICANON | ECHO | ISIG)), 0));
	cr_expect(eq(int, (int)after.c_lflag, (int)before.c_lflag));
	cr_expect(eq(int, (int)after.c_oflag, (int)before.c_oflag));
}

Test(console, fatal_signal_restores)
{
	struct termios before, after;
	int master, slave, status;
	pid_t pid;

	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	tcgetattr(slave, &before);
	pid = fork();
	if (pid == 0) {
		struct console c = CONSOLE_NONE;
		signal(SIGTERM, SIG_DFL);
		if (console_raw(&c, slave, &err) == 0)
			raise(SIGTERM);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	tcgetattr(slave, &after);
	cr_expect(eq(int, WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGTERM));
	cr_expect(eq(int, (int)after.c_lflag, (int)before.c_lflag));
}

Test(console, not_a_terminal)
{
	struct console c = CONSOLE_NONE;
	struct console_size size;
	int end[2];

	cr_assert(zero(int, pipe(end)));
	cr_expect(eq(int, console_raw(&c, end[0], &err), -1));
	cr_expect(eq(int, console_size(end[0], &size), -1));
	console_restore(&c);
}
