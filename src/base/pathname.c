#include "base/pathname.h"

#include <string.h>

/* Appends the components of path to ret, which is clean and has no '/' at its end: "" stands for "/". */
static bool add(char *ret, size_t *len, const char *path, size_t n)
{
	const char *end = path + n;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t size = (size_t)((slash ? slash : end) - path);

		if (size == 2 && path[0] == '.' && path[1] == '.') {
			while (*len && ret[--*len] != '/')
				;
		} else if (size && !(size == 1 && path[0] == '.')) {
			if (*len + 1 + size >= PATHNAME_SIZE)
				return false;
			ret[(*len)++] = '/';
			memcpy(ret + *len, path, size);
			*len += size;
		}
		path += size + 1;
	}
	return true;
}

bool pathname_join(const char *dir, size_t dir_len, const char *path, char ret[PATHNAME_SIZE])
{
	size_t len = 0;

	if ((path[0] != '/' && !add(ret, &len, dir, dir_len)) ||
		!add(ret, &len, path, strlen(path)))
		return false;
	if (!len)
		ret[len++] = '/';
	ret[len] = '\0';
	return true;
}

const char *pathname_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (len == 1)
		return path + 1;
	if (strncmp(path, top, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len + (path[len] == '/');
}

int pathname_check_home(const char *what, const char *value, struct err *err)
{
	if (value[0] != '~' || (value[1] && value[1] != '/'))
		return 0;
	err_value(err, what, value, "begins with ~, which the shell has left as it is");
	return err_hint(err, "write $HOME%.120s", value + 1);
}
