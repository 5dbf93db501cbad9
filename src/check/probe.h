/*
 * What this host can do: each thing that a start does is done once, in a process or a group of its
 * own that is gone afterwards. A probe that was killed leaves what the next one removes.
 */
#pragma once

#include "base/err.h"
#include "state/store.h"

#include <stdbool.h>
#include <stddef.h>

enum probe_state {
	PROBE_OK,
	PROBE_LIMITED, /* something that some containers ask for is not there */
	PROBE_MISSING, /* no container runs */
};
const char *probe_state_name(enum probe_state s);

struct probe {
	char feature[40];
	enum probe_state state;
	char detail[400]; /* what there is, or why there is not */
	char cure[256];   /* "" if none is known or needed */
};

enum { PROBES_MAX = 64 };

struct probes {
	struct probe items[PROBES_MAX];
	size_t count;
};

/* store: NULL if it could not be opened, for the reason in store_err. */
void probe_host(const struct store *store, const struct err *store_err, struct probes *ret);

/* For the parts of probe_host(). probe_told returns whether r is 0; otherwise the row says why, and
 * its state is `otherwise`. */
bool probe_told(struct probes *p, const char *feature, enum probe_state otherwise, int r,
	const struct err *err, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void probe_say(struct probes *p, const char *feature, enum probe_state state, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void probe_cure(struct probes *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void probe_cgroup(struct probes *p);
void probe_net(struct probes *p);
/* dir_fd: an empty directory in the store. */
void probe_root(struct probes *p, int dir_fd);
