/* Flags of `ctr run` that say mounts and devices: parts, each a letter for the flag and its value. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "spec/deviceflag.h"
#include "spec/mountflag.h"
#include "spec/mounts.h"

#include <limits.h>
#include <linux/mount.h>
#include <string.h>

static int volume(struct spec *spec, const char *value, struct err *err)
{
	return mountflag_volume(spec, "--volume", value, "/here", err);
}

static int mount_(struct spec *spec, const char *value, struct err *err)
{
	return mountflag_mount(spec, "--mount", value, "/here", err);
}

static int tmpfs(struct spec *spec, const char *value, struct err *err)
{
	return mountflag_tmpfs(spec, "--tmpfs", value, err);
}

static int rule(struct spec *spec, const char *value, struct err *err)
{
	return device_rule_flag(spec, "--device-cgroup-rule", value, err);
}

static int device(struct spec *spec, const char *value, struct err *err)
{
	struct device d = {0};
	const char *source;

	if (device_parse(&spec->arena, "--device", value, &source, &d, err) < 0)
		return -1;
	require(source[0] == '/');
	require(strncmp(d.path, "/dev/", 5) == 0);
	d.type = 'c';
	device_add(spec, &d);
	return 0;
}

typedef int flag_fn(struct spec *spec, const char *value, struct err *err);
static flag_fn *const flags[] = {volume, mount_, tmpfs, rule, device};
enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

/* Absolute, plain, and no way out. */
static void check_target(const char *s)
{
	require(s[0] == '/' && s[1] && strlen(s) < PATH_MAX);
	for (const char *p = s; *p;) {
		size_t len = strcspn(++p, "/");

		require(len > 0);
		require(!(len == 1 && p[0] == '.') && !(len == 2 && memcmp(p, "..", 2) == 0));
		p += len;
	}
}

/* No bit both ways; but the times of access are a number in a field, which is cleared whole to be set. */
static void check_attributes(uint64_t set, uint64_t clear)
{
	const uint64_t times = MOUNT_ATTR__ATIME;

	require(!(set & clear & ~times));
	require((clear & times) == 0 || (clear & times) == times);
	require(!(set & times) || (clear & times) == times);
}

static void check_mounts(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *m = &spec->mounts[i];

		check_target(m->target);
		require(m->kind != MOUNT_BIND || (m->source && m->source[0] == '/'));
		check_attributes(m->attr_set, m->attr_clear);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct spec spec;
	struct err err = {0};

	fuzz_spec_init(&spec);
	while (in.size) {
		size_t letter = (size_t)(*in.data++ - 'a'), before = spec.mount_count;
		autofree char *value = NULL;

		in.size--;
		value = fuzz_part(&in, NULL);
		if (letter < FLAGS && flags[letter](&spec, value, &err) < 0) {
			fuzz_refused(&err);
			require(spec.mount_count == before);
		}
	}
	mounts_sort(&spec);
	if (mounts_check(&spec, &err) < 0)
		fuzz_refused(&err);
	else
		fuzz_round_trip(&spec);
	check_mounts(&spec);
	spec_free(&spec);
	return 0;
}
