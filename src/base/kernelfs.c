#include "base/kernelfs.h"

#include <linux/magic.h>
#include <stddef.h>

enum { MQUEUE_MAGIC = 0x19800202 };

bool kernelfs_is(unsigned long type)
{
	static const unsigned long magics[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
		SECURITYFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC, EFIVARFS_MAGIC, MQUEUE_MAGIC};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (type == magics[i])
			return true;
	return false;
}
