#include "state/networks.h"

#include "base/clock.h"
#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/nearest.h"
#include "net/handover.h"
#include "net/planfile.h"
#include "spec/network.h"
#include "state/configfile.h"
#include "state/gc.h"
#include "state/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".json"
enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
enum { LOCK_SECONDS = 60, LOCK_STEP_MS = 20 };
enum { FILE_SIZE = NETWORK_NAME_MAX + sizeof("networks/" SUFFIX) };

static int open_dir(const struct store *store, bool make, struct err *err)
{
	int fd;

	errno = ENOENT;
	fd = store->root_fd < 0 ? -1 : openat(store->root_fd, "networks", DIR_FLAGS);
	if (fd < 0 && errno == ENOENT && make && store->root_fd >= 0) {
		if (mkdirat(store->root_fd, "networks", 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make %s/networks", store->root);
		fd = openat(store->root_fd, "networks", DIR_FLAGS);
	}
	return fd < 0 ? err_sys(err, "open %s/networks", store->root) : fd;
}

int networks_open(const struct store *store, enum networks_lock how, struct err *err)
{
	autofd int fd = open_dir(store, how == NETWORKS_CHANGE, err);
	uint64_t deadline = deadline_in(LOCK_SECONDS);

	if (fd < 0)
		return -1;
	while (how == NETWORKS_CHANGE && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EINTR && (errno != EWOULDBLOCK || deadline_poll_ms(deadline) == 0)) {
			err_sys(err, "lock the networks");
			return err_hint(err, "another ctr makes or removes one");
		}
		poll(NULL, 0, LOCK_STEP_MS);
	}
	return take_fd(&fd);
}

static int read_file(int dirfd, const char *file, const char *name, struct network *ret,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read(dirfd, file, JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	if (network_parse(file, text, len, ret, err) < 0)
		return -1;
	if (strcmp(ret->name, name) == 0)
		return 0;
	network_free(ret);
	return err_set(err, "%s: is of another network", file);
}

/* A look at all of them is made by who has mistaken a name only. */
static int no_such(const struct store *store, const char *name, struct err *err)
{
	struct nearest near = {.word = name};
	struct arena a = {NULL};
	struct network *all;
	size_t n = 0;

	networks_all(store, &a, &all, &n, err);
	for (size_t i = 0; i < n; i++)
		nearest_offer(&near, all[i].name);
	err_set(err, "no network %.64s", name);
	err->sys = ENOENT;
	if (near.found)
		err_hint(err, "did you mean %s?", near.found);
	else
		err_hint(err,
			"ctr network create %.64s makes one; ctr network ls lists those "
			"there are",
			name);
	networks_free(all, n);
	arena_free(&a);
	return -1;
}

int network_read(const struct store *store, const char *name, struct network *ret, struct err *err)
{
	char file[FILE_SIZE];

	if (strcmp(name, NETWORK_DEFAULT) != 0 && network_builtin(name, ret))
		return 0;
	if (strcmp(name, NETWORK_DEFAULT) != 0 && network_name_check("network", name, err) < 0)
		return no_such(store, name, err);
	snprintf(file, sizeof(file), "networks/%s" SUFFIX, name);
	err->sys = ENOENT;
	if (store->root_fd >= 0 && read_file(store->root_fd, file, name, ret, err) == 0)
		return 0;
	if (err->sys != ENOENT)
		return err_wrap(err, "network %s", name);
	return network_builtin(name, ret) ? 0 : no_such(store, name, err);
}

int networks_of(const struct store *store, const struct spec *spec, struct arena *a,
	struct network **ret, struct err *err)
{
	const struct network_spec *n = &spec->network;
	struct network *nets = arena_alloc(a, n->attachment_count * sizeof(*nets));

	for (size_t i = 0; i < n->attachment_count; i++) {
		const char *name = n->attachments[i].network;

		if (network_read(store, name, &nets[i], err) < 0) {
			networks_free(nets, i);
			return -1;
		}
	}
	*ret = nets;
	return 0;
}

int network_write(int networks_fd, const struct network *net, struct err *err)
{
	autofree char *text = network_format(net, err);
	char file[FILE_SIZE];
	struct stat st;

	if (!text)
		return -1;
	snprintf(file, sizeof(file), "%s" SUFFIX, net->name);
	if (fstatat(networks_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		err_set(err, "the network %s exists", net->name);
		err->sys = EEXIST;
		return err_hint(err, "ctr network inspect %s tells what it is", net->name);
	}
	if (strlen(text) > JSON_MAX_BYTES)
		return err_set(err, "the labels of %s are too much to be read again", net->name);
	return file_write(networks_fd, file, text, strlen(text), 0600, FILE_SYNC, err);
}

int network_unlink(int networks_fd, const char *name, struct err *err)
{
	char file[FILE_SIZE];

	snprintf(file, sizeof(file), "%.64s" SUFFIX, name);
	if (unlinkat(networks_fd, file, 0) < 0)
		return err_sys(err, "remove the network %s", name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct network *)a)->name, ((const struct network *)b)->name);
}

/* The name that a file is of, or NULL. */
static char *name_of(struct arena *a, const char *file)
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);

	if (file[0] == '.' || len <= suffix || strcmp(file + len - suffix, SUFFIX) != 0)
		return NULL;
	return arena_strndup(a, file, len - suffix);
}

