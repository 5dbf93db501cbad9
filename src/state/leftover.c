#include "state/leftover.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

void leftover_name(const char *prefix, char ret[LEFTOVER_SIZE])
{
	uint64_t n;

	/* Never short for so few bytes, and there once the machine has booted. */
	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		n = (uint64_t)getpid();
	snprintf(ret, LEFTOVER_SIZE, "%s%016llx", prefix, (unsigned long long)n);
}

int leftover_take_out(int dirfd, const char *name, char ret[LEFTOVER_SIZE])
{
	leftover_name(LEFTOVER_OLD, ret);
	return renameat(dirfd, name, dirfd, ret);
}
