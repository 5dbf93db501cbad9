/* The command line of ctr-supervisor: ctr-supervisor.c has what each option means. */
#pragma once

#include <stdint.h>

struct options {
	uint64_t pid, log_max, log_rate, timeout_ns, check_ns, check_soon_ns;
	int pidfd, tty, in, out, err, log_dir, listen, exit, lock, hold, ready, resolver_udp,
		resolver_tcp; /* or -1 */
	const char *resolver; /* NULL: nobody asks for names */
	char **check;         /* NULL: nothing is asked */
	char **cleanup;       /* NULL: nothing is executed at the end */
};

/* -1: it was said what is wrong. */
int options_parse(struct options *ret, char **argv);
/* Says to who waits for --ready, or on standard error, what is wrong. Returns -1. */
int options_refuse(const struct options *o, const char *what, const char *why);
