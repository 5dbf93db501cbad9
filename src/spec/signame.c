#include "spec/signame.h"

#include "base/num.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

enum { RT_FIRST = 34, RT_LAST = SIGNAL_MAX, RT_MIDDLE = 50 };

/* If a number has two names, the first one is printed. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"IOT", SIGABRT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"POLL", SIGIO},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
	{"RTMIN", RT_FIRST},
	{"RTMAX", RT_LAST},
};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

/* What follows "RTMIN" or "RTMAX", sign included. */
static int real_time_parse(int base, char sign, const char *s)
{
	uint32_t offset;

	if (*s != sign || num_parse_u32(s + 1, &offset) < 0 || offset > RT_LAST - RT_FIRST)
		return -1;
	return sign == '+' ? base + (int)offset : base - (int)offset;
}

int signal_parse(const char *s)
{
	uint32_t number;

	if (num_parse_u32(s, &number) == 0)
		return number >= 1 && number <= SIGNAL_MAX ? (int)number : -1;
	if (!strncasecmp(s, "SIG", 3))
		s += 3;
	for (size_t i = 0; i < SIGNALS; i++)
		if (!strcasecmp(s, signals[i].name))
			return signals[i].number;
	if (!strncasecmp(s, "RTMIN", 5))
		return real_time_parse(RT_FIRST, '+', s + 5);
	if (!strncasecmp(s, "RTMAX", 5))
		return real_time_parse(RT_LAST, '-', s + 5);
	return -1;
}

char *signal_format(int number, char buf[SIGNAL_NAME_SIZE])
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i].number == number) {
			snprintf(buf, SIGNAL_NAME_SIZE, "SIG%s", signals[i].name);
			return buf;
		}
	if (number > RT_FIRST && number < RT_MIDDLE)
		snprintf(buf, SIGNAL_NAME_SIZE, "SIGRTMIN+%d", number - RT_FIRST);
	else if (number >= RT_MIDDLE && number < RT_LAST)
		snprintf(buf, SIGNAL_NAME_SIZE, "SIGRTMAX-%d", RT_LAST - number);
	else
		snprintf(buf, SIGNAL_NAME_SIZE, "%d", number);
	return buf;
}
