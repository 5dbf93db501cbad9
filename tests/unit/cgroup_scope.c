#include "cgroup/scope.h"

#include <criterion/criterion.h>
#include <string.h>

static struct err err;

static void names(const char *text, bool user, const char *slice, const char *unit)
{
	struct scope_name n;

	cr_assert(scope_name_parse("x", text, user, &n, &err) == 0, "%s: %s", text, err.text);
	cr_assert_str_eq(n.slice, slice);
	cr_assert_str_eq(n.unit, unit);
	cr_assert(n.user == user);
}

Test(cgroup_scope, names)
{
	names("system.slice:ctr:web", false, "system.slice", "ctr-web.scope");
	names(":ctr:web", false, "system.slice", "ctr-web.scope");
	names(":ctr:web", true, "user.slice", "ctr-web.scope");
	names("machine.slice:libpod:0123abc", false, "machine.slice", "libpod-0123abc.scope");
	names("a-b.slice::web", false, "a-b.slice", "web.scope");
	names("-.slice:cri-containerd:x", false, "-.slice", "cri-containerd-x.scope");
}

Test(cgroup_scope, names_refused)
{
	static const char *const bad[] = {"", "a", "a.slice", "a.slice:b", ":",
		"::", "a.slice:b:", "a.slice:b:c:d", "/a/b", "a:b:c", "a.slice:b:c/d",
		"a.slice:b:c d", "a.slice:b:c+d", "a.slice:b:c.slice", "--.slice:b:c",
		"a--b.slice:b:c", "a-.slice:b:c", "-a.slice:b:c", ".slice:b:c"};
	struct scope_name n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(scope_name_parse("x", bad[i], false, &n, &err) < 0, "%s", bad[i]);
	cr_assert(scope_name_parse("x", "a.slice:b:c.slice", false, &n, &err) < 0);
	cr_assert(strstr(err.text, "slice"));
}

Test(cgroup_scope, long_names)
{
	char text[600];
	struct scope_name n;

	memset(text, 'a', sizeof(text));
	memcpy(text, ":p:", 3);
	text[3 + 255 - 2 - 6] = '\0';
	cr_assert(scope_name_parse("x", text, false, &n, &err) == 0);
	cr_assert(strlen(n.unit) == 255);
	text[3 + 255 - 2 - 6] = 'a';
	text[3 + 255 - 2 - 5] = '\0';
	cr_assert(scope_name_parse("x", text, false, &n, &err) < 0);
}

Test(cgroup_scope, slices)
{
	static const char *const good[][2] = {
		{"-.slice", ""},
		{"system.slice", "/system.slice"},
		{"a-b.slice", "/a.slice/a-b.slice"},
		{"kubepods-burstable-pod1_2.slice", "/kubepods.slice/kubepods-burstable.slice/"
						    "kubepods-burstable-pod1_2.slice"},
	};
	static const char *const bad[] = {"", "a", "slice", ".slice", "a.scope", "-a.slice",
		"a-.slice", "a--b.slice", "a/b.slice", "../a.slice", "a b.slice"};
	char path[CGROUP_PATH_SIZE];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(slice_expand("x", good[i][0], path, &err) == 0, "%s", good[i][0]);
		cr_assert_str_eq(path, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(slice_expand("x", bad[i], path, &err) < 0, "%s", bad[i]);
}

Test(cgroup_scope, too_many_slices)
{
	char slice[UNIT_NAME_SIZE] = "", path[CGROUP_PATH_SIZE];

	for (int i = 0; i < 60; i++)
		strcat(slice, "a-");
	strcat(slice, "a.slice");
	cr_assert(slice_expand("x", slice, path, &err) < 0);
}

Test(cgroup_scope, paths)
{
	char path[CGROUP_PATH_SIZE];
	struct scope_name n;

	cr_assert(scope_name_parse("x", "a-b.slice:ctr:web", false, &n, &err) == 0);
	cr_assert(scope_group_path(&n, path, &err) == 0);
	cr_assert_str_eq(path, "/a.slice/a-b.slice/ctr-web.scope/container");
	cr_assert(scope_name_parse("x", "-.slice:ctr:web", false, &n, &err) == 0);
	cr_assert(scope_group_path(&n, path, &err) == 0);
	cr_assert_str_eq(path, "/ctr-web.scope/container");
}

Test(cgroup_scope, masks)
{
	struct arena a = {NULL};

	cr_assert_str_eq(scope_mask(&a, "0"), "01");
	cr_assert_str_eq(scope_mask(&a, "0-2,5"), "27");
	cr_assert_str_eq(scope_mask(&a, "7,8"), "8001");
	cr_assert_str_eq(scope_mask(&a, "16-17"), "000003");
	cr_assert_str_eq(scope_mask(&a, "0-15"), "ffff");
	cr_assert(strlen(scope_mask(&a, "0-65535")) == 2048);
	arena_free(&a);
}

static bool has(const struct word_list *l, const char *word)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->words[i], word) == 0)
			return true;
	return false;
}

