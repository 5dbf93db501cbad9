#include "spec/mountflag.h"

#include "base/num.h"
#include "base/pathname.h"
#include "spec/name.h"

#include <linux/mount.h>
#include <string.h>
#include <strings.h>

enum { PATH_BYTES = 4096 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int target_parse(struct arena *a, const char *what, const char *s, const char **ret_target,
	struct err *err)
{
	const char *p = s;
	char *clean;
	size_t used = 0;

	if (*s != '/')
		return err_value(err, what, s, "is not an absolute path in the container");
	if (strlen(s) >= PATH_BYTES)
		return err_value(err, what, s, "is too long");
	clean = arena_alloc(a, strlen(s) + 1);
	while (*(p += strspn(p, "/"))) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return err_value(err, what, s, "has a '..' in its path in the container");
		if (len != 1 || p[0] != '.') {
			clean[used++] = '/';
			memcpy(clean + used, p, len);
			used += len;
		}
		p += len;
	}
	if (!used)
		return err_value(err, what, s, "would hide the container's own root");
	*ret_target = clean;
	return 0;
}

/* One mount in the making: what the words of its options have said. */
struct request {
	struct spec *spec;
	const char *what; /* the flag's name */
	const char *cwd;
	struct mount m;
	bool typed, is_volume;
	uint64_t said; /* enum topic: what must not be said twice in different words */
	const char *data;
	struct err *err;
};

enum topic {
	TOPIC_WRITE,
	TOPIC_SUID,
	TOPIC_DEV,
	TOPIC_EXEC,
	TOPIC_ATIME,
	TOPIC_DIRATIME,
	TOPIC_SYMFOLLOW,
	TOPIC_PROPAGATION,
	TOPIC_RECURSIVE,
	TOPIC_IDMAP,
	TOPIC_COPY_UP,
	TOPIC_COPY,
	TOPIC_NOTHING,
};

/* Which kinds of mount an option or a field belongs to. */
enum kinds { FOR_BIND = 1, FOR_TMPFS = 2, FOR_VOLUME = 4, FOR_TREE = 5, FOR_ALL = 7 };

static enum kinds request_kind(const struct request *r)
{
	return r->m.kind == MOUNT_TMPFS ? FOR_TMPFS : r->is_volume ? FOR_VOLUME : FOR_BIND;
}

static const char *request_kind_name(const struct request *r)
{
	return r->m.kind == MOUNT_TMPFS ? "tmpfs" : r->is_volume ? "volume" : "bind";
}

