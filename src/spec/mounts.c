#include "spec/mounts.h"

#include <string.h>

static bool is_asked_for(const struct mount *m)
{
	return m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS;
}

static size_t depth(const char *target)
{
	size_t n = 0;

	for (; *target; target++)
		n += *target == '/';
	return n;
}

void mounts_sort(struct spec *spec)
{
	struct mount *m = spec->mounts;

	for (size_t i = 1; i < spec->mount_count; i++) {
		struct mount moved = m[i];
		size_t k = i;

		for (; k > 0 && depth(m[k - 1].target) > depth(moved.target); k--)
			m[k] = m[k - 1];
		m[k] = moved;
	}
}

int mounts_check(const struct spec *spec, struct err *err)
{
	const struct mount *m = spec->mounts;

	for (size_t i = 0; i < spec->mount_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (strcmp(m[i].target, m[j].target) != 0)
				continue;
			if (is_asked_for(&m[i]) && is_asked_for(&m[j]))
				return err_value(err, "mount", m[i].target,
					"is the target of two mounts");
			err_value(err, "mount", m[i].target, "is mounted in every container");
			return err_hint(err, "mount it elsewhere, or one path below it");
		}
	return 0;
}
