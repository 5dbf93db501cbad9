#include "state/metadata.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "state/life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUMMARY_LEAST = 2048 };

/* An empty file, or one of zeros, counts as absent: the machine went down before it was on disk. */
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

static bool is_there(const struct store *store, const char *name)
{
	struct stat st;

	return fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       fstatat(store->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int container_missing(const struct store *store, const char *name, struct err *err)
{
	if (err->sys != ENOENT || is_there(store, name))
		return -1;
	err_set(err, "no container %s any more", name);
	err->sys = ENOENT;
	return -1;
}

int container_read(const struct store *store, const char *name, const char *file, char **ret_text,
	size_t *ret_len, struct err *err)
{
	char path[SPEC_NAME_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	if (read_whole(store->containers_fd, path, ret_text, ret_len, err) == 0)
		return 0;
	if (err->sys == ENOENT && store->state_fd >= 0 &&
		read_whole(store->state_fd, path, ret_text, ret_len, err) == 0)
		return 0;
	return container_missing(store, name, err);
}

int container_metadata(const struct store *store, const char *name, struct metadata *ret,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (container_read(store, name, "container.json", &text, &len, err) < 0)
		return -1;
	if (metadata_parse(text, len, ret, err) < 0)
		return err_wrap(err, "%s", name);
	/* It may have been renamed since it was written. */
	ret->name = arena_strdup(&ret->arena, name);
	return 0;
}

/* With blanks behind it, up to size. */
static char *format_padded(const struct metadata *s, size_t size, struct err *err)
{
	autofree char *text = metadata_format(s, err);
	size_t len = text ? strlen(text) : 0;
	char *padded;

	if (!text || len >= size)
		return take_ptr(&text);
	padded = realloc(text, size + 1);
	if (!padded) {
		err_sys(err, "write container.json");
		return NULL;
	}
	text = NULL;
	memset(padded + len, ' ', size - len);
	padded[size] = '\0';
	return padded;
}

int container_write_metadata(int data_fd, const struct metadata *s, enum file_sync sync,
	struct err *err)
{
	/* What is written at its end takes no block more. */
	autofree char *text = format_padded(s, s->exited ? 0 : SUMMARY_LEAST, err);

	if (!text)
		return -1;
	if (strlen(text) > JSON_MAX_BYTES)
		return err_set(err,
			"labels and command are too much to be read again: "
			"container.json would be larger than %d bytes",
			JSON_MAX_BYTES);
	return file_write(data_fd, "container.json", text, strlen(text), 0600, sync, err);
}

/* In place, in the blocks that it has. */
static int overwrite_metadata(int data_fd, const struct metadata *s, struct err *err)
{
	autofd int fd = openat(data_fd, "container.json", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *text = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open container.json");
	text = format_padded(s, (size_t)st.st_size, err);
	if (!text)
		return -1;
	if (pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text) || fsync(fd) < 0)
		return err_sys(err, "write container.json");
	return 0;
}

int container_end_metadata(int data_fd, const struct metadata *s, struct err *err)
{
	if (container_write_metadata(data_fd, s, FILE_SYNC, err) == 0)
		return 0;
	return err->sys == ENOSPC || err->sys == EDQUOT ? overwrite_metadata(data_fd, s, err) : -1;
}

/* config.json is written after container.json. So where it is there, container.json was complete once. */
static int has_config(const struct store *store, const char *name, struct err *err)
{
	autofree char *text = NULL;
	char path[SPEC_NAME_MAX + 32];
	size_t len;

	snprintf(path, sizeof(path), "%s/config.json", name);
	if (read_whole(store->containers_fd, path, &text, &len, err) == 0)
		return 1;
	return err->sys == ENOENT ? 0 : err->sys ? -1 : 1;
}

int container_is_orphan(const struct store *store, const char *name, struct err *err)
{
	struct metadata metadata;
	bool orphan;
	int r;

	if (container_metadata(store, name, &metadata, err) < 0) {
		if (err->sys != ENOENT)
			return err->sys ? -1 : 0;
		r = has_config(store, name, err);
		return r < 0 ? -1 : !r;
	}
	orphan = life_is_over(&metadata);
	metadata_free(&metadata);
	return orphan;
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
