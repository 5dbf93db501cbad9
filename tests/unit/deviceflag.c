#include "spec/deviceflag.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/sysmacros.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(deviceflag, parse)
{
	static const struct {
		const char *s, *source, *path, *access;
	} c[] = {{"/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm"},
		{"/dev/fuse:rw", "/dev/fuse", "/dev/fuse", "rw"},
		{"/dev/sda:/dev/xvdc", "/dev/sda", "/dev/xvdc", "rwm"},
		{"/dev/sda:/dev/xvdc:r", "/dev/sda", "/dev/xvdc", "r"},
		{"/dev/sda:/dev//./xvdc/:mr", "/dev/sda", "/dev/xvdc", "mr"},
		{"/srv/node:/dev/net/tun", "/srv/node", "/dev/net/tun", "rwm"}};

	for (size_t i = 0; i < COUNT(c); i++) {
		const char *source;
		struct device d;

		cr_assert_eq(device_parse(&spec.arena, "--device", c[i].s, &source, &d, &err), 0,
			"%s", err.text);
		cr_assert_str_eq(source, c[i].source);
		cr_assert_str_eq(d.path, c[i].path);
		cr_assert_str_eq(d.access, c[i].access);
	}
}

Test(deviceflag, refused)
{
	static const char *const bad[] = {"", ":", "dev/fuse", "./x", "/dev/fuse:", "/dev/fuse:x",
		"/dev/fuse:rr", "/dev/fuse:rwmr", "/dev/fuse:/dev/x:", "/dev/fuse:/dev/x:rw:m",
		"/dev/fuse:rw:rw", "/srv/node", "/dev/fuse:/etc/passwd", "/dev/fuse:/dev",
		"/dev/fuse:/dev/../etc/x", "/dev/a:/", "vendor.com/gpu=0", "/dev/fuse:RW"};
	const char *source = "kept";
	struct device d = {.major = 7};
	char s[70000];

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(device_parse(&spec.arena, "--device", bad[i], &source, &d, &err), -1,
			"%s", bad[i]);
	memset(s, '/', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert_eq(device_parse(&spec.arena, "--device", s, &source, &d, &err), -1);
	cr_assert_str_eq(source, "kept");
	cr_assert_eq(d.major, 7);
}

Test(deviceflag, fill_and_add)
{
	struct stat st = {.st_mode = S_IFCHR | 04666, .st_rdev = makedev(10, 229)};
	struct device d = {.path = "/dev/fuse", .access = "rw"};

	cr_assert_eq(device_fill(&d, "/dev/fuse", &st, &err), 0);
	cr_assert(d.type == 'c' && d.major == 10 && d.minor == 229 && d.mode == 0666);
	device_add(&spec, &d);
	st.st_mode = S_IFBLK | 0600;
	cr_assert_eq(device_fill(&d, "/dev/sda", &st, &err), 0);
	device_add(&spec, &d);
	cr_assert(spec.device_count == 1 && spec.devices[0].type == 'b');
	cr_assert(spec.device_rule_count == 2 && spec.device_rules[1].type == 'b');
	cr_assert(spec.device_rules[0].allow && spec.device_rules[0].minor == 229);
	st.st_mode = S_IFDIR | 0755;
	cr_assert_eq(device_fill(&d, "/dev", &st, &err), -1);
	st.st_mode = S_IFREG | 0755;
	cr_assert_eq(device_fill(&d, "/dev/x", &st, &err), -1);
}

Test(deviceflag, default_rules_begin_with_nothing)
{
	device_rules_default(&spec);
	cr_assert(!spec.device_rules[0].allow && spec.device_rules[0].type == 'a');
	for (size_t i = 1; i < spec.device_rule_count; i++)
		cr_assert(spec.device_rules[i].allow && spec.device_rules[i].type == 'c' &&
			  spec.device_rules[i].major > 0);
}

Test(deviceflag, rules)
{
	static const char *const bad[] = {"", "c", "c 1:3", "c 1:3 ", "c 1:3 x", "c 1:3 rr",
		"d 1:3 r", "c 1 r", "c 1:3:4 r", "c  1:3 r", " c 1:3 r", "c 1:3 r ", "c -1:3 r",
		"c 4294967296:3 r", "cc 1:3 r", "c :3 r", "c 1: r", "c **:3 r", ":::", "   "};

	cr_assert_eq(device_rule_flag(&spec, "x", "c 10:200 rw", &err), 0);
	cr_assert_eq(device_rule_flag(&spec, "x", "b *:* m", &err), 0);
	cr_assert_eq(device_rule_flag(&spec, "x", "a 1:* rwm", &err), 0);
	cr_assert(spec.device_rules[0].major == 10 && spec.device_rules[0].minor == 200);
	cr_assert_str_eq(spec.device_rules[0].access, "rw");
	cr_assert(spec.device_rules[1].major == -1 && spec.device_rules[1].minor == -1);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(device_rule_flag(&spec, "x", bad[i], &err), -1, "%s", bad[i]);
	cr_assert_eq(spec.device_rule_count, 3);
}