Test(cgroup_scope, properties)
{
	const struct limits none = {0};
	const struct limits all = {
		.memory = 64 << 20,
		.memory_high = 48 << 20,
		.memory_low = 1 << 20,
		.memory_swap = UINT64_MAX,
		.memory_swap_set = true,
		.cpu_quota_us = 33333,
		.cpu_period_us = 50000,
		.cpu_weight = 200,
		.io_weight = 50,
		.cpuset_cpus = "0,2",
		.cpuset_mems = "0",
		.pids = 77,
	};
	static const char *const words[] = {"Description=s:Container a=b", "MemoryMax=t:67108864",
		"MemoryHigh=t:50331648", "MemoryLow=t:1048576",
		"MemorySwapMax=t:18446744073709551615", "CPUQuotaPerSecUSec=t:670000",
		"CPUQuotaPeriodUSec=t:50000", "CPUWeight=t:200", "IOWeight=t:50",
		"TimeoutStopUSec=t:10000000", "AllowedCPUs=m:05", "AllowedMemoryNodes=m:01",
		"TasksMax=t:77"};
	struct arena a = {NULL};
	struct word_list l;

	scope_properties(&none, "Container x", 1500000000, &a, &l);
	cr_assert(l.count == 3 && has(&l, "Description=s:Container x"));
	cr_assert(has(&l, "TasksMax=t:18446744073709551615"));
	cr_assert(has(&l, "TimeoutStopUSec=t:1500000"));
	scope_properties(&all, "Container a=b", 10000000000, &a, &l);
	cr_assert(l.count == sizeof(words) / sizeof(words[0]), "%zu", l.count);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_assert(has(&l, words[i]), "%s", words[i]);
	arena_free(&a);
}

Test(cgroup_scope, properties_that_are_asked_for)
{
	const char *items[] = {"a=b", "c"};
	const struct unit_property all[] = {
		{"A", {.type = 'b', .boolean = true}},
		{"B", {.type = 'y', .number = 255}},
		{"C", {.type = 't', .number = UINT64_MAX}},
		{"D", {.type = 'i', .integer = -5}},
		{"E", {.type = 's', .text = "x = y"}},
		{"F", {.type = 'd', .real = 0.5}},
		{"G", {.type = 'a', .strings = {items, 2}}},
		{"H", {.type = 'a', .strings = {NULL, 0}}},
	};
	static const char *const words[] = {"A=b:1", "B=y:255", "C=t:18446744073709551615",
		"D=i:-5", "E=s:x = y", "F=d:0.5", "G=a:2", "a=b", "c", "H=a:0"};
	struct word_list l = {NULL, 0};
	struct arena a = {NULL};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		scope_property_add(&l, &a, &all[i]);
	cr_assert_eq(l.count, sizeof(words) / sizeof(words[0]));
	for (size_t i = 0; i < l.count; i++)
		cr_assert_str_eq(l.words[i], words[i]);
	arena_free(&a);
}

Test(scope, changes_are_what_is_given)
{
	struct key_value conf[] = {{"memory.max", "max"}, {"memory.low", "max"}, {"cpu.idle", "1"}};
	const struct limits none = {0}, some = {.memory_high = 5, .pids = UINT64_MAX},
			    away = {.conf = conf, .conf_count = 3, .cpu_quota_us = UINT64_MAX};
	struct arena a = {NULL};
	struct word_list l;

	scope_changes(&none, &a, &l);
	cr_assert_eq(l.count, 0);
	scope_changes(&some, &a, &l);
	cr_assert(l.count == 2 && has(&l, "MemoryHigh=t:5"));
	cr_assert(has(&l, "TasksMax=t:18446744073709551615"));
	scope_changes(&away, &a, &l);
	cr_assert(l.count == 3 && has(&l, "MemoryMax=t:18446744073709551615"));
	cr_assert(has(&l, "MemoryLow=t:18446744073709551615"));
	cr_assert(has(&l, "CPUQuotaPerSecUSec=t:18446744073709551615"));
	arena_free(&a);
}