static const struct option {
	const char *name;
	enum topic topic;
	enum kinds kinds;
	uint64_t value; /* attributes, MS_* of propagation, or a truth */
	bool clear;     /* the attributes are taken away */
} options[] = {
	{"ro", TOPIC_WRITE, FOR_ALL, MOUNT_ATTR_RDONLY},
	{"readonly", TOPIC_WRITE, FOR_ALL, MOUNT_ATTR_RDONLY},
	{"rw", TOPIC_WRITE, FOR_ALL, 0},
	{"nosuid", TOPIC_SUID, FOR_ALL, MOUNT_ATTR_NOSUID},
	{"suid", TOPIC_SUID, FOR_ALL, MOUNT_ATTR_NOSUID, true},
	{"nodev", TOPIC_DEV, FOR_ALL, MOUNT_ATTR_NODEV},
	{"dev", TOPIC_DEV, FOR_ALL, MOUNT_ATTR_NODEV, true},
	{"noexec", TOPIC_EXEC, FOR_ALL, MOUNT_ATTR_NOEXEC},
	{"exec", TOPIC_EXEC, FOR_ALL, MOUNT_ATTR_NOEXEC, true},
	{"noatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_NOATIME},
	{"atime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_RELATIME},
	{"relatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_RELATIME},
	{"strictatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_STRICTATIME},
	{"nodiratime", TOPIC_DIRATIME, FOR_ALL, MOUNT_ATTR_NODIRATIME},
	{"diratime", TOPIC_DIRATIME, FOR_ALL, MOUNT_ATTR_NODIRATIME, true},
	{"nosymfollow", TOPIC_SYMFOLLOW, FOR_ALL, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", TOPIC_PROPAGATION, FOR_TREE, MS_PRIVATE},
	{"rprivate", TOPIC_PROPAGATION, FOR_TREE, MS_PRIVATE | MS_REC},
	{"shared", TOPIC_PROPAGATION, FOR_TREE, MS_SHARED},
	{"rshared", TOPIC_PROPAGATION, FOR_TREE, MS_SHARED | MS_REC},
	{"slave", TOPIC_PROPAGATION, FOR_TREE, MS_SLAVE},
	{"rslave", TOPIC_PROPAGATION, FOR_TREE, MS_SLAVE | MS_REC},
	{"bind", TOPIC_RECURSIVE, FOR_BIND, false},
	{"rbind", TOPIC_RECURSIVE, FOR_BIND, true},
	{"idmap", TOPIC_IDMAP, FOR_TREE, true},
	{"noidmap", TOPIC_IDMAP, FOR_TREE, false},
	{"tmpcopyup", TOPIC_COPY_UP, FOR_TMPFS, true},
	{"notmpcopyup", TOPIC_COPY_UP, FOR_TMPFS, false},
	{"copy", TOPIC_COPY, FOR_VOLUME, false},
	{"nocopy", TOPIC_COPY, FOR_TREE, true},
	/* Labels of SELinux, caches of Docker Desktop. */
	{"z", TOPIC_NOTHING, FOR_TREE, 0},
	{"Z", TOPIC_NOTHING, FOR_TREE, 0},
	{"cached", TOPIC_NOTHING, FOR_TREE, 0},
	{"delegated", TOPIC_NOTHING, FOR_TREE, 0},
	{"consistent", TOPIC_NOTHING, FOR_TREE, 0},
};

static const struct option *option_find(const char *name)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static void option_apply(struct mount *m, const struct option *o)
{
	switch (o->topic) {
	case TOPIC_PROPAGATION:
		m->propagation = o->value;
		break;
	case TOPIC_RECURSIVE:
		m->recursive = o->value;
		break;
	case TOPIC_IDMAP:
		m->idmap = o->value;
		break;
	case TOPIC_COPY_UP:
		m->copy_up = o->value;
		break;
	case TOPIC_COPY:
		m->nocopy = o->value;
		break;
	case TOPIC_NOTHING:
		break;
	case TOPIC_ATIME: /* a number in a field of bits, not a bit */
		m->attr_clear |= MOUNT_ATTR__ATIME;
		m->attr_set = (m->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME) | o->value;
		break;
	default:
		if (o->clear) {
			m->attr_clear |= o->value;
			m->attr_set &= ~o->value;
		} else {
			m->attr_set |= o->value;
		}
	}
}

/* A word that another tool knows and we do not, with what to do instead. */
static const struct {
	const char *name, *hint;
} foreign[] = {
	{"U", "ids on disk are mapped, never changed: idmap is the default"},
	{"O", "an overlay over a directory: use it as root, --rootfs DIR"},
	{"volume-opt",
		"a volume is a directory of the store; mount what you need, and use type=bind"},
	{"volume-label", "ctr volume create --label KEY=VALUE NAME"},
	{"volume-subpath", "mount the volume where its parts are to be reached below"},
	{"size", "give the size as tmpfs-size=SIZE"},
	{"mode", "give the mode as tmpfs-mode=MODE"},
	{"chown", "ids on disk are mapped, never changed: idmap is the default"},
};

static int unknown_refuse(const struct request *r, const char *kind, const char *name)
{
	err_value(r->err, r->what, name, "is not %s of a mount", kind);
	for (size_t i = 0; i < COUNT(foreign); i++)
		if (!strcmp(foreign[i].name, name))
			return err_hint(r->err, "%s", foreign[i].hint);
	return -1;
}

static int option_take(struct request *r, const struct option *o)
{
	uint64_t bit = (uint64_t)1 << o->topic;

	if (!(o->kinds & request_kind(r)))
		return err_value(r->err, r->what, o->name, "has no meaning for a %s mount",
			request_kind_name(r));
	if (o->topic != TOPIC_NOTHING && (r->said & bit))
		return err_value(r->err, r->what, o->name,
			"repeats or contradicts another option of the mount");
	r->said |= bit;
	option_apply(&r->m, o);
	return 0;
}

static void data_add(struct request *r, const char *key, const char *value)
{
	r->data = arena_printf(&r->spec->arena, "%s%s%s=%s", r->data ? r->data : "",
		r->data ? "," : "", key, value);
}

static bool data_has(const struct request *r, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = r->data; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, key, len) && p[len] == '=')
			return true;
	return false;
}

/* "50%" of the memory, or a size; as the kernel is to be told. */
static int tmpfs_size(struct request *r, const char *key, const char *value)
{
	size_t len = strlen(value);
	uint64_t n;
	uint32_t percent;

	if (len && value[len - 1] == '%') {
		const char *number = arena_strndup(&r->spec->arena, value, len - 1);
		if (num_parse_u32(number, &percent) < 0 || percent < 1 || percent > 100)
			return err_value(r->err, r->what, value,
				"is not a share from 1%% to 100%%");
		data_add(r, key, arena_printf(&r->spec->arena, "%u%%", percent));
		return 0;
	}
	if (size_parse(r->what, value, &n, r->err) < 0)
		return -1;
	if (!n)
		return err_value(r->err, r->what, value,
			"is no size: to the kernel it means no limit");
	data_add(r, key, arena_printf(&r->spec->arena, "%llu", (unsigned long long)n));
	return 0;
}

static int tmpfs_mode(struct request *r, const char *key, const char *value)
{
	uint32_t mode;

	if (num_parse_octal(value, 07777, &mode) < 0)
		return err_value(r->err, r->what, value, "is not an octal mode up to 7777");
	data_add(r, key, arena_printf(&r->spec->arena, "%04o", mode));
	return 0;
}

static int tmpfs_id(struct request *r, const char *key, const char *value)
{
	uint32_t id;

	if (num_parse_u32(value, &id) < 0 || id == UINT32_MAX)
		return err_value(r->err, r->what, value, "is not the number of a user or group");
	data_add(r, key, arena_printf(&r->spec->arena, "%u", id));
	return 0;
}

static const struct {
	const char *name, *key;
	int (*take)(struct request *r, const char *key, const char *value);
} tmpfs_fields[] = {
	{"size", "size", tmpfs_size},
	{"nr_inodes", "nr_inodes", tmpfs_size},
	{"mode", "mode", tmpfs_mode},
	{"uid", "uid", tmpfs_id},
	{"gid", "gid", tmpfs_id},
};

/* 1 if key is no option of tmpfs with a value. */
static int tmpfs_field(struct request *r, const char *key, const char *value)
{
	for (size_t i = 0; i < COUNT(tmpfs_fields); i++) {
		if (strcmp(tmpfs_fields[i].name, key) != 0)
			continue;
		if (data_has(r, key))
			return err_value(r->err, r->what, key, "is given twice");
		return tmpfs_fields[i].take(r, tmpfs_fields[i].key, value);
	}
	return 1;
}

/* One word of the OPTIONS of -v and --tmpfs. */
static int word_take(struct request *r, char *word)
{
	char *eq = strchr(word, '=');
	const struct option *o = option_find(word);
	int known = 1;

	if (o)
		return option_take(r, o);
	if (eq && r->m.kind == MOUNT_TMPFS) {
		*eq = '\0';
		known = tmpfs_field(r, word, eq + 1);
	}
	return known == 1 ? unknown_refuse(r, "an option", word) : known;
}

static int words_take(struct request *r, const char *list)
{
	for (;; list++) {
		size_t len = strcspn(list, ",");
		if (word_take(r, arena_strndup(&r->spec->arena, list, len)) < 0)
			return -1;
		list += len;
		if (!*list)
			return 0;
	}
}

static bool is_dotted(const char *s)
{
	return s[0] == '.' && (!s[1] || s[1] == '/' || (s[1] == '.' && (!s[2] || s[2] == '/')));
}

/* A name, or what was to be a path. */
static int volume_take(struct request *r, const char *s)
{
	if (*s == '$') {
		err_value(r->err, r->what, s, "is not a name for a volume");
		return err_hint(r->err, "the shell expands $ outside of single quotes only");
	}
	if (volume_name_check(r->what, s, r->err) < 0)
		return *s == '/' ? err_hint(r->err, "a directory of the host has type=bind")
		       : strchr(s, '/')
			       ? err_hint(r->err, "a path begins with / or ./: /%.80s, ./%.80s", s,
					 s)
			       : -1;
	r->m.volume = arena_strdup(&r->spec->arena, s);
	return 0;
}

static int source_take(struct request *r, const char *s)
{
	struct arena *a = &r->spec->arena;
	const char *path = s;

	if (is_dotted(s)) {
		const char *rest = s + (s[1] != '.');

		rest += *rest == '/';
		path = arena_printf(a, "%s%s%s", r->cwd, *rest && strcmp(r->cwd, "/") ? "/" : "",
			rest);
	} else if (pathname_check_home(r->what, s, r->err) < 0) {
		return -1;
	} else if (*s != '/') {
		err_value(r->err, r->what, s, "is not the path of a file or directory");
		return err_hint(r->err,
			"a path begins with / or ./; a volume by name is type=volume");
	}
	if (strlen(path) >= PATH_BYTES)
		return err_value(r->err, r->what, s, "is too long");
	r->m.source = arena_strdup(a, path);
	return 0;
}

static bool is_default_shm(const struct mount *m)
{
	return m->kind == MOUNT_TMPFS && !strcmp(m->target, "/dev/shm");
}

/* Options of a flag hold for the mounts below a recursive bind as well. */
static void mount_put(struct spec *spec, struct mount *m)
{
	if (m->recursive) {
		m->attr_rset = m->attr_set;
		m->attr_rclear = m->attr_clear;
		m->idmap_recursive = m->idmap;
	}
	for (size_t i = 0; i < spec->mount_count; i++)
		if (is_default_shm(&spec->mounts[i]) && !strcmp(m->target, "/dev/shm")) {
			spec->mounts[i] = *m;
			return;
		}
	arena_push(&spec->arena, spec->mounts, spec->mount_count, *m);
}

static struct mount bind_default(bool make_source)
{
	return (struct mount){
		.kind = MOUNT_BIND,
		.attr_set = MOUNT_ATTR_NODEV,
		.recursive = true,
		.idmap = true,
		.make_source = make_source,
	};
}

/* What is in it is there whole: nothing of the host is mounted below it. */
static struct mount volume_default(void)
{
	return (struct mount){
		.kind = MOUNT_BIND,
		.attr_set = MOUNT_ATTR_NODEV,
		.idmap = true,
	};
}

/* One of the container's own, without a name yet. */
static int anonymous_take(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct mount m = volume_default();

	m.anonymous = true;
	if (target_parse(&spec->arena, what, value, &m.target, err) < 0) {
		if (*value == '/' || !*value)
			return -1;
		err_value(err, what, value, "is not of the form SRC:DST");
		return err_hint(err, "a volume of the container alone: the absolute path of DST");
	}
	mount_put(spec, &m);
	return 0;
}

int mountflag_volume(struct spec *spec, const char *what, const char *value, const char *cwd,
	struct err *err)
{
	struct request r = {spec, what, cwd, .m = bind_default(true), .err = err};
	const char *colon = strchr(value, ':'), *words;
	const char *source, *target;

	if (!colon)
		return anonymous_take(spec, what, value, err);
	source = arena_strndup(&spec->arena, value, (size_t)(colon - value));
	words = strchr(colon + 1, ':');
	target = words ? arena_strndup(&spec->arena, colon + 1, (size_t)(words - colon - 1))
		       : colon + 1;
	if (!*source)
		return err_value(err, what, value, "has no source before the ':'");
	if (words && strchr(words + 1, ':')) {
		err_value(err, what, value, "has more than SRC:DST:OPTIONS");
		return err_hint(err,
			"for paths with a ':' use --mount type=bind,source=...,target=...");
	}
	r.is_volume = *source != '/' && *source != '~' && !is_dotted(source);
	if (r.is_volume)
		r.m = volume_default();
	if ((r.is_volume ? volume_take : source_take)(&r, source) < 0 ||
		target_parse(&spec->arena, what, target, &r.m.target, err) < 0 ||
		(words && words_take(&r, words + 1) < 0))
		return -1;
	mount_put(spec, &r.m);
	return 0;
}

/* What was not said about a tmpfs. */
static void tmpfs_complete(struct request *r)
{
	static const struct {
		enum topic topic;
		uint64_t attr;
	} usual[] = {
		{TOPIC_SUID, MOUNT_ATTR_NOSUID},
		{TOPIC_DEV, MOUNT_ATTR_NODEV},
		{TOPIC_EXEC, MOUNT_ATTR_NOEXEC},
	};

	for (size_t i = 0; i < COUNT(usual); i++)
		if (!(r->said & ((uint64_t)1 << usual[i].topic)))
			r->m.attr_set |= usual[i].attr;
	if (!data_has(r, "mode"))
		data_add(r, "mode", "1777");
	r->m.data = r->data;
}

int mountflag_tmpfs(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct request r = {spec, what, .m = {.kind = MOUNT_TMPFS}, .err = err};
	size_t len = strcspn(value, ":");
	const char *target = arena_strndup(&spec->arena, value, len);

	if (target_parse(&spec->arena, what, target, &r.m.target, err) < 0 ||
		(value[len] && words_take(&r, value + len + 1) < 0))
		return -1;
	tmpfs_complete(&r);
	mount_put(spec, &r.m);
	return 0;
}

int mountflag_shm(struct spec *spec, const char *what, const char *value, struct err *err)
{
	uint64_t bytes;

	if (size_parse(what, value, &bytes, err) < 0)
		return -1;
	return mountflag_tmpfs(spec, what,
		arena_printf(&spec->arena, "/dev/shm:size=%llu", (unsigned long long)bytes), err);
}

/* Cuts the next field off a line of CSV: `*s` moves behind it, to NULL after the last. NULL if its
 * quotes do not match. */
static char *csv_next(struct arena *a, const char **s)
{
	const char *p = *s;
	char *field = arena_alloc(a, strlen(p) + 1), *out = field;

	if (*p == '"') {
		for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
			p += *p == '"';
			*out++ = *p;
		}
		if (*p++ != '"' || (*p && *p != ','))
			return NULL;
	} else {
		while (*p && *p != ',' && *p != '"')
			*out++ = *p++;
		if (*p == '"')
			return NULL;
	}
	*s = *p ? p + 1 : NULL;
	return field;
}

static int truth_parse(const char *s, bool *ret)
{
	if (!strcasecmp(s, "true") || !strcmp(s, "1"))
		*ret = true;
	else if (!strcasecmp(s, "false") || !strcmp(s, "0"))
		*ret = false;
	else
		return -1;
	return 0;
}

static int field_option(struct request *r, const char *name)
{
	return option_take(r, option_find(name));
}

static int type_take(struct request *r, const char *value)
{
	if (!strcmp(value, "bind")) {
		r->m = bind_default(false);
	} else if (!strcmp(value, "volume")) {
		r->m = volume_default();
		r->is_volume = true;
	} else if (!strcmp(value, "tmpfs")) {
		r->m = (struct mount){.kind = MOUNT_TMPFS};
	} else {
		err_value(r->err, r->what, value, "is not a type of mount");
		return err_hint(r->err,
			"use type=bind with a directory of the host, type=volume or type=tmpfs");
	}
	r->typed = true;
	return 0;
}

static int source_field(struct request *r, const char *value)
{
	if (r->m.source || r->m.volume)
		return err_value(r->err, r->what, value, "is a second source of one mount");
	return (r->is_volume ? volume_take : source_take)(r, value);
}

static int target_field(struct request *r, const char *value)
{
	if (r->m.target)
		return err_value(r->err, r->what, value, "is a second target of one mount");
	return target_parse(&r->spec->arena, r->what, value, &r->m.target, r->err);
}

static int propagation_field(struct request *r, const char *value)
{
	const struct option *o = option_find(value);

	if (!o || o->topic != TOPIC_PROPAGATION)
		return err_value(r->err, r->what, value,
			"is not a propagation such as rprivate or rslave");
	return option_take(r, o);
}

static int recursive_field(struct request *r, const char *value)
{
	if (!strcmp(value, "enabled") || !strcmp(value, "readonly"))
		return field_option(r, "rbind");
	if (!strcmp(value, "disabled"))
		return field_option(r, "bind");
	return err_value(r->err, r->what, value,
		"is not enabled, disabled or readonly (what is read-only here is so with all below)");
}

static int tmpfs_size_field(struct request *r, const char *value)
{
	return tmpfs_field(r, "size", value);
}

static int tmpfs_mode_field(struct request *r, const char *value)
{
	return tmpfs_field(r, "mode", value);
}

static int driver_field(struct request *r, const char *value)
{
	if (!strcmp(value, "local"))
		return 0;
	err_value(r->err, r->what, value, "is not a driver: there is local only");
	return err_hint(r->err, "mount it on the host, and use type=bind");
}

static int nothing_field(struct request *r, const char *value)
{
	return *value ? 0 : err_set(r->err, "%s: a field of the mount has no value", r->what);
}

/* Fields of --mount that need a value. */
static const struct {
	const char *name;
	enum kinds kinds;
	int (*take)(struct request *r, const char *value);
} valued[] = {
	{"source", FOR_TREE, source_field},
	{"src", FOR_TREE, source_field},
	{"target", FOR_ALL, target_field},
	{"destination", FOR_ALL, target_field},
	{"dst", FOR_ALL, target_field},
	{"bind-propagation", FOR_BIND, propagation_field},
	{"bind-recursive", FOR_BIND, recursive_field},
	{"tmpfs-size", FOR_TMPFS, tmpfs_size_field},
	{"tmpfs-mode", FOR_TMPFS, tmpfs_mode_field},
	{"consistency", FOR_ALL, nothing_field},
	{"relabel", FOR_TREE, nothing_field},
	{"volume-driver", FOR_VOLUME, driver_field},
};

/* Fields of --mount that are true without a value: the option for true and for false. */
static const struct {
	const char *name, *yes, *no;
} truths[] = {
	{"readonly", "ro", "rw"},
	{"ro", "ro", "rw"},
	{"rw", "rw", "ro"},
	{"bind-nonrecursive", "bind", "rbind"},
	{"idmap", "idmap", "noidmap"},
	{"tmpcopyup", "tmpcopyup", "notmpcopyup"},
	{"volume-nocopy", "nocopy", "copy"},
	{"nosuid", "nosuid", "suid"},
	{"nodev", "nodev", "dev"},
	{"noexec", "noexec", "exec"},
	{"suid", "suid", "nosuid"},
	{"dev", "dev", "nodev"},
	{"exec", "exec", "noexec"},
	{"noatime", "noatime", "atime"},
};

static int truth_take(struct request *r, size_t i, const char *value)
{
	bool yes = true;

	if (value && truth_parse(value, &yes) < 0)
		return err_value(r->err, r->what, value, "is neither true nor false for %s",
			truths[i].name);
	return field_option(r, yes ? truths[i].yes : truths[i].no);
}

static int create_field(struct request *r, const char *value)
{
	if (request_kind(r) != FOR_BIND)
		return err_value(r->err, r->what, "bind-create-src",
			"has no meaning for a %s mount", request_kind_name(r));
	if (value && truth_parse(value, &r->m.make_source) < 0)
		return err_value(r->err, r->what, value,
			"is neither true nor false for bind-create-src");
	r->m.make_source |= !value;
	return 0;
}

static int field_take(struct request *r, const char *key, const char *value)
{
	for (size_t i = 0; i < COUNT(valued); i++) {
		if (strcmp(valued[i].name, key) != 0)
			continue;
		if (!(valued[i].kinds & request_kind(r)))
			return err_value(r->err, r->what, key, "has no meaning for a %s mount",
				request_kind_name(r));
		if (!value || !*value)
			return err_value(r->err, r->what, key, "needs a value");
		return valued[i].take(r, value);
	}
	for (size_t i = 0; i < COUNT(truths); i++)
		if (!strcmp(truths[i].name, key))
			return truth_take(r, i, value);
	if (!strcmp(key, "bind-create-src"))
		return create_field(r, value);
	return unknown_refuse(r, "a field", key);
}

struct field {
	char *key, *value;
};

static int fields_split(struct request *r, const char *value, struct field **ret, size_t *ret_count)
{
	struct arena *a = &r->spec->arena;
	struct field *fields = NULL;
	size_t count = 0;

	while (value) {
		struct field f = {csv_next(a, &value), NULL};

		if (!f.key)
			return err_set(r->err, "%s: the quotes of a field do not match", r->what);
		f.value = strchr(f.key, '=');
		if (f.value)
			*f.value++ = '\0';
		for (char *p = f.key; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
		arena_push(a, fields, count, f);
	}
	*ret = fields;
	*ret_count = count;
	return 0;
}

/* The type says what all other fields mean, wherever it stands. Without one it is a volume, as for docker and
 * podman. */
static int fields_type(struct request *r, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].key, "type") != 0)
			continue;
		if (r->typed)
			return err_set(r->err, "%s: type is given twice", r->what);
		if (type_take(r, fields[i].value ? fields[i].value : "") < 0)
			return -1;
	}
	return r->typed ? 0 : type_take(r, "volume");
}

