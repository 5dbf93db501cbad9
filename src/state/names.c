#include "state/names.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/namelink.h"
#include "base/num.h"
#include "net/planfile.h"
#include "ns/idmap.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
enum { NAMES_MODE = 0711 }; /* resolvers run as ids of containers, and have a descriptor */
enum { ID_SHORT = 12, OWNER_SIZE_MAX = RECORD_NAME_MAX + 1 + ID_SHORT + 1 };

static void owner_format(const struct network_plan *plan, char ret[OWNER_SIZE_MAX])
{
	snprintf(ret, OWNER_SIZE_MAX, "%s/%.*s", plan->name, ID_SHORT, plan->id);
}

static int open_names(const struct store *store, const char *network)
{
	char path[sizeof(NAMES_DIR) + 1 + NAMELINK_FILE_SIZE];

	snprintf(path, sizeof(path), NAMES_DIR "/%s", network);
	return openat(store->state_fd, path, DIR_FLAGS);
}

static int make_one(int dir, const char *name)
{
	return mkdirat(dir, name, NAMES_MODE) < 0 && errno != EEXIST ? -1 : 0;
}

static int make_names(const struct store *store, const char *network)
{
	autofd int top = -1;
	int fd = open_names(store, network);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (make_one(store->state_fd, NAMES_DIR) < 0)
		return -1;
	top = openat(store->state_fd, NAMES_DIR, DIR_FLAGS);
	if (top < 0 || make_one(top, network) < 0)
		return -1;
	return openat(top, network, DIR_FLAGS);
}

static bool read_link(int dir, const char *file, char ret[NAMELINK_TEXT_SIZE])
{
	ssize_t n = readlinkat(dir, file, ret, NAMELINK_TEXT_SIZE);

	if (n < 0 || n == NAMELINK_TEXT_SIZE)
		return false;
	ret[n] = '\0';
	return true;
}

static bool is_of(int dir, const char *file, const char *owner)
{
	char text[NAMELINK_TEXT_SIZE];
	const char *has = read_link(dir, file, text) ? namelink_owner(text) : NULL;

	return has && strcmp(has, owner) == 0;
}

/* Whether a container has no such start any more. What cannot be found out counts as there. */
static bool is_gone(const struct store *store, const char *owner)
{
	const char *id = strchr(owner, '/') + 1;
	char name[RECORD_NAME_MAX + 1];
	struct container c;
	struct err err;
	bool gone;

	if ((size_t)(id - owner) > sizeof(name))
		return true;
	memcpy(name, owner, (size_t)(id - owner) - 1);
	name[id - owner - 1] = '\0';
	if (namelock_open(store, name, NAMELOCK_NONE, &c, &err) < 0)
		return err.sys == ENOENT;
	gone = strncmp(c.record.id, id, ID_SHORT) != 0;
	container_close(&c);
	return gone;
}

/* Whether there is a link that leads nowhere sensible, or to somebody who is gone. */
static bool is_stale(const struct store *store, int dir, const char *file)
{
	char text[NAMELINK_TEXT_SIZE];
	const char *owner;

	if (!read_link(dir, file, text))
		return false;
	owner = namelink_owner(text);
	return !owner || is_gone(store, owner);
}

static int lock(int dir, int how)
{
	int r;

	while ((r = flock(dir, how)) < 0 && errno == EINTR)
		;
	return r;
}

/* Under the lock. Of those that share a name the last one moves up: who reads them stops at the first that is missing. */
static int vacate(int dir, const char *base, unsigned n)
{
	char file[NAMELINK_FILE_SIZE], last[NAMELINK_FILE_SIZE], next[NAMELINK_FILE_SIZE];
	char text[NAMELINK_TEXT_SIZE];

	namelink_file(base, n, file);
	strcpy(last, file);
	while (++n < NAMELINK_SHARERS) {
		namelink_file(base, n, next);
		if (!read_link(dir, next, text))
			break;
		strcpy(last, next);
	}
	if (strcmp(last, file) != 0)
		return renameat(dir, last, dir, file);
	return unlinkat(dir, file, 0) < 0 && errno != ENOENT ? -1 : 0;
}

