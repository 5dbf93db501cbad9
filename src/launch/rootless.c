#include "launch/rootless.h"

#include "launch/plan.h"
#include "ns/idmap.h"

#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

/* "uid=" or "gid=" with an id that nobody is inside. */
static bool is_nobody(const struct namespaces *ns, const char *option)
{
	bool gid = strncmp(option, "gid=", 4) == 0;
	uint32_t ignored;

	if (!gid && strncmp(option, "uid=", 4) != 0)
		return false;
	return !id_map_find(gid ? ns->gid_maps : ns->uid_maps,
		gid ? ns->gid_map_count : ns->uid_map_count,
		(uint32_t)strtoul(option + 4, NULL, 10), &ignored);
}

/* The group is there to write(1) to a terminal: nobody does. */
static void drop_owners(struct spec *spec, struct mount *m)
{
	char *kept, *state, *option;

	if (!m->data || !(spec->ns.fresh & CLONE_NEWUSER))
		return;
	kept = arena_strdup(&spec->arena, "");
	for (option = strtok_r(arena_strdup(&spec->arena, m->data), ",", &state); option;
		option = strtok_r(NULL, ",", &state))
		if (!is_nobody(&spec->ns, option))
			kept = arena_printf(&spec->arena, "%s%s%s", kept, *kept ? "," : "", option);
	m->data = *kept ? kept : NULL;
}

static int refuse_id_maps(const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].idmap || spec->mounts[i].uid_map_count)
			return err_set(err, "%s: a mount with mapped ids is for root to make",
				spec->mounts[i].target);
	return 0;
}

static int refuse_groups(const struct spec *spec, struct err *err)
{
	const struct namespaces *ns = &spec->ns;

	if (!spec->process.groupc || !(ns->fresh & CLONE_NEWUSER) ||
		!idmap_denies_groups(ns->gid_maps, ns->gid_map_count))
		return 0;
	err_set(err, "process.user.additionalGids: with one group id mapped the kernel denies "
		     "setgroups(2)");
	return err_hint(err, "leave them out, or map a range of ids, which takes newgidmap(1)");
}

int rootless_adapt(struct spec *spec, enum rights rights, struct err *err)
{
	if (rights == RIGHTS_HOST)
		return 0;
	spec->device_rule_count = 0;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_DEVPTS)
			drop_owners(spec, &spec->mounts[i]);
	if (rights != RIGHTS_NONE)
		return 0;
	if (!plan_has_users(spec)) {
		err_set(err, "a container of a user who is not root needs a user namespace, and "
			     "config.json has none");
		return err_hint(err, "ctr-oci spec --rootless writes one that has");
	}
	return refuse_id_maps(spec, err) < 0 ? -1 : refuse_groups(spec, err);
}
