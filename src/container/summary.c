#include "container/summary.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is blank is absent. */
static int read_whole(int dirfd, const char *path, char **ret_text, size_t *ret_len,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read(dirfd, path, JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	if (file_is_blank(text, len)) {
		errno = ENOENT;
		return err_sys(err, "read %s", path);
	}
	*ret_text = take_ptr(&text);
	*ret_len = len;
	return 0;
}

int container_read(const struct store *store, const char *name, const char *file, char **ret_text,
	size_t *ret_len, struct err *err)
{
	char path[SPEC_NAME_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	if (read_whole(store->containers_fd, path, ret_text, ret_len, err) == 0)
		return 0;
	if (err->sys != ENOENT)
		return -1;
	return read_whole(store->state_fd, path, ret_text, ret_len, err);
}

int container_summary(const struct store *store, const char *name, struct summary *ret,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (container_read(store, name, "container.json", &text, &len, err) < 0)
		return -1;
	return summary_parse(text, len, ret, err) < 0 ? err_wrap(err, "%s", name) : 0;
}

int container_write_summary(int data_fd, const struct summary *s, enum file_sync sync,
	struct err *err)
{
	autofree char *text = summary_format(s, err);

	if (!text)
		return -1;
	return file_write(data_fd, "container.json", text, strlen(text), 0600, sync, err);
}

int exit_file_read(int state_fd, int *ret_status, int64_t *ret_finished_ns)
{
	char text[64];
	long long finished;
	int status;

	if (file_peek(state_fd, "exit", text, sizeof(text)) < 0)
		return errno == ENOENT ? 0 : -1;
	if (sscanf(text, "%d %lld", &status, &finished) != 2 || status < 0 || status > 255)
		return 0;
	*ret_status = status;
	*ret_finished_ns = finished;
	return 1;
}

int exit_file_write(int state_fd, int status, struct err *err)
{
	autofd int fd = openat(state_fd, "exit", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char text[64];
	int len = snprintf(text, sizeof(text), "%d %lld\n", status, (long long)now_ns());

	if (fd < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return err_sys(err, "write the exit status");
	return 0;
}
