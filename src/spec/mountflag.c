#include "spec/mountflag.h"

#include "base/num.h"
#include "base/pathname.h"
#include "spec/mountrequest.h"
#include "spec/target.h"

#include <string.h>

/* One of the container's own, without a name yet. */
static int anonymous_take(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct mount m = request_volume();

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
	struct request r = {spec, what, cwd, .m = request_bind(true), .err = err};
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
	r.is_volume = *source != '/' && *source != '~' && !request_is_path(source);
	if (r.is_volume)
		r.m = request_volume();
	if (request_source(&r, source) < 0 ||
		target_parse(&spec->arena, what, target, &r.m.target, err) < 0 ||
		(words && request_words(&r, words + 1) < 0))
		return -1;
	mount_put(spec, &r.m);
	return 0;
}

int mountflag_tmpfs(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct request r = {spec, what, .m = {.kind = MOUNT_TMPFS}, .err = err};
	size_t len = strcspn(value, ":");
	const char *target = arena_strndup(&spec->arena, value, len);

	if (target_parse(&spec->arena, what, target, &r.m.target, err) < 0 ||
		(value[len] && request_words(&r, value + len + 1) < 0))
		return -1;
	request_tmpfs_complete(&r);
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

void mountflag_of_image(struct spec *spec, const char *path)
{
	char target[PATHNAME_SIZE];
	struct mount m = request_volume();

	if (*path != '/' || !pathname_join("", 0, path, target) || !target[1])
		return;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].target, target) == 0)
			return;
	m.anonymous = true;
	m.target = arena_strdup(&spec->arena, target);
	arena_push(&spec->arena, spec->mounts, spec->mount_count, m);
}
