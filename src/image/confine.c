#include "image/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int keep_rights_over_files(struct err *err)
{
	const uint32_t kept = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH |
			      1U << CAP_FOWNER | 1U << CAP_FSETID;
	const uint32_t high = 0;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {
		{.effective = kept | (1U << CAP_SETFCAP), .permitted = kept | (1U << CAP_SETFCAP)},
		{.effective = high, .permitted = high},
	};

	if (syscall(SYS_capset, &head, sets) < 0)
		return err_sys(err, "give up rights");
	return 0;
}

static int join_users(int userns_fd, struct err *err)
{
	if (setns(userns_fd, CLONE_NEWUSER) < 0)
		return err_sys(err, "join the users of the container");
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "become root of the container");
	return 0;
}

int confine(int empty_fd, int userns_fd, int parent, struct err *err)
{
	/* Others may be in the user namespace: our memory and descriptors are not for them (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot hide from the container");
	if (fchdir(empty_fd) < 0 || chroot(".") < 0)
		return err_sys(err, "leave the root of the host");
	if ((userns_fd >= 0 ? join_users(userns_fd, err) : keep_rights_over_files(err)) < 0)
		return -1;
	/* Changing ids unties from the parent. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, "cannot be tied to ctr");
	return getppid() == parent ? 0 : err_set(err, "ctr is gone");
}