/* Under the lock: at the first free place. 0, or -1 with errno, EEXIST if there is none. */
static int put_among(const struct store *store, int dir, const char *text, const char *base,
	const char *owner, unsigned sharers)
{
	char file[NAMELINK_FILE_SIZE];
	unsigned n = 0;

	while (n < sharers) {
		namelink_file(base, n, file);
		if (symlinkat(text, dir, file) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
		/* Of an earlier try at the same start, or of nobody. */
		if (!is_of(dir, file, owner) && !is_stale(store, dir, file))
			n++;
		else if (vacate(dir, base, n) < 0)
			return -1;
	}
	errno = EEXIST;
	return -1;
}

/* base: a name, or the file of an address. */
static int put_link(const struct store *store, int dir, const char *text, const char *base,
	const char *owner, unsigned sharers)
{
	int r, why;

	/* Where the first is missing there is no other. */
	if (symlinkat(text, dir, base) == 0)
		return 0;
	if (errno != EEXIST || lock(dir, LOCK_EX) < 0)
		return -1;
	r = put_among(store, dir, text, base, owner, sharers);
	why = errno;
	lock(dir, LOCK_UN);
	errno = why;
	return r;
}

/* The last one out. Who comes in meanwhile finds that out: add_attachment(). Whose resolver has a directory open is in it. */
static void remove_empty(const struct store *store, const char *network)
{
	char path[sizeof(NAMES_DIR) + 1 + NAMELINK_FILE_SIZE];

	snprintf(path, sizeof(path), NAMES_DIR "/%s", network);
	if (unlinkat(store->state_fd, path, AT_REMOVEDIR) == 0)
		(void)unlinkat(store->state_fd, NAMES_DIR, AT_REMOVEDIR);
}

/* The first of each family. */
static void addresses_of(const struct plan_attachment *a, struct addresses *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < a->address_count && ret->count < 2; i++)
		if (ret->count == 0 || ret->of[0].family != a->addresses[i].address.family)
			ret->of[ret->count++] = a->addresses[i].address;
}

static int add_name(const struct store *store, int dir, const struct plan_attachment *a,
	const char *host, const char *owner, struct err *err)
{
	char text[NAMELINK_TEXT_SIZE];
	struct addresses addresses;

	addresses_of(a, &addresses);
	if (!namelink_format(&addresses, owner, text) ||
		put_link(store, dir, text, host, owner, NAMELINK_SHARERS) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "add the name %s to the network %s", host, a->network);
	return err_set(err, "network %s: %d containers have the name %s already", a->network,
		NAMELINK_SHARERS, host);
}

/* An address is leased to one container: what is in the way is of none. */
static int add_address(const struct store *store, int dir, const struct plan_attachment *a,
	const struct address *address, const char *host, const char *owner, struct err *err)
{
	char file[NAMELINK_FILE_SIZE], text[NAMELINK_TEXT_SIZE];

	namelink_address_file(address, file);
	if (!namelink_address_format(host, owner, text) ||
		put_link(store, dir, text, file, owner, 1) == 0 || errno == EEXIST)
		return 0;
	return err_sys(err, "add the address %s to the names of network %s", file + 1, a->network);
}

static int try_to_add(const struct store *store, const struct plan_attachment *a, const char *owner,
	struct err *err)
{
	char host[NAMELINK_HOST_SIZE], first[NAMELINK_HOST_SIZE] = "";
	autofd int dir = make_names(store, a->network);

	if (dir < 0)
		return err_sys(err, "make %s/" NAMES_DIR "/%s", store->state, a->network);
	for (size_t i = 0; i < a->name_count; i++) {
		if (!namelink_host(a->names[i], host))
			continue;
		if (add_name(store, dir, a, host, owner, err) < 0)
			return -1;
		if (!*first)
			strcpy(first, host);
	}
	for (size_t i = 0; *first && i < a->address_count; i++)
		if (add_address(store, dir, a, &a->addresses[i].address, first, owner, err) < 0)
			return -1;
	return 0;
}

