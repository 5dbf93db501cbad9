#include "spec/document.h"

#include <linux/mount.h>
#include <string.h>

enum { OPTIONS_MAX = 4000 }; /* the kernel takes a page of them */

const struct field document_mount_fields[] = {
	{"destination", FIELD_STRING, FIELD_REQUIRED, AT(document_mount, destination),
		.check = document_path},
	{"type", FIELD_STRING, 0, AT(document_mount, type)},
	{"source", FIELD_STRING, 0, AT(document_mount, source)},
	{"options", FIELD_STRINGS, 0, AT(document_mount, options), N(document_mount, option_count)},
	{NULL},
};

/* The first name of a kind is the one that is written. */
static const struct {
	const char *name;
	enum mount_kind kind;
} types[] = {
	{"bind", MOUNT_BIND},
	{"tmpfs", MOUNT_TMPFS},
	{"proc", MOUNT_PROC},
	{"sysfs", MOUNT_SYSFS},
	{"devpts", MOUNT_DEVPTS},
	{"mqueue", MOUNT_MQUEUE},
	{"cgroup", MOUNT_CGROUP},
	{"tmpfs", MOUNT_DEV},
	{"cgroup2", MOUNT_CGROUP},
};

/* Options of mount_setattr(2). The first row that a mount matches is written. */
static const struct attr {
	const char *name;
	uint64_t set, clear;
} attrs[] = {
	{"ro", MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID, 0},
	{"suid", 0, MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV, 0},
	{"dev", 0, MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
};

static const struct {
	const char *name, *recursive;
	uint64_t flag;
} propagations[] = {
	{"private", "rprivate", MS_PRIVATE},
	{"shared", "rshared", MS_SHARED},
	{"slave", "rslave", MS_SLAVE},
	{"unbindable", "runbindable", MS_UNBINDABLE},
};

/* What the file system itself understands: "name" or "name=". */
static const struct {
	enum mount_kind kind;
	const char *names[10];
} data_names[] = {
	{MOUNT_TMPFS, {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "huge=",
			      "mpol=", "noswap", "inode64"}},
	{MOUNT_DEV, {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks="}},
	{MOUNT_PROC, {"hidepid=", "subset=", "gid="}},
	{MOUNT_DEVPTS, {"mode=", "ptmxmode=", "uid=", "gid=", "max=", "newinstance"}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_data(enum mount_kind kind, const char *option)
{
	for (size_t i = 0; i < COUNT(data_names); i++) {
		for (size_t k = 0; data_names[i].kind == kind && k < 10; k++) {
			const char *name = data_names[i].names[k];
			size_t len = name ? strlen(name) : 0;

			if (len && (name[len - 1] == '=' ? !strncmp(option, name, len)
							 : !strcmp(option, name)))
				return !strpbrk(option, ",\\");
		}
	}
	return false;
}

static int kind_find(struct walk *w, const struct document_mount *from, struct mount *m)
{
	bool bind = !from->type || !strcmp(from->type, "none");

	for (size_t i = 0; bind && i < from->option_count; i++)
		if (!strcmp(from->options[i], "bind") || !strcmp(from->options[i], "rbind"))
			return m->kind = MOUNT_BIND, 0;
	for (size_t i = 0; from->type && i < COUNT(types); i++) {
		if (strcmp(from->type, types[i].name))
			continue;
		m->kind = types[i].kind;
		if (m->kind == MOUNT_TMPFS && !strcmp(from->destination, "/dev"))
			m->kind = MOUNT_DEV;
		return 0;
	}
	if (!from->type)
		return walk_fail(w, "is neither of a type nor a bind mount");
	walk_enter(w, "type", 0);
	return walk_fail(w, "\"%s\" is not supported", from->type);
}

static void attr_add(struct mount *m, const struct attr *a)
{
	m->attr_set = (m->attr_set & ~a->clear) | a->set;
	m->attr_clear = (m->attr_clear & ~a->set) | a->clear;
	if (a->clear == MOUNT_ATTR__ATIME)
		m->attr_clear |= MOUNT_ATTR__ATIME;
}

/* On a recursive bind ours hold for what is below as well: "ro" and "rro" are the same there. */
static bool attr_read(struct mount *m, const char *option)
{
	for (int r = 0; r <= (m->kind == MOUNT_BIND && option[0] == 'r'); r++)
		for (size_t i = 0; i < COUNT(attrs); i++)
			if (!strcmp(option + r, attrs[i].name))
				return attr_add(m, &attrs[i]), true;
	return false;
}

static bool propagation_read(struct mount *m, const char *option)
{
	for (size_t i = 0; i < COUNT(propagations); i++)
		if (!strcmp(option, propagations[i].name) ||
			!strcmp(option, propagations[i].recursive))
			return m->propagation = propagations[i].flag, true;
	return false;
}

static bool other_read(struct mount *m, const char *option)
{
	if (m->kind == MOUNT_BIND && !strcmp(option, "rbind"))
		m->recursive = true;
	else if (m->kind == MOUNT_BIND && (!strcmp(option, "idmap") || !strcmp(option, "ridmap")))
		m->idmap = true;
	else if (m->kind == MOUNT_TMPFS && !strcmp(option, "tmpcopyup"))
		m->copy_up = true;
	else if (strcmp(option, "defaults") && (m->kind != MOUNT_BIND || strcmp(option, "bind")))
		return false;
	return true;
}

static int option_read(struct walk *w, struct mount *m, const char *option)
{
	if (attr_read(m, option) || propagation_read(m, option) || other_read(m, option))
		return 0;
	if (!is_data(m->kind, option))
		return walk_fail(w, "\"%.80s\" is not supported on this type of mount", option);
	m->data = m->data ? arena_printf(w->arena, "%s,%s", m->data, option) : option;
	return strlen(m->data) > OPTIONS_MAX ? walk_fail(w, "too much of it") : 0;
}

static int mount_read(struct walk *w, const struct document_mount *from, struct mount *m)
{
	*m = (struct mount){.target = from->destination};
	if (kind_find(w, from, m) < 0)
		return -1;
	if (m->kind == MOUNT_BIND) {
		walk_enter(w, "source", 0);
		if (!from->source || document_path(from->source))
			return walk_fail(w, "must be an absolute path");
		m->source = from->source;
	}
	return 0;
}

static int options_read(struct walk *w, const struct document_mount *from, struct mount *m)
{
	size_t here = walk_enter(w, "options", 0);

	for (size_t i = 0; i < from->option_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		if (option_read(w, m, from->options[i]) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static bool listed(const char *const *items, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(items[i], s))
			return true;
	return false;
}

int document_mounts_read(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->mount_count; i++) {
		size_t here = walk_enter(w, "mounts", 0), place;
		struct mount m;

		walk_enter(w, NULL, i);
		place = w->len;
		if (mount_read(w, &d->mounts[i], &m) < 0)
			return -1;
		walk_leave(w, place);
		if (options_read(w, &d->mounts[i], &m) < 0)
			return -1;
		walk_leave(w, here);
		m.make_source = m.kind == MOUNT_BIND &&
				listed(d->make_source, d->make_source_count, m.target);
		arena_push(w->arena, d->spec.mounts, d->spec.mount_count, m);
	}
	return 0;
}

static void option_add(struct walk *w, struct document_mount *to, const char *option)
{
	arena_push(w->arena, to->options, to->option_count, option);
}

static void attrs_write(struct walk *w, const struct mount *m, struct document_mount *to)
{
	const char *prefix = m->kind == MOUNT_BIND && m->recursive ? "r" : "";
	uint64_t set = m->attr_set, clear = m->attr_clear & ~m->attr_set;

	/* Where the time of access is set it is cleared first; the kernel insists. */
	if (set & MOUNT_ATTR__ATIME)
		clear |= MOUNT_ATTR__ATIME;
	for (size_t i = 0; i < COUNT(attrs); i++) {
		const struct attr *a = &attrs[i];
		if (!(a->set | a->clear) || (set & a->set) != a->set ||
			(clear & a->clear) != a->clear)
			continue;
		option_add(w, to, arena_printf(w->arena, "%s%s", prefix, a->name));
		set &= ~a->set;
		clear &= ~a->clear;
	}
}

static void data_write(struct walk *w, const char *data, struct document_mount *to)
{
	while (data && *data) {
		size_t len = strcspn(data, ",");
		if (len)
			option_add(w, to, arena_strndup(w->arena, data, len));
		data += len + (data[len] == ',');
	}
}

static void mount_write(struct walk *w, const struct mount *m, struct document_mount *to)
{
	size_t type = 0;

	while (types[type].kind != m->kind)
		type++;
	*to = (struct document_mount){
		.destination = m->target,
		.type = types[type].name,
		.source = m->kind == MOUNT_BIND ? m->source : types[type].name,
	};
	if (m->kind == MOUNT_BIND)
		option_add(w, to, m->recursive ? "rbind" : "bind");
	attrs_write(w, m, to);
	for (size_t i = 0; i < COUNT(propagations); i++)
		if (m->propagation == propagations[i].flag)
			option_add(w, to,
				m->recursive ? propagations[i].recursive : propagations[i].name);
	if (m->idmap)
		option_add(w, to, "idmap");
	if (m->copy_up)
		option_add(w, to, "tmpcopyup");
	data_write(w, m->data, to);
}

int document_mounts_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.mount_count; i++) {
		const struct mount *m = &d->spec.mounts[i];
		struct document_mount to;

		if (m->kind == MOUNT_DEV && strcmp(m->target, "/dev"))
			return err_set(w->err, "%s: devices can be at /dev only, not at %s",
				w->what, m->target);
		mount_write(w, m, &to);
		arena_push(w->arena, d->mounts, d->mount_count, to);
		if (m->make_source)
			arena_push(w->arena, d->make_source, d->make_source_count, m->target);
	}
	return 0;
}
