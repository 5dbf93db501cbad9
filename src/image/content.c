#include "image/content.h"

#include "image/entry.h"

#include <archive.h>

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { HOLE = 32 << 10 /* smaller ones only tear a file apart on disk */ };

static int apply_capability(int fd, const void *value, size_t size, struct err *err)
{
	unsigned char cap[CAPABILITY_SIZE];

	if (entry_capability(value, size, cap, err) < 0)
		return -1;
	if (fsetxattr(fd, "security.capability", cap, sizeof(cap), 0) < 0)
		return err_sys(err, "set its file capability");
	return 0;
}

static int apply_xattr(int fd, const char *name, const void *value, size_t size, struct err *err)
{
	switch (entry_xattr(name)) {
	case XATTR_DROP:
		return 0;
	case XATTR_REFUSE:
		err_set(err, "it carries the attribute %.80s, a mark of overlayfs itself", name);
		return err_hint(err, "pack it again with tar --xattrs-exclude='*.overlay.*'");
	case XATTR_KEEP:
		break;
	}
	if (strcmp(name, "security.capability") == 0)
		return apply_capability(fd, value, size, err);
	if (fsetxattr(fd, name, value, size, 0) < 0)
		return err_sys(err, "set its attribute %.80s", name);
	return 0;
}

int content_apply_xattrs(struct archive_entry *e, int fd, struct err *err)
{
	const char *name;
	const void *value;
	size_t size;

	if (archive_entry_xattr_reset(e) == 0)
		return 0;
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK) {
		if (fd < 0 && entry_xattr(name) != XATTR_REFUSE)
			continue;
		if (apply_xattr(fd, name, value, size, err) < 0)
			return -1;
	}
	return 0;
}

/* There is no way to remove one. */
void content_drop_capability(struct archive_entry *e)
{
	struct archive_entry *all = archive_entry_clone(e);
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_clear(e);
	if (all && archive_entry_xattr_reset(all) > 0)
		while (archive_entry_xattr_next(all, &name, &value, &size) == ARCHIVE_OK)
			if (strcmp(name, "security.capability") != 0)
				archive_entry_xattr_add_entry(e, name, value, size);
	if (all)
		archive_entry_free(all);
}

void content_times(struct archive_entry *e, struct timespec ret[2])
{
	ret[1].tv_sec = archive_entry_mtime(e);
	ret[1].tv_nsec = archive_entry_mtime_nsec(e);
	if (!archive_entry_mtime_is_set(e) || ret[1].tv_nsec < 0 || ret[1].tv_nsec >= 1000000000)
		ret[1] = (struct timespec){0};
	ret[0] = ret[1];
}

static int write_all_at(int fd, const char *data, size_t len, int64_t offset, struct err *err)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		data += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

static bool is_zero(const char *data, size_t len)
{
	return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* Up to the next multiple of HOLE in the file. */
static size_t part_length(size_t len, int64_t offset)
{
	size_t n = HOLE - (size_t)offset % HOLE;

	return n < len ? n : len;
}

int content_write(int fd, const char *data, size_t len, int64_t offset, uint64_t *left,
	struct err *err)
{
	while (len) {
		size_t run = part_length(len, offset);
		bool zero = is_zero(data, run);

		while (!zero && run < len) {
			size_t next = part_length(len - run, offset + (int64_t)run);

			if (is_zero(data + run, next))
				break;
			run += next;
		}
		if (!zero && run > *left)
			return err_set(err, "it is too large");
		if (!zero && write_all_at(fd, data, run, offset, err) < 0)
			return -1;
		*left -= zero ? 0 : run;
		data += run;
		offset += (int64_t)run;
		len -= run;
	}
	return 0;
}
