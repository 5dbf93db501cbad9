#include "spec/document.h"

#include <string.h>
#include <sys/stat.h>

const struct field document_device_fields[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(document_device, path), .check = document_path},
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_device, type)},
	{"major", FIELD_U32, FIELD_PRESENT, AT(document_device, major),
		N(document_device, has_major), .max = DEVICE_MAJOR_MAX},
	{"minor", FIELD_U32, FIELD_PRESENT, AT(document_device, minor),
		N(document_device, has_minor), .max = DEVICE_MINOR_MAX},
	{"fileMode", FIELD_U32, FIELD_PRESENT, AT(document_device, mode),
		N(document_device, has_mode), .max = 0177777},
	{"uid", FIELD_ID, FIELD_ALWAYS, AT(document_device, uid)},
	{"gid", FIELD_ID, FIELD_ALWAYS, AT(document_device, gid)},
	{NULL},
};

static mode_t device_format(char type)
{
	return type == 'c' ? S_IFCHR : type == 'b' ? S_IFBLK : S_IFIFO;
}

static int device_read(struct walk *w, const struct document_device *from, struct device *to)
{
	char type = from->type[0] == 'u' ? 'c' : from->type[0];
	mode_t format = from->mode & S_IFMT;

	if (strlen(from->type) != 1 || !strchr("cbp", type))
		return walk_fail(w, "type: \"%.80s\" must be \"b\", \"c\", \"u\" or \"p\"",
			from->type);
	if (type != 'p' && !(from->has_major && from->has_minor)) {
		const char *what = from->has_major ? "minor" : "major";
		if (!w->lenient)
			return walk_fail(w, "%s: is missing", what);
		walk_warn(w, "%s: is missing, and taken as 0", what);
	}
	if (format && format != device_format(type))
		return walk_fail(w, "fileMode: is that of something else");
	*to = (struct device){
		.type = type,
		.major = type == 'p' ? 0 : from->major,
		.minor = type == 'p' ? 0 : from->minor,
		.mode = from->has_mode ? from->mode & 07777 : 0666,
		.uid = from->uid,
		.gid = from->gid,
		.path = document_clean_path(w, from->path),
		.access = "",
	};
	return 0;
}

/* Engines name one twice where the user has. */
static int device_add(struct walk *w, struct spec *s, const struct device *d)
{
	for (size_t i = 0; i < s->device_count; i++) {
		const struct device *there = &s->devices[i];

		if (strcmp(there->path, d->path))
			continue;
		if (there->type == d->type && there->major == d->major && there->minor == d->minor)
			return 0;
		if (!w->lenient)
			return walk_fail(w, "%s is there already, as another device", d->path);
		walk_warn(w, "%s is there already, as another device, and stays that", d->path);
		return 0;
	}
	arena_push(w->arena, s->devices, s->device_count, *d);
	return 0;
}

int document_devices_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.devices", 0);

	for (size_t i = 0; i < d->device_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		struct device to;

		if (device_read(w, &d->devices[i], &to) < 0 || device_add(w, &d->spec, &to) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

void document_devices_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.device_count; i++) {
		const struct device *from = &d->spec.devices[i];
		struct document_device to = {
			.path = from->path,
			.type = from->type == 'b'   ? "b"
				: from->type == 'p' ? "p"
						    : "c",
			.major = from->major,
			.minor = from->minor,
			.mode = from->mode & 07777,
			.uid = from->uid,
			.gid = from->gid,
			.has_major = from->type != 'p',
			.has_minor = from->type != 'p',
			.has_mode = true,
		};
		arena_push(w->arena, d->devices, d->device_count, to);
	}
}

const struct field document_rule_fields[] = {
	{"allow", FIELD_BOOL, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_rule, allow)},
	{"type", FIELD_STRING, FIELD_FILLED, AT(document_rule, type)},
	{"major", FIELD_I64, FIELD_PRESENT, AT(document_rule, major), N(document_rule, has_major),
		.min = -1, .max = INT64_MAX},
	{"minor", FIELD_I64, FIELD_PRESENT, AT(document_rule, minor), N(document_rule, has_minor),
		.min = -1, .max = INT64_MAX},
	{"access", FIELD_STRING, FIELD_FILLED, AT(document_rule, access)},
	{NULL},
};