int mountflag_mount(struct spec *spec, const char *what, const char *value, const char *cwd,
	struct err *err)
{
	struct request r = {spec, what, cwd, .err = err};
	struct field *fields = NULL;
	size_t count = 0;

	if (fields_split(&r, value, &fields, &count) < 0 || fields_type(&r, fields, count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].key, "type") != 0 &&
			field_take(&r, fields[i].key, fields[i].value) < 0)
			return -1;
	if (!r.m.target)
		return err_set(err, "%s: the mount has no target", what);
	r.m.anonymous = r.is_volume && !r.m.volume;
	if (request_kind(&r) == FOR_BIND && !r.m.source)
		return err_set(err, "%s: the mount at %.200s has no source", what, r.m.target);
	if (r.m.kind == MOUNT_TMPFS)
		tmpfs_complete(&r);
	mount_put(spec, &r.m);
	return 0;
}

void mountflag_of_image(struct spec *spec, const char *path)
{
	char target[PATHNAME_SIZE];
	struct mount m = volume_default();

	if (*path != '/' || !pathname_join("", 0, path, target) || !target[1])
		return;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].target, target) == 0)
			return;
	m.anonymous = true;
	m.target = arena_strdup(&spec->arena, target);
	arena_push(&spec->arena, spec->mounts, spec->mount_count, m);
}

static bool is_asked_for(const struct mount *m)
{
	return m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS;
}

static size_t depth(const char *target)
{
	size_t n = 0;

	for (; *target; target++)
		n += *target == '/';
	return n;
}

void mounts_sort(struct spec *spec)
{
	struct mount *m = spec->mounts;

	for (size_t i = 1; i < spec->mount_count; i++) {
		struct mount moved = m[i];
		size_t k = i;

		for (; k > 0 && depth(m[k - 1].target) > depth(moved.target); k--)
			m[k] = m[k - 1];
		m[k] = moved;
	}
}

int mounts_check(const struct spec *spec, struct err *err)
{
	const struct mount *m = spec->mounts;

	for (size_t i = 0; i < spec->mount_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (strcmp(m[i].target, m[j].target) != 0)
				continue;
			if (is_asked_for(&m[i]) && is_asked_for(&m[j]))
				return err_value(err, "mount", m[i].target,
					"is the target of two mounts");
			err_value(err, "mount", m[i].target, "is mounted in every container");
			return err_hint(err, "mount it elsewhere, or one path below it");
		}
	return 0;
}