static int add_attachment(const struct store *store, const struct plan_attachment *a,
	const char *owner, struct err *err)
{
	enum { TRIES = 100 };
	int r = -1;

	for (int i = 0; r < 0 && i < TRIES; i++) {
		err->sys = 0;
		r = try_to_add(store, a, owner, err);
		if (r < 0 && err->sys != ENOENT)
			break;
	}
	return r;
}

int names_add(const struct store *store, const struct network_plan *plan, struct err *err)
{
	char owner[OWNER_SIZE_MAX];

	if (plan->attachment_count)
		owner_format(plan, owner);
	for (size_t i = 0; i < plan->attachment_count; i++)
		if (add_attachment(store, &plan->attachments[i], owner, err) < 0)
			return -1;
	return 0;
}

/* Under the lock. base as in put_link(). */
static int remove_own(int dir, const char *base, const char *owner)
{
	char file[NAMELINK_FILE_SIZE], text[NAMELINK_TEXT_SIZE];

	for (unsigned n = 0; n < NAMELINK_SHARERS; n++) {
		namelink_file(base, n, file);
		if (is_of(dir, file, owner))
			return vacate(dir, base, n);
		if (!read_link(dir, file, text))
			break;
	}
	return 0;
}

static int remove_attachment(int dir, const struct plan_attachment *a, const char *owner)
{
	char host[NAMELINK_HOST_SIZE], file[NAMELINK_FILE_SIZE];

	if (lock(dir, LOCK_EX) < 0)
		return -1;
	for (size_t i = 0; i < a->name_count; i++)
		if (namelink_host(a->names[i], host) && remove_own(dir, host, owner) < 0)
			return -1;
	for (size_t i = 0; i < a->address_count; i++) {
		namelink_address_file(&a->addresses[i].address, file);
		if (remove_own(dir, file, owner) < 0)
			return -1;
	}
	return 0;
}

int names_remove(const struct store *store, const struct network_plan *plan, struct err *err)
{
	char owner[OWNER_SIZE_MAX];

	if (plan->attachment_count)
		owner_format(plan, owner);
	for (size_t i = 0; i < plan->attachment_count; i++) {
		const struct plan_attachment *a = &plan->attachments[i];
		autofd int dir = open_names(store, a->network);

		if (dir < 0 ? errno != ENOENT : remove_attachment(dir, a, owner) < 0)
			return err_sys(err, "remove the names of %s from the network %s",
				plan->name, a->network);
		if (dir >= 0)
			remove_empty(store, a->network);
	}
	return 0;
}

static void rename_in_plan(struct network_plan *plan, const char *old, const char *new)
{
	char was[NAMELINK_HOST_SIZE] = "", is[NAMELINK_HOST_SIZE] = "";

	namelink_host(old, was);
	namelink_host(new, is);
	plan->name = arena_strdup(&plan->arena, new);
	for (size_t i = 0; i < plan->attachment_count; i++) {
		struct plan_attachment *a = &plan->attachments[i];

		for (size_t j = 0; j < a->name_count; j++)
			if (strcmp(a->names[j], was) == 0)
				a->names[j] = arena_strdup(&plan->arena, is);
	}
}

int names_rename(const struct store *store, const char *old, const char *new, struct err *err)
{
	autofd int state = openat(store->state_fd, new, DIR_FLAGS);
	struct network_plan was, plan;
	int r = state < 0 ? 0 : plan_read(state, &was, err);

	if (r <= 0)
		return r;
	r = plan_read(state, &plan, err) > 0 ? 0 : -1;
	if (r == 0) {
		rename_in_plan(&plan, old, new);
		/* In this order no directory is empty meanwhile; what is left of the old name by who is killed here is
		 * swept. */
		if (plan_write(state, &plan, err) < 0 || names_add(store, &plan, err) < 0 ||
			names_remove(store, &was, err) < 0)
			r = -1;
		network_plan_free(&plan);
	}
	network_plan_free(&was);
	return r;
}

