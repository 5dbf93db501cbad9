#include "state/volume.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DOCUMENT "volume.json"
enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
/* The holder may be copying what an image has. One that was stopped by a signal is not waited for for ever. */
enum { HOLD_SECONDS = 600, HOLD_STEP_MS = 20 };

char *volume_format(const struct volume *v, struct err *err)
{
	json_t *labels = json_object();
	autojson json_t *j = NULL;

	for (size_t i = 0; i < v->label_count; i++)
		json_object_set_new(labels, v->labels[i].key, json_string(v->labels[i].value));
	j = json_pack("{ss sI so ss* sb}", "name", v->name, "createdNs", (json_int_t)v->created_ns,
		"labels", labels, "owner", v->owner, "remove", v->remove);
	if (j)
		return json_text(j, JSON_COMPACT, err);
	err_set(err, "cannot write " DOCUMENT " of %s", v->name);
	return NULL;
}

static int read_labels(struct volume *v, json_t *labels, struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (labels, key, value) {
		struct key_value kv = {.key = arena_strdup(&v->arena, key)};

		if (!json_is_string(value))
			return err_set(err, DOCUMENT ": a label is no string");
		kv.value = arena_strdup(&v->arena, json_string_value(value));
		arena_push(&v->arena, v->labels, v->label_count, kv);
	}
	return 0;
}

int volume_parse(const char *text, size_t len, struct volume *ret, struct err *err)
{
	autojson json_t *j = json_parse(DOCUMENT, text, len, err);
	const char *name, *owner = NULL;
	struct volume v = {0};
	json_int_t created;
	json_t *labels;
	int remove;

	if (!j || json_take(j, DOCUMENT, err, "{ss sI so s?s sb}", "name", &name, "createdNs",
			  &created, "labels", &labels, "owner", &owner, "remove", &remove) < 0)
		return -1;
	if (read_labels(&v, labels, err) < 0) {
		arena_free(&v.arena);
		return -1;
	}
	v.name = arena_strdup(&v.arena, name);
	v.owner = owner ? arena_strdup(&v.arena, owner) : NULL;
	v.created_ns = created;
	v.remove = remove;
	*ret = v;
	return 0;
}

void volume_free(struct volume *v)
{
	arena_free(&v->arena);
}

static int write_document(int fd, const struct volume *v, struct err *err)
{
	autofree char *text = volume_format(v, err);

	if (!text)
		return -1;
	if (strlen(text) > JSON_MAX_BYTES)
		return err_set(err, "the labels of %s are too much to be read again", v->name);
	/* A volume that goes with its container needs to last no longer than that. */
	return file_write(fd, DOCUMENT, text, strlen(text), 0600,
		v->remove               ? FILE_NOSYNC
		: v->owner && *v->owner ? FILE_SOON
					: FILE_SYNC,
		err);
}

int volume_open(int volumes_fd, const char *name, struct err *err)
{
	int fd = openat(volumes_fd, name, DIR_FLAGS);

	return fd < 0 ? err_sys(err, "open the volume %s", name) : fd;
}

int volume_make(int volumes_fd, const struct volume *v, const char *tmp, struct err *err)
{
	autofd int fd = -1;

	if (mkdirat(volumes_fd, tmp, 0700) < 0 || (fd = openat(volumes_fd, tmp, DIR_FLAGS)) < 0 ||
		mkdirat(fd, "data", 0755) < 0)
		return err_sys(err, "make the volume %s", v->name);
	return write_document(fd, v, err);
}

int volume_publish(int volumes_fd, const char *tmp, const char *name, struct err *err)
{
	if (syscall(SYS_renameat2, volumes_fd, tmp, volumes_fd, name, 1 /* RENAME_NOREPLACE */) < 0)
		return err_sys(err, "make the volume %s", name);
	return 0;
}

int volume_create(int volumes_fd, const struct volume *v, struct err *err)
{
	struct err ignored;
	char tmp[LEFTOVER_SIZE];

	leftover_name(LEFTOVER_NEW, tmp);
	if (volume_make(volumes_fd, v, tmp, err) == 0 &&
		volume_publish(volumes_fd, tmp, v->name, err) == 0)
		return 0;
	tree_remove(volumes_fd, tmp, &ignored);
	return -1;
}

static int lock(int fd, const char *name, struct err *err)
{
	uint64_t deadline = deadline_in(HOLD_SECONDS);

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, "lock the volume %s", name);
		if (deadline_poll_ms(deadline) == 0) {
			err_set(err, "the volume %s is held by another ctr", name);
			return err_hint(err, "is a ctr process stopped? kill -CONT or kill it");
		}
		poll(NULL, 0, HOLD_STEP_MS);
	}
	return 0;
}

int volume_hold(int volumes_fd, const char *name, struct err *err)
{
	autofd int fd = volume_open(volumes_fd, name, err);

	if (fd < 0)
		return -1;
	if (lock(fd, name, err) < 0)
		return -1;
	if (file_still_named(fd, volumes_fd, name) < 0)
		return err_sys(err, "open the volume %s", name);
	return take_fd(&fd);
}

int volume_read(int fd, const char *name, struct volume *ret, struct err *err)
{
	struct volume v = {.name = name};
	autofree char *text = NULL;
	size_t len;

	if (file_read(fd, DOCUMENT, JSON_MAX_BYTES, &text, &len, err) < 0) {
		if (err->sys != ENOENT)
			return err_wrap(err, "volume %s", name);
	} else if (!file_is_blank(text, len) && volume_parse(text, len, &v, err) < 0) {
		return err_wrap(err, "volume %s", name);
	}
	v.name = name;
	*ret = v;
	return 0;
}

int volume_keep(int fd, const char *name, struct err *err)
{
	struct volume v;
	int r = 0;

	if (volume_read(fd, name, &v, err) < 0)
		return err->sys ? -1 : 0; /* what makes no sense says of nobody that it is his */
	if (v.owner) {
		v.owner = NULL;
		v.remove = false;
		r = write_document(fd, &v, err);
	}
	volume_free(&v);
	return r;
}

/* 1, 0 or -1. */
static int is_of(int fd, const char *name, const char *owner, struct err *err)
{
	struct volume v;
	int r;

	if (volume_read(fd, name, &v, err) < 0)
		return err->sys ? -1 : 0;
	r = v.owner && strcmp(v.owner, owner) == 0;
	volume_free(&v);
	return r;
}

int volume_take_out(int volumes_fd, const char *name, char old[LEFTOVER_SIZE], struct err *err)
{
	return leftover_take_out(volumes_fd, name, old) < 0
		       ? err_sys(err, "remove the volume %s", name)
		       : 0;
}

int volume_remove_own(int volumes_fd, const char *name, const char *owner, struct err *err)
{
	autofd int fd = volume_hold(volumes_fd, name, err);
	char old[LEFTOVER_SIZE];
	int r;

	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = is_of(fd, name, owner, err);
	if (r <= 0 || volume_take_out(volumes_fd, name, old, err) < 0)
		return r <= 0 ? r : -1;
	return tree_remove(volumes_fd, old, err) < 0 ? err_wrap(err, "remove the volume %s", name)
						     : 1;
}
