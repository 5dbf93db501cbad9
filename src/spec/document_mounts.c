#include "spec/document.h"

#include "base/pathname.h"

#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTIONS_MAX = 4000, /* the kernel takes a page of them */
	DATA_NAMES = 16,
};

static const char *place_check(const char *s)
{
	return *s && strlen(s) + 1 < PATHNAME_SIZE ? NULL : "a path";
}

const struct field document_mount_fields[] = {
	{"destination", FIELD_STRING, FIELD_REQUIRED, AT(document_mount, destination),
		.check = place_check},
	{"type", FIELD_STRING, FIELD_FILLED, AT(document_mount, type)},
	{"source", FIELD_STRING, FIELD_FILLED, AT(document_mount, source)},
	{"options", FIELD_STRINGS, 0, AT(document_mount, options), N(document_mount, option_count)},
	{"uidMappings", FIELD_ARRAY, 0, AT(document_mount, uid_maps),
		N(document_mount, uid_map_count), EACH(id_map, document_id_map_fields)},
	{"gidMappings", FIELD_ARRAY, 0, AT(document_mount, gid_maps),
		N(document_mount, gid_map_count), EACH(id_map, document_id_map_fields)},
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

/* Options of mount_setattr(2); each has a form with an 'r' before it that is for the mounts below as
 * well. The first row that a mount matches is written. The time of access is a number in a field of
 * bits: what is set there clears the whole field, and what is cleared is the kernel's default. */
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
	{"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"norelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
};

/* Flags of a superblock: a new file system is told about them as about its own options. */
static const char *const superblock[] = {"sync", "async", "dirsync", "mand", "nomand", "lazytime",
	"nolazytime"};

/* Options that say what is so anyway, or only what the kernel should log. buildah splits an empty list
 * of them into one that is empty. */
static const char *const nothing[] = {"", "defaults", "loud", "silent", "noiversion"};

/* Options that would change what a bind mount is. One or another peer has each of them. */
static const char *const undone[] = {"remount", "copy-symlink", "src-nofollow", "dest-nofollow"};

/* What the file system itself understands: "name" or "name=". */
static const struct {
	enum mount_kind kind;
	const char *names[DATA_NAMES];
} data_names[] = {
	{MOUNT_TMPFS, {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "huge=",
			      "mpol=", "noswap", "inode64", "inode32", "quota", "usrquota",
			      "grpquota", "context=", "rootcontext="}},
	{MOUNT_DEV, {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "context="}},
	{MOUNT_PROC, {"hidepid=", "subset=", "gid="}},
	{MOUNT_DEVPTS, {"mode=", "ptmxmode=", "uid=", "gid=", "max=", "newinstance", "context="}},
	{MOUNT_MQUEUE, {"context="}},
	{MOUNT_CGROUP, {"nsdelegate", "favordynmods", "memory_recursiveprot"}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_data(enum mount_kind kind, const char *option)
{
	for (size_t i = 0; i < COUNT(data_names); i++) {
		for (size_t k = 0; data_names[i].kind == kind && k < DATA_NAMES; k++) {
			const char *name = data_names[i].names[k];
			size_t len = name ? strlen(name) : 0;

			if (len && (name[len - 1] == '=' ? !strncmp(option, name, len)
							 : !strcmp(option, name)))
				return !strpbrk(option, ",\\");
		}
	}
	return false;
}

static bool listed(const char *const *items, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(items[i], s))
			return true;
	return false;
}

static bool is_bind(const struct document_mount *from)
{
	return (from->type && !strcmp(from->type, "bind")) ||
	       listed(from->options, from->option_count, "bind") ||
	       listed(from->options, from->option_count, "rbind");
}

const char *document_clean_path(struct walk *w, const char *path)
{
	char clean[PATHNAME_SIZE];

	/* Paths that are too long have been refused before. */
	return pathname_join("", 0, path, clean) && strcmp(clean, path)
		       ? arena_strdup(w->arena, clean)
		       : path;
}

/* For who lists mounts to see. The name of its type is what it has anyway. */
static const char *source_shown(const struct document_mount *from)
{
	return from->source && *from->source && strcmp(from->source, from->type) ? from->source
										 : NULL;
}

static int kind_find(struct walk *w, const struct document_mount *from, struct mount *m)
{
	if (is_bind(from))
		return m->kind = MOUNT_BIND, 0;
	if (!from->type || !strcmp(from->type, "none"))
		return walk_fail(w, "is neither of a type nor a bind mount");
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcmp(from->type, types[i].name))
			continue;
		m->kind = types[i].kind;
		m->source = source_shown(from);
		if (m->kind == MOUNT_TMPFS && !strcmp(m->target, "/dev"))
			m->kind = MOUNT_DEV;
		return 0;
	}
	if (!w->lenient)
		return walk_fail_in(w, "type", "\"%.80s\" is not supported", from->type);
	m->kind = MOUNT_FS;
	m->type = from->type;
	m->source = from->source;
	return 0;
}

