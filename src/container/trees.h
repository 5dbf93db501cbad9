/* The detached trees that a root is made of, on their way from the parent to the child. */
#pragma once

#include "base/err.h"
#include "container/container.h"
#include "container/plan.h"
#include "spec/spec.h"

#include <stddef.h>

/* The arrays exist before the clone: from then on the child allocates nothing. */
struct trees {
	int writable; /* with upper/ and work/; -1: the root is a directory as it is */
	int init;     /* ctr-init, or -1 */
	int *layers;  /* lowest first */
	size_t layer_count;
	int *sources; /* per mount of the spec, or -1 */
	size_t source_count;
	int *devices; /* per device of the spec, or -1 */
	size_t device_count;
	bool by_child; /* whose namespaces are all the rights that there are: nothing is sent */
};

/* Before the clone: room for the trees of a spec. */
int trees_init(struct trees *t, const struct spec *spec, struct err *err);
void trees_close(struct trees *t);

/* Parent, or the child itself (by_child): opens all of them, making the writable layer. */
int trees_open(struct trees *t, const struct container *c, const struct spec *spec,
	const struct plan *plan, struct err *err);
/* Parent: those that have id maps of their own. */
int trees_idmap_own(const struct trees *t, const struct spec *spec, struct err *err);
/* Parent: those that show the ids of the container. */
int trees_idmap(const struct trees *t, const struct spec *spec, int userns, struct err *err);

/* The parent sends, the child takes, in the same order; both know the spec. By_child: that the ids are
 * mapped is all that is said. */
int trees_send(const struct trees *t, const struct spec *spec, int sock, struct err *err);
int trees_receive(struct trees *t, const struct spec *spec, int sock, struct err *err);
