#include "state/recordfile.h"

#include "base/fd.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define RECORD_FILE "record.json"

int record_write(struct container *c, struct err *err)
{
	autofree char *text = container_record_format(&c->record, err);

	if (!text)
		return -1;
	return file_write(c->state_fd, RECORD_FILE, text, strlen(text), 0600, FILE_NOSYNC, err);
}

int record_write_ahead(struct container *c, const struct record *next, struct err *err)
{
	autofree char *text = container_record_format(next, err);

	if (!text)
		return -1;
	return file_prepare(c->state_fd, RECORD_FILE, text, strlen(text), 0600, FILE_NOSYNC, err);
}

int record_write_next(struct container *c, const struct record *next, struct err *err)
{
	if (file_publish(c->state_fd, RECORD_FILE, FILE_NOSYNC, err) < 0)
		return -1;
	c->record = *next;
	return 0;
}

/* The directory appears under its name by one rename, with its record: no need for a second one here. */
int record_write_first(struct container *c, struct err *err)
{
	autofree char *text = container_record_format(&c->record, err);
	autofd int fd = -1;

	if (!text)
		return -1;
	fd = openat(c->state_fd, RECORD_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		return err_sys(err, "write a record in %s", c->store->state);
	return 0;
}

int record_read(struct container *c, const char *name, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read(c->state_fd, RECORD_FILE, RECORD_MAX, &text, &len, err) < 0)
		return -1;
	if (container_record_parse(text, len, &c->record, err) < 0)
		return err_wrap(err, "%s/%s", c->store->state, name);
	/* It may have been renamed since, where names are ours to give. */
	if (!c->store->root && strcmp(c->record.name, name) != 0)
		return err_set(err, "%s/%s: the record is of %s", c->store->state, name,
			c->record.name);
	snprintf(c->record.name, sizeof(c->record.name), "%s", name);
	return 0;
}
