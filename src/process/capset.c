#include "process/capset.h"

#include "spec/spec.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int capset_bound(uint64_t bounding, struct err *err)
{
	for (int cap = 0; cap < 64; cap++) {
		if (bounding >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* beyond the last capability of this kernel */
			return 0;
		return err_sys(err, "cannot drop capability %d from the bounding set", cap);
	}
	return 0;
}

int capset_keep(struct err *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot keep capabilities while changing the user");
	return 0;
}

static int raise_ambient(uint64_t set, struct err *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, "cannot clear the ambient capabilities");
	for (int cap = 0; cap < 64; cap++)
		if ((set >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err, "cannot raise ambient capability %d", cap);
	return 0;
}

int capset_apply(const uint64_t sets[], struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(sets[CAPSET_EFFECTIVE] >> (32 * i)),
			.permitted = (uint32_t)(sets[CAPSET_PERMITTED] >> (32 * i)),
			.inheritable = (uint32_t)(sets[CAPSET_INHERITABLE] >> (32 * i)),
		};
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, "cannot set the capabilities");
	return raise_ambient(sets[CAPSET_AMBIENT], err);
}
