#include "spec/usercaps.h"

#include <string.h>

/* As far as it can be known before the image's own names are read. */
static bool is_root(const char *user)
{
	size_t len = strcspn(user, ":");

	return len == 0 || (len == 1 && user[0] == '0') || (len == 4 && !memcmp(user, "root", 4));
}

void usercaps_set(struct process_spec *p, uint64_t added)
{
	uint64_t set = is_root(p->user) ? 0 : added & p->caps[CAPSET_BOUNDING];

	p->caps[CAPSET_AMBIENT] = p->caps[CAPSET_INHERITABLE] = set;
}