/* Each of "rwm" that is in it, once. */
static const char *access_read(struct walk *w, const char *s)
{
	char access[4] = "";
	size_t n = 0;

	if (strspn(s, "rwm") != strlen(s))
		walk_warn(w, "access: \"%.80s\" has more than \"r\", \"w\" and \"m\" in it", s);
	for (const char *letter = "rwm"; *letter; letter++)
		if (strchr(s, *letter))
			access[n++] = *letter;
	return arena_strndup(w->arena, access, n);
}

static int rule_read(struct walk *w, const struct document_rule *from, struct device_rule *to)
{
	const char *type = from->type ? from->type : "a";

	if (strlen(type) != 1 || !strchr("abc", type[0]))
		return walk_fail(w, "type: \"%.80s\" must be \"a\", \"b\" or \"c\"", type);
	if (!w->lenient && from->access &&
		(strspn(from->access, "rwm") != strlen(from->access) || strlen(from->access) > 3))
		return walk_fail(w, "access: \"%.80s\" must be some of \"rwm\"", from->access);
	*to = (struct device_rule){
		.allow = from->allow,
		.type = type[0],
		.major = from->has_major ? from->major : -1,
		.minor = from->has_minor ? from->minor : -1,
		.access = !from->access ? "rwm"
			  : w->lenient  ? access_read(w, from->access)
					: from->access,
	};
	return 0;
}

/* A rule that does no more than open one device belongs to that device. */
static void rules_fold(struct spec *s)
{
	for (size_t i = s->device_count; i > 0 && s->device_rule_count > 0; i--) {
		const struct device_rule *r = &s->device_rules[s->device_rule_count - 1];
		struct device *d = &s->devices[i - 1];

		if (!r->allow || r->type != d->type || r->major != d->major ||
			r->minor != d->minor || !r->access[0])
			continue;
		d->access = r->access;
		s->device_rule_count--;
	}
}

int document_rules_read(struct walk *w, struct document *d)
{
	walk_enter(w, "devices", 0);
	for (size_t i = 0; i < d->resources.rule_count; i++) {
		size_t here = walk_enter(w, NULL, i);
		struct device_rule r;

		if (rule_read(w, &d->resources.rules[i], &r) < 0)
			return -1;
		if (r.major > DEVICE_MAJOR_MAX || r.minor > DEVICE_MINOR_MAX) {
			if (!w->lenient)
				return walk_fail(w, "the kernel has no such device");
			walk_warn(w, "is ignored: the kernel has no such device");
		} else if (r.access[0]) {
			arena_push(w->arena, d->spec.device_rules, d->spec.device_rule_count, r);
		}
		walk_leave(w, here);
	}
	if (!w->lenient)
		rules_fold(&d->spec);
	return 0;
}

static void rule_write(struct walk *w, struct document_resources *r, bool allow, char type,
	int64_t major, int64_t minor, const char *access)
{
	struct document_rule to = {.allow = allow,
		.has_major = major >= 0,
		.has_minor = minor >= 0,
		.type = type == 'b'   ? "b"
			: type == 'c' ? "c"
				      : "a",
		.access = access,
		.major = major,
		.minor = minor};

	arena_push(w->arena, r->rules, r->rule_count, to);
}

void document_rules_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.device_rule_count; i++) {
		const struct device_rule *r = &d->spec.device_rules[i];

		rule_write(w, &d->resources, r->allow, r->type, r->major, r->minor, r->access);
	}
	for (size_t i = 0; i < d->spec.device_count; i++) {
		const struct device *from = &d->spec.devices[i];

		if (from->access && from->access[0])
			rule_write(w, &d->resources, true, from->type, from->major, from->minor,
				from->access);
	}
}
