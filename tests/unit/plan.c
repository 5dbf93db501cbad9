#include "launch/plan.h"
#include "ns/idmap.h"
#include "spec/defaults.h"
#include "spec/farid.h"

#include <criterion/criterion.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

static struct err err;
static char *argv[] = {"true", NULL};

static struct spec fresh(void)
{
	struct spec s;

	spec_init(&s);
	s.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	s.name = "t";
	s.process.argv = argv;
	s.process.argc = 1;
	spec_complete(&s);
	return s;
}

Test(plan, far_ids_take_places_at_the_end_of_the_range)
{
	struct spec s = fresh();
	struct plan p;
	uint32_t at;

	cr_assert_eq(far_id_add_user(&s.ns, "--user", "1200001:70000", &err), 0);
	cr_assert_eq(far_id_add_user(&s.ns, "--user", "ann:1000", &err), 0);
	cr_assert_eq(far_id_add(&s.ns, "/v", 1200001, &err), 0);
	cr_assert_eq(s.ns.far_id_count, 2);
	cr_assert_eq(plan_make(&s, NULL, &p, &s.arena, &err), 0);
	plan_set_range(&p, &s, 1);
	cr_assert_eq(p.ids.nuids, 4);
	cr_assert(id_map_find(p.ids.uids, p.ids.nuids, 0, &at));
	cr_assert_eq(at, 0x70010000);
	cr_assert(id_map_find(p.ids.gids, p.ids.ngids, 70000, &at));
	cr_assert_eq(at, 0x70010000 + 65521);
	cr_assert(id_map_find(p.ids.uids, p.ids.nuids, 65534, &at));
	cr_assert_eq(at, 0x70010000 + 65534);
	cr_assert_not(id_map_find(p.ids.uids, p.ids.nuids, 65520, &at));
	spec_free(&s);
}

Test(plan, far_ids_have_an_end)
{
	struct namespaces ns = {0};

	for (uint32_t i = 0; i < FAR_IDS_MAX; i++)
		cr_assert_eq(far_id_add(&ns, "/v", 65536 + i, &err), 0);
	cr_assert_eq(far_id_add(&ns, "/v", 65536, &err), 0);
	cr_assert_eq(far_id_add(&ns, "/v", 99999, &err), -1);
	cr_assert_str_eq(err.text,
		"/v: id 99999 is one too many above 65535, of which a container can have 14");
}

Test(plan, gives_each_slot_ids_of_its_own)
{
	struct spec s = fresh();
	struct plan a, b;

	cr_assert_eq(plan_make(&s, NULL, &a, &s.arena, &err), 0);
	cr_assert_eq(plan_make(&s, NULL, &b, &s.arena, &err), 0);
	plan_set_range(&a, &s, 0);
	plan_set_range(&b, &s, IDMAP_RANGES - 1);
	cr_assert_eq(a.maps[0].inside, 0);
	cr_assert_eq(a.maps[0].count, 65536);
	cr_assert_eq(a.maps[0].outside, 0x70000000);
	cr_assert_eq(b.maps[0].outside, a.maps[0].outside + (IDMAP_RANGES - 1) * 65536U);
	cr_assert_leq((uint64_t)b.maps[0].outside + b.maps[0].count, 0x80000000ULL);
	cgroup_plan_free(&a.cgroup);
	cgroup_plan_free(&b.cgroup);
	spec_free(&s);
}

Test(plan, maps_no_ids_without_a_user_namespace)
{
	struct spec s = fresh();
	struct plan p;

	s.ns.fresh &= ~(uint64_t)CLONE_NEWUSER;
	cr_assert_eq(plan_make(&s, NULL, &p, &s.arena, &err), 0);
	plan_set_range(&p, &s, 7);
	cr_assert_eq(p.map_count, 0);
	cr_assert_eq(p.ids.nuids, 0);
	cgroup_plan_free(&p.cgroup);
	spec_free(&s);
}

Test(plan, delegates_what_can_be_written)
{
	static const struct id_map map = {0, 100000, 65536};
	const struct id_maps ids = {&map, &map, 1, 1}, none = {0};
	struct spec s = fresh();
	uint32_t owner = 0;

	cr_assert_not(plan_delegates(&s, &ids, &owner));
	for (size_t i = 0; i < s.mount_count; i++)
		if (s.mounts[i].kind == MOUNT_CGROUP)
			s.mounts[i].attr_set = 0;
	cr_assert(plan_delegates(&s, &ids, &owner));
	cr_assert_eq(owner, 100000);
	s.process.user = "1000:50";
	cr_assert(plan_delegates(&s, &ids, &owner));
	cr_assert_eq(owner, 101000);
	cr_assert(plan_delegates(&s, &none, &owner));
	cr_assert_eq(owner, 1000);
	s.process.user = "daemon";
	cr_assert(plan_delegates(&s, &ids, &owner));
	cr_assert_eq(owner, 100000);
	s.process.user = "65536";
	cr_assert_not(plan_delegates(&s, &ids, &owner));
	s.process.user = NULL;
	s.ns.fresh &= ~(uint64_t)CLONE_NEWCGROUP;
	cr_assert_not(plan_delegates(&s, &ids, &owner));
	spec_free(&s);
}

Test(plan, puts_init_in_front_of_the_command)
{
	struct spec s = fresh();
	struct plan p;

	s.init = true;
	cr_assert_eq(plan_make(&s, NULL, &p, &s.arena, &err), 0);
	cr_assert_str_eq(p.argv[0], "ctr-init");
	cr_assert_str_eq(p.argv[1], "--");
	cr_assert_str_eq(p.argv[2], "true");
	cr_assert_null(p.argv[3]);
	cgroup_plan_free(&p.cgroup);
	spec_free(&s);
}

Test(plan, leaves_files_alone_that_the_user_mounts)
{
	struct spec s = fresh();
	struct plan p;

	spec_mount_add(&s,
		(struct mount){.kind = MOUNT_BIND, .source = "/x", .target = "/etc/hosts"});
	cr_assert_eq(plan_make(&s, &(struct host_etc){.resolv = "nameserver 192.0.2.1\n"}, &p,
			     &s.arena, &err),
		0);
	cr_assert_eq(p.etc_count, 2);
	cr_assert_str_eq(p.etc[0].target, "/etc/hostname");
	cr_assert_str_eq(p.etc[1].target, "/etc/resolv.conf");
	cgroup_plan_free(&p.cgroup);
	spec_free(&s);
}

Test(plan, prints_every_part)
{
	static const char *const parts[] = {"clone     user,mnt,pid,uts,ipc,net,cgroup\n",
		"ids       0..65535", "mount     proc -> /proc nosuid nodev noexec\n",
		"mask      /proc/kcore\n", "readonly  /proc/sys\n", "seccomp   built-in\n",
		"caps      CAP_CHOWN,", "exec      true\n"};
	struct spec s = fresh();
	struct plan p;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(plan_make(&s, NULL, &p, &s.arena, &err), 0);
	plan_print(&s, &p, out);
	fclose(out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_assert(strstr(text, parts[i]), "%s is missing in:\n%s", parts[i], text);
	free(text);
	cgroup_plan_free(&p.cgroup);
	spec_free(&s);
}
