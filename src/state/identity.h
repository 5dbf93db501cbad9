/* Which container a name meant when it was looked up, whatever it is called by now. */
#pragma once

#include "spec/spec.h"
#include "state/mark.h"
#include "state/store.h"

#include <stdbool.h>

struct identity {
	int fd; /* its directory, or -1 */
	char id[CONTAINER_OWNER_XATTR_MAX];
};

/* Of nothing, if there is no such container or it cannot be told. */
void identity_take(const struct store *store, const char *name, struct identity *ret);
void identity_drop(struct identity *i);

/* Whether it has another name by now, which is written to name then. */
bool identity_moved(const struct identity *i, const struct store *store,
	char name[SPEC_NAME_MAX + 1]);