static void attr_add(uint64_t *set, uint64_t *clear, const struct attr *a)
{
	*set = (*set & ~a->clear) | a->set;
	*clear = (*clear & ~a->set) | a->clear;
}

static bool attr_read(struct mount *m, const char *option)
{
	for (size_t i = 0; i < COUNT(attrs); i++) {
		const struct attr *a = &attrs[i];
		bool below = option[0] == 'r' && !strcmp(option + 1, a->name);

		if (!below && strcmp(option, a->name))
			continue;
		attr_add(&m->attr_set, &m->attr_clear, a);
		if (below)
			attr_add(&m->attr_rset, &m->attr_rclear, a);
		return true;
	}
	return false;
}

static int propagation_read(struct walk *w, struct mount *m, uint64_t flag)
{
	if (m->propagation && m->propagation != flag)
		return walk_fail(w, "a mount has one propagation, and %s was there already",
			document_propagation_name(m->propagation));
	m->propagation = flag;
	return 0;
}

static bool bind_read(struct mount *m, const char *option)
{
	if (!strcmp(option, "rbind"))
		m->recursive = true;
	else if (!strcmp(option, "idmap"))
		m->idmap = true;
	else if (!strcmp(option, "ridmap"))
		m->idmap = m->idmap_recursive = true;
	else
		return !strcmp(option, "bind");
	return true;
}

static int data_add(struct walk *w, struct mount *m, const char *option)
{
	m->data = m->data ? arena_printf(w->arena, "%s,%s", m->data, option) : option;
	return strlen(m->data) > OPTIONS_MAX ? walk_fail(w, "too much of it") : 0;
}

static int option_read(struct walk *w, struct mount *m, const char *option)
{
	uint64_t propagation = document_propagation(option);

	if (propagation)
		return propagation_read(w, m, propagation);
	if (attr_read(m, option) || listed(nothing, COUNT(nothing), option))
		return 0;
	if (m->kind == MOUNT_BIND && bind_read(m, option))
		return 0;
	if (m->kind == MOUNT_TMPFS && !strcmp(option, "tmpcopyup"))
		return m->copy_up = true, 0;
	/* To the kernel, too, all else is of the file system, which is there already. */
	if (m->kind == MOUNT_BIND && w->lenient && !listed(undone, COUNT(undone), option))
		return walk_warn(w, "\"%.80s\" has no effect on a bind mount", option), 0;
	if (!strcmp(option, "remount") || !strcmp(option, "iversion"))
		return walk_fail(w, "\"%s\" is not supported: mounts are made new, by fsconfig(2)",
			option);
	if (m->kind == MOUNT_FS ||
		(m->kind != MOUNT_BIND && listed(superblock, COUNT(superblock), option)) ||
		is_data(m->kind, option))
		return data_add(w, m, option);
	return walk_fail(w, "\"%.80s\" is not supported on this type of mount", option);
}

/* With maps of its own a mount is id-mapped without being told so. */
static int maps_read(struct walk *w, const struct document_mount *from, struct mount *m)
{
	if (!from->uid_map_count && !from->gid_map_count)
		return 0;
	if (m->kind != MOUNT_BIND)
		return walk_fail(w, "only a bind mount can have uidMappings and gidMappings");
	if (!from->uid_map_count || !from->gid_map_count)
		return walk_fail(w, "needs both uidMappings and gidMappings");
	if (document_maps_check(w, "uidMappings", from->uid_maps, from->uid_map_count) < 0 ||
		document_maps_check(w, "gidMappings", from->gid_maps, from->gid_map_count) < 0)
		return -1;
	m->idmap = true;
	m->uid_maps = from->uid_maps;
	m->uid_map_count = from->uid_map_count;
	m->gid_maps = from->gid_maps;
	m->gid_map_count = from->gid_map_count;
	return 0;
}

