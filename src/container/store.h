/* Where containers are kept: CTR_ROOT (what lasts) and CTR_STATE (what ends with the machine). */
#pragma once

#include "base/err.h"

struct store {
	int root_fd;       /* CTR_ROOT */
	int containers_fd; /* CTR_ROOT/containers: one directory per container */
	int state_fd;      /* CTR_STATE: one directory per container that is alive */
	const char *root, *state;
};

/* root and state: the options --root and --state, or NULL for the environment's CTR_ROOT and
 * CTR_STATE, or /var/lib/ctr and /run/ctr. Makes what is missing, 0700. */
int store_open(const char *root, const char *state, struct store *ret, struct err *err);
/* What an engine keeps apart: one directory, of containers only; root_fd and containers_fd are -1. */
int store_open_state(const char *what, const char *path, struct store *ret, struct err *err);
void store_close(struct store *store);
