#include "state/salvage.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/tree.h"
#include "ns/idmap.h"
#include "state/cgroup.h"
#include "state/mark.h"
#include "state/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OWNER_FILE "owner"

int salvage_prepare(struct container *c, struct err *err)
{
	char text[sizeof(c->record.id) + sizeof(c->record.cgroup) + sizeof(c->record.bundle)];
	int len = snprintf(text, sizeof(text), "%s%c%s%c%s", c->record.id, 0, c->record.cgroup, 0,
		c->record.bundle);
	autofd int fd = openat(c->state_fd, OWNER_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		0600);

	if (fd < 0 || fd_write_all(fd, text, (size_t)len) < 0)
		return err_sys(err, "write the owner in %s", c->store->state);
	return 0;
}

/* The first process of the group is the oldest. */
static int salvage_owner(struct container *c, struct err *err)
{
	char text[sizeof(c->record.id) + sizeof(c->record.cgroup) + sizeof(c->record.bundle)];
	ssize_t n = file_peek(c->state_fd, OWNER_FILE, text, sizeof(text));
	const char *cgroup, *bundle, *boot = boot_id(err);
	autofree pid_t *pids = NULL;
	size_t count = 0;

	if (!boot)
		return -1;
	if (n <= 0)
		return err_set(err, "%s: neither its record nor its owner can be read",
			c->record.name);
	cgroup = text + strlen(text) + 1;
	bundle = cgroup < text + n ? cgroup + strlen(cgroup) + 1 : text + n;
	if (bundle >= text + n)
		return err_set(err, "%s: its owner cannot be read", c->record.name);
	snprintf(c->record.id, sizeof(c->record.id), "%s", text);
	snprintf(c->record.cgroup, sizeof(c->record.cgroup), "%s", cgroup);
	snprintf(c->record.bundle, sizeof(c->record.bundle), "%s", bundle);
	snprintf(c->record.boot_id, sizeof(c->record.boot_id), "%s", boot);
	/* Which it has is in config.json, which whoever removes them reads then. */
	c->record.resources = (1u << RESOURCE_KINDS) - 1;
	if (container_open_cgroup(c, err) < 0)
		return -1;
	if (c->group_fd >= 0 && cgroup_procs(c->group_fd, &pids, &count, err) == 0 && count) {
		c->record.pid = pids[0];
		if (process_start_ticks(pids[0], &c->record.start_ticks) < 0)
			return err_sys(err, "see when process %d began", (int)pids[0]);
	}
	return 0;
}

int salvage(struct container *c, const char *name, bool locked, struct err *err)
{
	autofd int data = -1;
	ssize_t n;

	if (err->sys == ENOENT) {
		if (locked && unlinkat(c->store->state_fd, name, AT_REMOVEDIR) < 0)
			return err_sys(err, "remove %s/%s", c->store->state, name);
		errno = ENOENT;
		return err_sys(err, "open %s/%s", c->store->state, name);
	}
	/* The record is not damaged; it only cannot be read at the moment. */
	if (err->sys)
		return -1;
	c->record = (struct record){.stage = STAGE_RUNNING, .range = IDMAP_RANGES};
	snprintf(c->record.name, sizeof(c->record.name), "%s", name);
	if (c->store->containers_fd < 0)
		return salvage_owner(c, err);
	data = store_data_open(c->store, name);
	n = data < 0 ? -1
		     : fgetxattr(data, CONTAINER_OWNER_XATTR, c->record.id,
			       sizeof(c->record.id) - 1);
	if (n <= 0)
		snprintf(c->record.id, sizeof(c->record.id), "unknown");
	return container_find_range(c, err);
}