static int mount_read(struct walk *w, const struct document_mount *from, struct mount *m)
{
	*m = (struct mount){.target = document_clean_path(w, from->destination)};
	if (kind_find(w, from, m) < 0)
		return -1;
	if (m->kind == MOUNT_BIND) {
		walk_enter(w, "source", 0);
		if (!from->source || (!w->lenient && document_path(from->source)))
			return walk_fail(w,
				from->source ? "must be an absolute path" : "is missing");
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
		if (options_read(w, &d->mounts[i], &m) < 0 || maps_read(w, &d->mounts[i], &m) < 0)
			return -1;
		walk_leave(w, here);
		m.make_source = m.kind == MOUNT_BIND && listed(d->make_source, d->make_source_count,
								d->mounts[i].destination);
		arena_push(w->arena, d->spec.mounts, d->spec.mount_count, m);
	}
	return 0;
}

static void option_add(struct walk *w, struct document_mount *to, const char *option)
{
	arena_push(w->arena, to->options, to->option_count, option);
}

static void attrs_write(struct walk *w, uint64_t set, uint64_t clear, const char *prefix,
	struct document_mount *to)
{
	clear &= ~set;
	/* Where the time of access is set it is cleared first; the kernel insists. */
	if (set & MOUNT_ATTR__ATIME)
		clear |= MOUNT_ATTR__ATIME;
	for (size_t i = 0; i < COUNT(attrs); i++) {
		const struct attr *a = &attrs[i];
		if (!(a->set | a->clear) || (set & a->set) != a->set ||
			(clear & a->clear) != a->clear)
			continue;
		option_add(w, to,
			*prefix ? arena_printf(w->arena, "%s%s", prefix, a->name) : a->name);
		set &= ~a->set;
		clear &= ~a->clear;
	}
}

/* What is so below is so at the top too, unless that says otherwise. */
static void all_attrs_write(struct walk *w, const struct mount *m, struct document_mount *to)
{
	uint64_t set = m->attr_set & ~m->attr_rset, clear = m->attr_clear & ~m->attr_rclear;

	attrs_write(w, m->attr_rset, m->attr_rclear, "r", to);
	if ((m->attr_set ^ m->attr_rset) & MOUNT_ATTR__ATIME) {
		set |= m->attr_set & MOUNT_ATTR__ATIME;
		clear |= MOUNT_ATTR__ATIME;
	}
	attrs_write(w, set, clear, "", to);
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
		.source = m->source ? m->source : types[type].name,
		.uid_maps = m->uid_maps,
		.uid_map_count = m->uid_map_count,
		.gid_maps = m->gid_maps,
		.gid_map_count = m->gid_map_count,
	};
	if (m->kind == MOUNT_BIND)
		option_add(w, to, m->recursive ? "rbind" : "bind");
	all_attrs_write(w, m, to);
	if (m->propagation)
		option_add(w, to, document_propagation_name(m->propagation));
	if (m->idmap)
		option_add(w, to, m->idmap_recursive ? "ridmap" : "idmap");
	if (m->copy_up)
		option_add(w, to, "tmpcopyup");
	data_write(w, m->data, to);
}

int document_mounts_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.mount_count; i++) {
		const struct mount *m = &d->spec.mounts[i];
		struct document_mount to;

		if (m->kind == MOUNT_FS)
			return err_set(w->err, "%s: a %s at %s is not for a file of ours", w->what,
				m->type, m->target);
		if (m->kind == MOUNT_BIND && document_path(m->source))
			return err_set(w->err, "%s: the source of %s is relative", w->what,
				m->target);
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

size_t document_mount_options(const char **ret, size_t max)
{
	static const char *const others[] = {"private", "rprivate", "shared", "rshared", "slave",
		"rslave", "unbindable", "runbindable", "bind", "rbind", "idmap", "ridmap",
		"tmpcopyup"};
	static char recursive[COUNT(attrs)][16];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(attrs) && n + 1 < max; i++) {
		snprintf(recursive[i], sizeof(recursive[i]), "r%s", attrs[i].name);
		ret[n++] = attrs[i].name;
		ret[n++] = recursive[i];
	}
	for (size_t i = 0; i < COUNT(others) && n < max; i++)
		ret[n++] = others[i];
	for (size_t i = 0; i < COUNT(superblock) && n < max; i++)
		ret[n++] = superblock[i];
	for (size_t i = 0; i < COUNT(nothing) && n < max; i++)
		ret[n++] = nothing[i];
	return n;
}
