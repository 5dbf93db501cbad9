#include "ns/rights.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only the first one has all ids, each as itself. */
static bool in_first_namespace(void)
{
	unsigned inside, outside, count;
	char text[128];

	if (file_peek(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return true;
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == UINT32_MAX;
}

enum rights rights_get(void)
{
	static enum rights known;
	static bool asked;

	if (!asked) {
		known = geteuid() != 0         ? RIGHTS_NONE
			: in_first_namespace() ? RIGHTS_HOST
					       : RIGHTS_NAMESPACE;
		asked = true;
	}
	return known;
}

/* Not even this link of a process can be read if it is in a user namespace over which we have no rights. */
bool rights_over_init(void)
{
	struct stat ours, init;

	if (rights_get() != RIGHTS_NAMESPACE)
		return rights_get() == RIGHTS_HOST;
	return stat("/proc/self/ns/user", &ours) == 0 && stat("/proc/1/ns/user", &init) == 0 &&
	       ours.st_dev == init.st_dev && ours.st_ino == init.st_ino;
}