/* Under the lock: a place, and whoever moves up to it. */
static void sweep_place(const struct store *store, int dir, const char *file)
{
	const size_t len = strcspn(file, "~");
	char base[NAMELINK_FILE_SIZE];
	uint32_t n = 0;

	if (len >= sizeof(base) || (file[len] && num_parse_u32(file + len + 1, &n) < 0))
		return;
	memcpy(base, file, len);
	base[len] = '\0';
	while (is_stale(store, dir, file))
		if (vacate(dir, base, n) < 0)
			return;
}

static int sweep_network(const struct store *store, const char *network, struct err *err)
{
	autofd int dir = open_names(store, network);
	struct dents d;
	const char *file;
	unsigned char type;

	if (dir < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, "open %s/" NAMES_DIR "/%s", store->state, network);
	if (lock(dir, LOCK_EX) < 0)
		return err_sys(err, "lock %s/" NAMES_DIR "/%s", store->state, network);
	dents_init(&d, dir);
	while ((file = dents_next(&d, &type)))
		sweep_place(store, dir, file);
	if (errno && errno != ENOENT)
		return err_sys(err, "read %s/" NAMES_DIR "/%s", store->state, network);
	remove_empty(store, network);
	return 0;
}

int names_sweep(const struct store *store, struct err *err)
{
	autofd int top = store->state_fd < 0 ? -1 : openat(store->state_fd, NAMES_DIR, DIR_FLAGS);
	struct dents d;
	const char *network;
	unsigned char type;

	if (top < 0)
		return store->state_fd < 0 || errno == ENOENT
			       ? 0
			       : err_sys(err, "open %s/" NAMES_DIR, store->state);
	dents_init(&d, top);
	while ((network = dents_next(&d, &type)))
		if (sweep_network(store, network, err) < 0)
			return -1;
	/* The last one has taken it along. */
	return errno && errno != ENOENT ? err_sys(err, "read %s/" NAMES_DIR, store->state) : 0;
}

/* The addresses in a macvlan's subnet are the LAN's, which knows more of them than we do. */
static bool knows_all(const struct plan_attachment *a)
{
	return a->driver == DRIVER_NAT || a->driver == DRIVER_BRIDGE;
}

static char *config_text(struct arena *arena, const struct network_plan *plan)
{
	const uint32_t id = idmap_range_base(plan->slot) + SPEC_IDS - 2;
	char *text = arena_printf(arena, "ids %" PRIu32 " %" PRIu32 "\n", id, id);
	char buf[PREFIX_SIZE];
	bool outside = false;

	for (size_t i = 0; i < plan->attachment_count; i++) {
		const struct plan_attachment *a = &plan->attachments[i];

		text = arena_printf(arena, "%snetwork %s\n", text, a->network);
		outside = outside || !a->internal;
		for (size_t j = 0; knows_all(a) && j < a->address_count; j++)
			text = arena_printf(arena, "%ssubnet %s\n", text,
				prefix_format(&a->addresses[j], buf));
	}
	for (size_t i = 0; i < plan->dns_count; i++)
		text = arena_printf(arena, "%sserver %s\n", text,
			address_format(&plan->dns[i], buf));
	if (!plan->dns_count && outside)
		text = arena_printf(arena, "%sresolv /etc/resolv.conf\n", text);
	return text;
}

int names_configure(int state_fd, const struct network_plan *plan, struct err *err)
{
	struct arena arena = {0};
	char *text = config_text(&arena, plan);
	int r = file_write(state_fd, RESOLVER_CONFIG, text, strlen(text), 0600, FILE_NOSYNC, err);

	arena_free(&arena);
	return r;
}
