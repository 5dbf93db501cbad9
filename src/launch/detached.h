/* The detached mounts that a root is made of, on their way from the parent to the child. */
#pragma once

#include "base/err.h"
#include "launch/plan.h"
#include "rootfs/layout.h"
#include "spec/spec.h"
#include "state/container.h"

#include <stddef.h>

/* The arrays exist before the clone: from then on the child allocates nothing. */
struct detached {
	int writable; /* with upper/ and work/; -1: the root is a directory as it is */
	int init;     /* ctr-init, or -1 */
	int *layers;  /* lowest first */
	size_t layer_count;
	bool points;  /* the lowest is state/points.h's */
	int *sources; /* per mount of the spec, or -1 */
	size_t source_count;
	int *devices; /* per device of the spec, or -1 */
	size_t device_count;
	bool by_child; /* the child opens them, as only it has rights, over its namespaces: nothing is sent */
	/* The child has the host's rights, and opens sources when their turn has come: from Linux 6.8
	 * on the list of mounts is in the order in which they were made. */
	bool in_turn;
	uint64_t nofile; /* the soft limit of descriptors, which was too low; 0: it was not */
};

/* Before the clone: room for the mounts of a spec, and for their descriptors. */
int detached_init(struct detached *t, const struct container *c, const struct spec *spec,
	struct err *err);
/* Parent and child: closes them, and restores the limit of descriptors. */
void detached_close(struct detached *t);
/* Child: closes all but keep, after the mounts are made, if the limit has to be lowered again. */
int detached_leave(const struct detached *t, int keep, struct err *err);

/* Adds a hint for a bind mount whose source does not exist. */
void detached_hint_missing(const struct mount *m, struct err *err);

/* Parent, or the child itself (by_child): opens all of them, making the writable layer. */
int detached_open(struct detached *t, const struct container *c, const struct spec *spec,
	const struct plan *plan, struct err *err);
/* Parent: maps the ids of those that have maps of their own. */
int detached_idmap_own(const struct detached *t, const struct spec *spec, struct err *err);
/* Parent: maps the ids of those that show the ids of the container. */
int detached_idmap(const struct detached *t, const struct spec *spec, int userns, struct err *err);

/* The parent sends, the child takes, in the same order; both know the spec. By_child: that the ids are
 * mapped is all that is said. */
int detached_send(const struct detached *t, const struct spec *spec, int sock, struct err *err);
int detached_receive(struct detached *t, const struct spec *spec, int sock, struct err *err);

/* Child: the source of mount i, if it is to be opened when it is its turn: see in_turn; and what lies in the
 * root below an earlier mount, which only the layout can find. */
int detached_open_in_turn(struct detached *t, const struct spec *spec, const struct plan *plan,
	size_t i, const struct layout *l, struct err *err);
