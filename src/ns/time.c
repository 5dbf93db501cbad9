#include "ns/time.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>

static int write_offsets(const struct namespaces *ns, struct err *err)
{
	char text[128];

	if (!ns->monotonic_offset_s && !ns->monotonic_offset_ns && !ns->boot_offset_s &&
		!ns->boot_offset_ns)
		return 0;
	snprintf(text, sizeof(text), "monotonic %" PRId64 " %u\nboottime %" PRId64 " %u\n",
		ns->monotonic_offset_s, ns->monotonic_offset_ns, ns->boot_offset_s,
		ns->boot_offset_ns);
	if (file_poke(AT_FDCWD, "/proc/self/timens_offsets", text) == 0)
		return 0;
	err_sys(err,
		"cannot set the clocks of the time namespace (monotonic %" PRId64
		" s, boottime %" PRId64 " s)",
		ns->monotonic_offset_s, ns->boot_offset_s);
	if (err->sys == ERANGE)
		err_hint(err, "a clock would start before 0 or end after 146 years");
	return -1;
}

int time_enter(const struct namespaces *ns, struct err *err)
{
	autofd int fd = -1;

	if (unshare(CLONE_NEWTIME) < 0) {
		err_sys(err, "cannot create a new namespace (time)");
		if (err->sys == EINVAL)
			err_hint(err, "this kernel is built without CONFIG_TIME_NS");
		return -1;
	}
	if (write_offsets(ns, err) < 0)
		return -1;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(err, "cannot enter the new time namespace");
	return 0;
}
