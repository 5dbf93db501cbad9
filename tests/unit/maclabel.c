#include "spec/maclabel.h"

#include <criterion/criterion.h>
#include <string.h>

static struct err err;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(maclabel, profiles)
{
	static const char *const good[] = {"ctr-default", "/usr/bin/x", "unconfined", "a b",
		":ns:p", "a//&b"};
	static const char *const bad[] = {"", " a", "a ", "a\nb", "a\x7f"};
	char too_long[1100];

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert(apparmor_check("x", good[i], &err) == 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(apparmor_check("x", bad[i], &err) < 0, "%s", bad[i]);
	memset(too_long, 'a', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	cr_assert(apparmor_check("x", too_long, &err) < 0);
}

Test(maclabel, profiles_that_are_loaded)
{
	static const char text[] = "ctr-default (enforce)\nctr (complain)\n/usr/bin/a b (enforce)\n"
				   "x (y) (kill)\nlast (unconfined)";

	static const char *const there[] = {"ctr-default", "ctr", "/usr/bin/a b", "x (y)", "last"};
	static const char *const not [] = {"", "ct", "ctr-", "x", "/usr/bin/a", "default", "las",
		"ctr-default (enforce)"};

	for (size_t i = 0; i < COUNT(there); i++)
		cr_assert(apparmor_listed(text, there[i]), "%s", there[i]);
	for (size_t i = 0; i < COUNT(not ); i++)
		cr_assert(!apparmor_listed(text, not [i]), "%s", not [i]);
	cr_assert(!apparmor_listed("", "a"));
}

Test(maclabel, labels)
{
	static const char *const good[] = {"u:r:t", "u:r:t:s0", "u:r:t:s0-s0:c1,c2",
		"system_u:system_r:container_t:s0:c1.c1023"};
	static const char *const bad[] = {"", "u", "u:r", "u:r:", ":r:t", "u::t",
		"u:r:t:", "u:r t:t", "u:r:t\n"};

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert(selinux_check("x", good[i], &err) == 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(selinux_check("x", bad[i], &err) < 0, "%s", bad[i]);
}

Test(maclabel, parts)
{
	struct selinux_parts p = {NULL};
	struct arena a = {NULL};

	cr_assert(!selinux_parts_any(&p));
	cr_assert_str_eq(selinux_merge(&a, "u:r:t", &p), "u:r:t");
	cr_assert_str_eq(selinux_merge(&a, "u:r:t:s0:c1,c2", &p), "u:r:t:s0:c1,c2");
	cr_assert(selinux_part(&p, "x", "type:container_t", &err) == 0 && selinux_parts_any(&p));
	cr_assert_str_eq(selinux_merge(&a, "u:r:t:s0", &p), "u:r:container_t:s0");
	cr_assert(selinux_part(&p, "x", "level:s0:c1,c2", &err) == 0);
	cr_assert(selinux_part(&p, "x", "role:system_r", &err) == 0);
	cr_assert_str_eq(selinux_merge(&a, "u:r:t", &p), "u:system_r:container_t:s0:c1,c2");
	for (const char *const *bad = (const char *const[]){"", "type", "type:", "nosuch:x",
		     "role:a:b", "level:\n", "type:a b", NULL};
		*bad; bad++)
		cr_assert(selinux_part(&p, "x", *bad, &err) < 0, "%s", *bad);
	cr_assert_str_eq(p.type, "container_t");
	arena_free(&a);
}
