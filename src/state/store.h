/* Where containers are kept: CTR_ROOT (what lasts) and CTR_STATE (what ends with the machine). */
#pragma once

#include "base/err.h"

struct store {
	int root_fd;       /* CTR_ROOT */
	int containers_fd; /* CTR_ROOT/containers: one directory per container */
	int state_fd;      /* CTR_STATE: one directory per container that is alive */
	int volumes_fd;    /* CTR_ROOT/volumes, as long as a start has it locked; else -1 */
	/* root is NULL where states are all there is: who has prepared the roots of the containers removes them, and a
	 * container is gone with its state. */
	const char *root, *state;
};

enum store_use {
	STORE_READ,   /* nothing is made: what is missing is empty, and its descriptor -1 */
	STORE_CHANGE, /* what is there: the same where there is no CTR_ROOT, else as STORE_MAKE */
	STORE_MAKE,   /* what is missing is made, 0700 */
};

/* root and state: the options --root and --state, or NULL for the environment's CTR_ROOT and
 * CTR_STATE, or /var/lib/ctr and /run/ctr. */
int store_open(const char *root, const char *state, enum store_use use, struct store *ret,
	struct err *err);
/* What an engine keeps apart: one directory, of states only; root is NULL, root_fd and containers_fd are -1. */
int store_open_state(const char *what, const char *path, struct store *ret, struct err *err);
void store_close(struct store *store);

/* What is kept of a container: its directory in containers_fd; or -1 with errno. */
int store_data_open(const struct store *store, const char *name);
