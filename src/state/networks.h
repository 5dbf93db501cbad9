/*
 * The networks of a store: CTR_ROOT/networks/NAME.json each, and those that need no definition. Who uses which is what
 * the containers' own documents say, so that no count can be wrong.
 */
#pragma once

#include "net/plan.h"
#include "state/store.h"

enum networks_lock {
	NETWORKS_LOOK,   /* no lock */
	NETWORKS_CHANGE, /* alone; the directory is made if missing */
};
/* A descriptor of root/networks. -1 with err; err->sys is ENOENT where there are none. */
int networks_open(const struct store *store, enum networks_lock how, struct err *err);

/* A network by its name: its definition, or what needs none. err->sys is ENOENT, with a hint, if there is none. */
int network_read(const struct store *store, const char *name, struct network *ret, struct err *err);
/* Those of all attachments of a spec, in their order. The array is the arena's, as below. */
int networks_of(const struct store *store, const struct spec *spec, struct arena *a,
	struct network **ret, struct err *err);

/* Writes a definition. The caller has the lock; err->sys is EEXIST if the name is taken. */
int network_write(int networks_fd, const struct network *net, struct err *err);
/* err->sys is ENOENT if there is none. */
int network_unlink(int networks_fd, const char *name, struct err *err);

/* All that have a definition, sorted by name, and behind them those that need none; what cannot be read is left out
 * with a warning. The array is the arena's; networks_free() frees what is in it. */
int networks_all(const struct store *store, struct arena *a, struct network **ret,
	size_t *ret_count, struct err *err);

void networks_free(struct network *nets, size_t n);

struct network_use {
	const char *network, *container;
};
struct network_uses {
	struct arena arena;
	struct network_use *items;
	size_t count;
};
/* Of all containers, running or not. Fails if one cannot be read, as what that one uses is not known. */
int network_uses_read(const struct store *store, struct network_uses *ret, struct err *err);
void network_uses_free(struct network_uses *uses);

/*
 * Makes a network: chooses what was not said, numbers and subnets, so that it meets no other network and none of the
 * host's routes, and writes it. net has all that was said; what was chosen is in it afterwards. wanted: for which
 * families a subnet is chosen.
 */
int network_create(const struct store *store, struct network *net, const bool wanted[2],
	struct err *err);
/* Removes a definition. err->sys is EBUSY, with the users' names, if a container is in the network. */
int network_remove(const struct store *store, const char *name, const struct network_uses *uses,
	struct err *err);

/* What a container that runs has of networks: 1, or 0 if it has none, or does not run. */
int network_plan_of(const struct store *store, const char *name, struct network_plan *ret,
	struct err *err);

/* Puts back, for one that runs, what somebody has taken away of its networks: rules, addresses of the host, forwarding. 0 also
 * if it has none. */
int network_restore(const struct store *store, const char *name, struct err *err);
