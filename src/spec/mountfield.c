#include "spec/mountflag.h"

#include "spec/mountrequest.h"
#include "spec/target.h"

#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

static int type_take(struct request *r, const char *value)
{
	if (!strcmp(value, "bind")) {
		r->m = request_bind(false);
	} else if (!strcmp(value, "volume")) {
		r->m = request_volume();
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
	return request_source(r, value);
}

static int target_field(struct request *r, const char *value)
{
	if (r->m.target)
		return err_value(r->err, r->what, value, "is a second target of one mount");
	return target_parse(&r->spec->arena, r->what, value, &r->m.target, r->err);
}

static int recursive_field(struct request *r, const char *value)
{
	if (!strcmp(value, "enabled") || !strcmp(value, "readonly"))
		return request_option(r, "rbind");
	if (!strcmp(value, "disabled"))
		return request_option(r, "bind");
	return err_value(r->err, r->what, value,
		"is not enabled, disabled or readonly (what is read-only here is so with all below)");
}

static int tmpfs_size_field(struct request *r, const char *value)
{
	return request_tmpfs(r, "size", value);
}

static int tmpfs_mode_field(struct request *r, const char *value)
{
	return request_tmpfs(r, "mode", value);
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
	{"bind-propagation", FOR_BIND, request_propagation},
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
	return request_option(r, yes ? truths[i].yes : truths[i].no);
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
	return request_unknown(r, "a field", key);
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
		request_tmpfs_complete(&r);
	mount_put(spec, &r.m);
	return 0;
}
