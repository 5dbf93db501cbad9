#include "ns/rights.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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
