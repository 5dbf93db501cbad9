#include "ns/nested.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int ns_nested_limit(struct err *err)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user",
		"uts"};
	char path[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kinds[i]);
		if (file_poke(AT_FDCWD, path, NS_NESTED_MAX) < 0 && errno != ENOENT &&
			errno != EROFS)
			return err_sys(err, "limit %s namespaces of the container", kinds[i]);
	}
	return 0;
}
