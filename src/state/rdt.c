#include "state/rdt.h"

#include "base/fd.h"
#include "state/configfile.h"
#include "state/process.h"
#include "state/recordfile.h"

#include <errno.h>
#include <string.h>

static bool is_wanted(const struct spec *spec)
{
	return spec->intel_rdt.set;
}

static int make(struct container *c, const struct spec *spec, struct err *err)
{
	autofd int root = -1;
	bool made;

	root = resctrl_open(err);
	if (root < 0 || resctrl_make(root, &spec->intel_rdt, c->record.name, &made, err) < 0) {
		/* What is there by that name is not ours to remove. */
		c->record.resources &= ~(1u << RESOURCE_RDT);
		return err_wrap(err, "linux.intelRdt");
	}
	c->record.class_made = made && spec->intel_rdt.class;
	return c->record.class_made ? record_write(c, err) : 0;
}

static int join(const struct container *c, const struct spec *spec, struct err *err)
{
	struct resctrl_tasks tasks = RESCTRL_NO_TASKS;
	autofd int root = -1;
	int r;

	root = resctrl_open(err);
	r = root < 0 ? -1 : resctrl_tasks_open(root, &spec->intel_rdt, c->record.name, &tasks, err);
	if (r == 0)
		r = resctrl_tasks_add(&tasks, c->record.pid, err);
	resctrl_tasks_close(&tasks);
	return r < 0 ? err_wrap(err, "linux.intelRdt") : 0;
}

int container_rdt_open(const struct container *c, struct resctrl_tasks *ret, struct err *err)
{
	autofd int root = -1;
	struct spec spec;
	int r = 0;

	*ret = RESCTRL_NO_TASKS;
	if (!(c->record.resources & 1u << RESOURCE_RDT))
		return 0;
	if (bundle_spec(c, &spec, err) < 0)
		return -1;
	if (spec.intel_rdt.set)
		r = (root = resctrl_open(err)) < 0
			    ? -1
			    : resctrl_tasks_open(root, &spec.intel_rdt, c->record.name, ret, err);
	spec_free(&spec);
	return r < 0 ? err_wrap(err, "linux.intelRdt") : 0;
}

static int remove_from(int root_fd, const struct container *c, const struct intel_rdt *rdt,
	struct err *err)
{
	if (!rdt->set)
		return 0;
	if (resctrl_remove(root_fd, rdt, c->record.name, err) < 0)
		return -1;
	if (c->record.stage != STAGE_CREATING || !c->record.class_made)
		return 0;
	return resctrl_remove_class(root_fd, rdt, c->record.pid, err);
}

static int remove_groups(const struct container *c, struct err *err)
{
	const char *boot;
	autofd int root = -1;
	struct spec spec;
	int r;

	boot = boot_id(err);
	if (!boot)
		return -1;
	/* Another boot has groups of its own. */
	if (strcmp(boot, c->record.boot_id) != 0)
		return 0;
	root = resctrl_open(err);
	/* Unmounted: with it went all groups. */
	if (root < 0)
		return err->sys == ENOENT ? 0 : err_wrap(err, "linux.intelRdt");
	if (bundle_spec(c, &spec, err) < 0) {
		/* Killed before it was kept: so nothing was made. */
		if (err->sys != ENOENT)
			warn("groups of resctrl of %s are left: %s", c->record.name, err->text);
		return 0;
	}
	r = remove_from(root, c, &spec.intel_rdt, err);
	spec_free(&spec);
	return r < 0 ? err_wrap(err, "linux.intelRdt") : 0;
}

const struct resource resource_rdt = {
	.is_wanted = is_wanted,
	.make = make,
	.join = join,
	.remove = remove_groups,
};
