#include "supervisor/options.h"

#include "base/num.h"
#include "console/logfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int options_refuse(const struct options *o, const char *what, const char *why)
{
	const char *part[] = {"ctr-supervisor: ", what, ": ", why, "\n"};
	struct iovec iov[5];

	if (o->ready >= 0) {
		part[4] = "";
		part[0] = "\1ctr-supervisor: ";
	}
	for (int i = 0; i < 5; i++)
		iov[i] = (struct iovec){(char *)part[i], strlen(part[i])};
	(void)!writev(o->ready >= 0 ? o->ready : STDERR_FILENO, iov, 5);
	return -1;
}

enum kind { NUMBER, FD, TEXT };

static const struct row {
	const char *name;
	size_t offset;
	enum kind kind;
	bool required;
} table[] = {
	{"--pid", offsetof(struct options, pid), NUMBER, true},
	{"--pidfd", offsetof(struct options, pidfd), FD, true},
	{"--listen", offsetof(struct options, listen), FD, true},
	{"--exit", offsetof(struct options, exit), FD, true},
	{"--lock", offsetof(struct options, lock), FD, true},
	{"--tty", offsetof(struct options, tty), FD, false},
	{"--stdin", offsetof(struct options, in), FD, false},
	{"--stdout", offsetof(struct options, out), FD, false},
	{"--stderr", offsetof(struct options, err), FD, false},
	{"--log-dir", offsetof(struct options, log_dir), FD, false},
	{"--hold", offsetof(struct options, hold), FD, false},
	{"--log-max", offsetof(struct options, log_max), NUMBER, false},
	{"--log-rate", offsetof(struct options, log_rate), NUMBER, false},
	{"--ready", offsetof(struct options, ready), FD, false},
	{"--timeout-ns", offsetof(struct options, timeout_ns), NUMBER, false},
	{"--check-ns", offsetof(struct options, check_ns), NUMBER, false},
	{"--resolver", offsetof(struct options, resolver), TEXT, false},
	{"--resolver-udp", offsetof(struct options, resolver_udp), FD, false},
	{"--resolver-tcp", offsetof(struct options, resolver_tcp), FD, false},
	{"--check-soon-ns", offsetof(struct options, check_soon_ns), NUMBER, false},
};
enum { ROWS = sizeof(table) / sizeof(*table) };

static int *fd_of(struct options *o, const struct row *row)
{
	return (int *)((char *)o + row->offset);
}

static uint64_t *number_of(struct options *o, const struct row *row)
{
	return (uint64_t *)((char *)o + row->offset);
}

static int option_read(struct options *o, const char *name, const char *value)
{
	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &table[i];
		uint64_t n;

		if (strcmp(row->name, name) != 0)
			continue;
		if (row->kind == TEXT && value) {
			*(const char **)((char *)o + row->offset) = value;
			return 0;
		}
		if (!value || num_parse_u64(value, &n) < 0 ||
			n > (row->kind == FD ? INT32_MAX : INT64_MAX))
			return options_refuse(o, name, "needs a number");
		if (row->kind == NUMBER)
			*number_of(o, row) = n;
		else
			*fd_of(o, row) = (int)n;
		if (row->kind == FD && (n <= STDERR_FILENO || fcntl((int)n, F_GETFD) < 0))
			return options_refuse(o, name, "is not an open descriptor above 2");
		return 0;
	}
	return options_refuse(o, name, "unknown option");
}

static int options_check(struct options *o)
{
	bool pipes = o->out >= 0 && o->err >= 0;

	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &table[i];
		if (row->required && (row->kind == FD ? *fd_of(o, row) < 0 : !*number_of(o, row)))
			return options_refuse(o, row->name, "is missing");
	}
	if (o->tty >= 0 ? o->in >= 0 || o->out >= 0 || o->err >= 0 : !pipes)
		return options_refuse(o, "--tty", "either this, or --stdout and --stderr");
	if (o->log_dir >= 0 && o->log_max < LOG_MAX_LEAST)
		return options_refuse(o, "--log-max", "at least 16384");
	if ((o->resolver_udp >= 0) != !!o->resolver || (o->resolver_tcp >= 0) != !!o->resolver)
		return options_refuse(o, "--resolver", "this, and both of its sockets");
	if (!o->check != !o->check_ns)
		return options_refuse(o, "--check-ns", "this, and what is to be executed then");
	return 0;
}

int options_parse(struct options *ret, char **argv)
{
	char **arg = argv + 1;

	for (int i = 0; i < ROWS; i++)
		if (table[i].kind == FD)
			*fd_of(ret, &table[i]) = -1;
	for (; *arg && strcmp(*arg, "--") != 0; arg += 2)
		if (option_read(ret, arg[0], arg[1]) < 0)
			return -1;
	if (*arg && arg[1])
		ret->cleanup = ++arg;
	while (*arg && strcmp(*arg, "--") != 0)
		arg++;
	if (*arg && arg[1]) {
		*arg = NULL;
		ret->check = arg + 1;
	}
	return options_check(ret);
}
