#include "state/process.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const char *boot_id(struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	static char id[37];
	char text[sizeof(id)];

	if (id[0])
		return id;
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) <= 0) {
		err_sys(err, "read %s", path);
		if (err->sys == ENOENT)
			err_hint(err, "mount -t proc proc /proc");
		return NULL;
	}
	memcpy(id, text, sizeof(id));
	return id;
}

int process_stat(pid_t pid, char *ret_state, uint64_t *ret_ticks)
{
	unsigned long long ticks;
	char path[32], text[1024];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	/* The second field is the name, in parentheses, and may hold anything. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			  "%*d %llu",
			  ret_state, &ticks) != 2) {
		errno = EPROTO;
		return -1;
	}
	*ret_ticks = ticks;
	return 0;
}

int process_start_ticks(pid_t pid, uint64_t *ret)
{
	char state;

	return process_stat(pid, &state, ret);
}
