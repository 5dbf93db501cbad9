#include "base/dents.h"
#include "base/fd.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "net/planfile.h"
#include "state/alive.h"
#include "state/connection.h"
#include "state/mark.h"
#include "state/namelock.h"
#include "state/release.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 64 };

/* The first container of this store that is what is wanted, not held. 1, or 0 if there is none. */
static int find(const struct store *store,
	bool (*is_it)(const struct container *c, const void *arg), const void *arg,
	struct container *ret)
{
	autofd int all = openat(store->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	unsigned char type;
	struct dents d;
	struct err ignored;

	if (all < 0)
		return 0;
	dents_init(&d, all);
	while ((name = dents_next(&d, &type))) {
		if (name[0] == '.' || namelock_open(store, name, NAMELOCK_NONE, ret, &ignored) < 0)
			continue;
		if (is_it(ret, arg))
			return 1;
		container_close(ret);
	}
	return 0;
}

static bool has_id(const struct container *c, const void *id)
{
	return strcmp(c->record.id, id) == 0;
}

static bool has_port(const struct container *c, const void *arg)
{
	const struct network_port *port = arg;
	struct network_plan plan;
	struct err ignored;
	uint16_t same;
	bool has = false;

	if (plan_read(c->state_fd, &plan, &ignored) <= 0)
		return false;
	for (size_t i = 0; i < plan.port_count && !has; i++)
		has = network_ports_collide(&plan.ports[i], port, &same);
	network_plan_free(&plan);
	return has;
}

bool connection_publisher(const struct container *c, const struct network_port *port,
	char ret[RECORD_NAME_MAX + 1])
{
	struct container other;

	/* It has the port in its own plan only later. */
	if (!find(c->store, has_port, port, &other))
		return false;
	snprintf(ret, RECORD_NAME_MAX + 1, "%s", other.record.name);
	container_close(&other);
	return true;
}

/* Whether a container of whatever store has the id range, by the mark of its group. What cannot be known may be. */
static bool has_range(const char *range, const char *id)
{
	char path[256], marked[CONTAINER_OWNER_XATTR_MAX];
	struct err ignored;
	autofd int hierarchy = cgroup_hierarchy_open(path, sizeof(path), &ignored);
	autofd int groups = hierarchy < 0 ? -1 : cgroup_parent_open(hierarchy, &ignored);
	autofd int group = groups < 0 ? -1 : cgroup_open(groups, range, &ignored);

	if (group < 0)
		return groups < 0 || ignored.sys != ENOENT;
	return container_marked_id(group, marked) < 0 || strcmp(marked, id) == 0;
}

static bool evict(struct container *c, const char *owner)
{
	struct handover h = HANDOVER_NONE;
	struct network_answer answer;
	struct err err;
	bool done = handover_begin(&h, c->state_fd, false, &err) == 0 &&
		    handover_ask(&h, NETWORK_EVICT, owner, &err) == 0 &&
		    handover_hear(&h, true, &answer, NULL, &err) == 0;

	handover_end(&h, !done);
	return done;
}

static bool release_dead(struct container *dead)
{
	const struct store *store = dead->store;
	char name[RECORD_NAME_MAX + 1];
	struct container held;
	struct err err;
	bool done;

	snprintf(name, sizeof(name), "%s", dead->record.name);
	if (namelock_open(store, name, NAMELOCK_NOWAIT, &held, &err) < 0)
		return err.sys == ENOENT;
	done = strcmp(held.record.id, dead->record.id) != 0 ||
	       (container_is_alive(&held, &err) == 0 && container_release(&held, -1, &err) == 0);
	container_close(&held);
	return done;
}

static bool next_address(struct container *c, const struct network_answer *why)
{
	if (!why->chosen || c->address_try >= TRIES)
		return false;
	c->address_try++;
	return true;
}

bool connection_way_is_clear(struct container *c, struct err *err)
{
	const struct network_answer *why = c->connection ? &c->connection->why : NULL;
	char range[8] = "", id[CONTAINER_OWNER_XATTR_MAX] = "";
	struct container owner;
	bool clear;

	if (!why || !why->failed || why->err.sys != EEXIST)
		return false;
	if (sscanf(why->owner, "%7s %64s", range, id) != 2)
		return next_address(c, why);
	if (!find(c->store, has_id, id, &owner))
		return has_range(range, id) ? next_address(c, why) : evict(c, why->owner);
	clear = release_dead(&owner) || next_address(c, why);
	if (!clear) {
		err_set(err, "%s is taken by the container %s", why->taken, owner.record.name);
		err_hint(err, "ctr stop %s, or choose another", owner.record.name);
	}
	container_close(&owner);
	return clear;
}
