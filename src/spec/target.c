#include "spec/target.h"

#include <string.h>

enum { PATH_BYTES = 4096 };

int target_parse(struct arena *a, const char *what, const char *s, const char **ret_target,
	struct err *err)
{
	const char *p = s;
	char *clean;
	size_t used = 0;

	if (*s != '/')
		return err_value(err, what, s, "is not an absolute path in the container");
	if (strlen(s) >= PATH_BYTES)
		return err_value(err, what, s, "is too long");
	clean = arena_alloc(a, strlen(s) + 1);
	while (*(p += strspn(p, "/"))) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return err_value(err, what, s, "has a '..' in its path in the container");
		if (len != 1 || p[0] != '.') {
			clean[used++] = '/';
			memcpy(clean + used, p, len);
			used += len;
		}
		p += len;
	}
	if (!used)
		return err_value(err, what, s, "would hide the container's own root");
	*ret_target = clean;
	return 0;
}
