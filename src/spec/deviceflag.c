#include "spec/deviceflag.h"

#include "base/num.h"
#include "spec/target.h"

#include <string.h>
#include <sys/sysmacros.h>

/* Some of "rwm", none twice. */
static bool access_valid(const char *s)
{
	size_t len = strlen(s);

	if (!len || len > 3 || s[strspn(s, "rwm")])
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr(s + i + 1, s[i]))
			return false;
	return true;
}

/* The parts of "a:b:c", at most 3; their count, or 0 if there are more. */
static size_t colons_split(struct arena *a, const char *s, const char *parts[3])
{
	size_t n = 0;

	for (;; s++) {
		size_t len = strcspn(s, ":");
		if (n == 3)
			return 0;
		parts[n++] = arena_strndup(a, s, len);
		s += len;
		if (!*s)
			return n;
	}
}

static int source_check(const char *what, const char *source, struct err *err)
{
	if (*source == '/' && strlen(source) < 4096)
		return 0;
	err_value(err, what, source, "is not the absolute path of a device");
	return err_hint(err, strchr(source, '=')
				     ? "CDI names are not known here: name the device's path"
				     : "use a path such as /dev/fuse");
}

int device_parse(struct arena *a, const char *what, const char *value, const char **ret_source,
	struct device *ret_device, struct err *err)
{
	struct device d = {.access = "rwm"};
	const char *part[3], *target;
	size_t n = colons_split(a, value, part);
	bool has_target = n == 3 || (n == 2 && part[1][0] == '/');

	if (!n || source_check(what, part[0], err) < 0)
		return n ? -1 : err_value(err, what, value, "has more than SRC:DST:ACCESS");
	if (n > (has_target ? 2u : 1u))
		d.access = part[n - 1];
	if (!access_valid(d.access))
		return err_value(err, what, d.access, "is not made of r, w and m, each once");
	if (target_parse(a, what, has_target ? part[1] : part[0], &target, err) < 0)
		return -1;
	if (strncmp(target, "/dev/", 5) != 0) {
		err_value(err, what, target, "is not below /dev in the container");
		return err_hint(err, "give the place there as well, such as %.80s:/dev/NAME",
			part[0]);
	}
	d.path = target;
	*ret_source = part[0];
	*ret_device = d;
	return 0;
}

int device_fill(struct device *d, const char *source, const struct stat *st, struct err *err)
{
	if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
		return err_set(err, "device %s: it is neither a character nor a block device",
			source);
	d->type = S_ISCHR(st->st_mode) ? 'c' : 'b';
	d->major = major(st->st_rdev);
	d->minor = minor(st->st_rdev);
	d->mode = st->st_mode & 0777;
	return 0;
}

static void rule_add(struct spec *spec, struct device_rule r)
{
	arena_push(&spec->arena, spec->device_rules, spec->device_rule_count, r);
}

static void device_put(struct spec *spec, const struct device *d)
{
	for (size_t i = 0; i < spec->device_count; i++)
		if (!strcmp(spec->devices[i].path, d->path)) {
			spec->devices[i] = *d;
			return;
		}
	arena_push(&spec->arena, spec->devices, spec->device_count, *d);
}

void device_add(struct spec *spec, const struct device *d)
{
	device_put(spec, d);
	rule_add(spec, (struct device_rule){true, d->type, d->major, d->minor, d->access});
}

void device_rules_default(struct spec *spec)
{
	/* All that spec_init() gives, /dev/console and the pseudo-terminals; no mknod(2) but
	 * theirs: in a user namespace it would be refused anyway. */
	static const struct device_rule rules[] = {
		{false, 'a', -1, -1, "rwm"},
		{true, 'c', 1, 3, "rwm"},
		{true, 'c', 1, 5, "rwm"},
		{true, 'c', 1, 7, "rwm"},
		{true, 'c', 1, 8, "rwm"},
		{true, 'c', 1, 9, "rwm"},
		{true, 'c', 5, 0, "rwm"},
		{true, 'c', 5, 1, "rwm"},
		{true, 'c', 5, 2, "rwm"},
		{true, 'c', 136, -1, "rwm"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rule_add(spec, rules[i]);
}

static int rule_number(const char *s, int64_t *ret)
{
	uint32_t n;

	if (!strcmp(s, "*")) {
		*ret = -1;
		return 0;
	}
	if (num_parse_u32(s, &n) < 0)
		return -1;
	*ret = n;
	return 0;
}

/* "c 10:200 rw" into its four words; text is cut up. */
static int rule_words(char *text, char *word[4])
{
	static const char ends[] = {' ', ':', ' ', '\0'};

	for (int i = 0; i < 4; i++) {
		word[i] = text;
		text += strcspn(text, ": ");
		if (*text != ends[i])
			return -1;
		*text++ = '\0';
	}
	return 0;
}

int device_rule_flag(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct device_rule r = {.allow = true};
	char *word[4];

	if (rule_words(arena_strdup(&spec->arena, value), word) < 0 || strlen(word[0]) != 1 ||
		!strchr("abc", *word[0]) || rule_number(word[1], &r.major) < 0 ||
		rule_number(word[2], &r.minor) < 0 || !access_valid(word[3])) {
		err_value(err, what, value, "is not a rule for devices");
		return err_hint(err, "use \"TYPE MAJOR:MINOR ACCESS\", such as \"c 10:200 rw\"");
	}
	r.type = *word[0];
	r.access = word[3];
	rule_add(spec, r);
	return 0;
}