static int add_defined(int networks_fd, struct arena *a, struct network **nets, size_t *n,
	struct err *err)
{
	autofd int dir = openat(networks_fd, ".", DIR_FLAGS);
	unsigned char type;
	struct network net;
	const char *file;
	struct dents d;

	if (dir < 0)
		return err_sys(err, "read the networks");
	dents_init(&d, dir);
	while ((file = dents_next(&d, &type))) {
		const char *name = name_of(a, file);

		if (!name)
			continue;
		if (read_file(networks_fd, file, name, &net, err) == 0)
			arena_push(a, *nets, *n, net);
		else if (err->sys != ENOENT)
			warn("%s", err->text);
	}
	return errno ? err_sys(err, "read the networks") : 0;
}

int networks_all(const struct store *store, struct arena *a, struct network **ret,
	size_t *ret_count, struct err *err)
{
	static const char *const builtin[] = {NETWORK_DEFAULT, NETWORK_ROUTED};
	autofd int fd = networks_open(store, NETWORKS_LOOK, err);
	struct network *nets = NULL, net;
	size_t n = 0;
	bool own_default = false;

	if (fd < 0 && err->sys != ENOENT)
		return -1;
	if (fd >= 0 && add_defined(fd, a, &nets, &n, err) < 0) {
		networks_free(nets, n);
		return -1;
	}
	if (n)
		qsort(nets, n, sizeof(*nets), by_name);
	for (size_t i = 0; i < n; i++)
		own_default = own_default || strcmp(nets[i].name, NETWORK_DEFAULT) == 0;
	for (size_t i = own_default; i < 2; i++)
		if (network_builtin(builtin[i], &net))
			arena_push(a, nets, n, net);
	*ret = nets;
	*ret_count = n;
	return 0;
}

void networks_free(struct network *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		network_free(&nets[i]);
}

struct reading {
	const struct store *store;
	struct network_uses *uses;
};

static int read_uses(const char *name, void *arg, struct err *err)
{
	struct reading *r = arg;
	struct arena *a = &r->uses->arena;
	struct spec spec;

	if (container_spec(r->store, name, &spec, err) < 0) {
		/* One that is being made is not in any network yet. */
		if (err->sys == ENOENT)
			return 0;
		err_wrap(err, "nobody knows which networks %s is in", name);
		return err_hint(err, "ctr rm %s first", name);
	}
	for (size_t i = 0; i < spec.network.attachment_count; i++)
		arena_push(a, r->uses->items, r->uses->count,
			((struct network_use){arena_strdup(a, spec.network.attachments[i].network),
				arena_strdup(a, name)}));
	spec_free(&spec);
	return 0;
}

int network_uses_read(const struct store *store, struct network_uses *ret, struct err *err)
{
	struct network_uses uses = {0};

	if (store_each(store, read_uses, &(struct reading){store, &uses}, err) < 0) {
		network_uses_free(&uses);
		return -1;
	}
	*ret = uses;
	return 0;
}

void network_uses_free(struct network_uses *uses)
{
	arena_free(&uses->arena);
}

int network_plan_of(const struct store *store, const char *name, struct network_plan *ret,
	struct err *err)
{
	autofd int fd = openat(store->state_fd, name, DIR_FLAGS);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open the state of %s", name);
	r = plan_read(fd, ret, err);
	return r < 0 ? err_wrap(err, "%s", name) : r;
}

int network_restore(const struct store *store, const char *name, struct err *err)
{
	autofd int fd = openat(store->state_fd, name, DIR_FLAGS);
	struct handover h = HANDOVER_NONE;
	struct network_answer answer;
	struct stat st;
	int r = -1;

	if (fd < 0 || fstatat(fd, NETWORK_PLAN_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open the state of %s", name);
	if (handover_begin(&h, fd, false, err) == 0 &&
		handover_ask(&h, NETWORK_RESTORE, NULL, err) == 0)
		r = handover_hear(&h, true, &answer, NULL, err);
	handover_end(&h, r < 0);
	return r < 0 ? err_wrap(err, "%s", name) : 0;
}
