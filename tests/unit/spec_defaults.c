#include "spec/defaults.h"
#include "spec/environment.h"
#include "spec/etcfiles.h"

#include <criterion/criterion.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

static struct spec fresh(void)
{
	struct spec s;

	spec_init(&s);
	s.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	s.name = "t";
	return s;
}

static const struct mount *mount_at(const struct spec *s, const char *target)
{
	for (size_t i = 0; i < s->mount_count; i++)
		if (strcmp(s->mounts[i].target, target) == 0)
			return &s->mounts[i];
	return NULL;
}

Test(spec_defaults, what_each_processor_tells_of_its_heat_is_masked)
{
	struct spec spec;
	size_t n;

	spec_init(&spec);
	n = spec.masked_count;
	spec_mask_throttles(&spec, 2);
	cr_assert(spec.masked_count == n + 2);
	cr_assert_str_eq(spec.masked[n + 1], "/sys/devices/system/cpu/cpu1/thermal_throttle");
	spec_free(&spec);
}

Test(spec_defaults, isolate_everything)
{
	struct spec s = fresh();
	uint64_t all = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
		       CLONE_NEWNET | CLONE_NEWCGROUP;

	cr_assert_eq(s.ns.fresh, all);
	cr_assert(s.process.no_new_privs);
	cr_assert_null(s.process.seccomp, "the built-in filter");
	cr_assert_eq(__builtin_popcountll(s.process.caps[CAPSET_BOUNDING]), 11);
	cr_assert_eq(s.process.caps[CAPSET_INHERITABLE], 0);
	cr_assert_eq(s.process.caps[CAPSET_AMBIENT], 0);
	cr_assert(mount_at(&s, "/sys")->attr_set & MOUNT_ATTR_RDONLY);
	cr_assert(mount_at(&s, "/sys/fs/cgroup")->attr_set & MOUNT_ATTR_RDONLY);
	spec_free(&s);
}

/* A mount hides what was attached below its target before. */
Test(spec_defaults, attach_parents_first)
{
	struct spec s = fresh();

	for (size_t i = 0; i < s.mount_count; i++)
		for (size_t k = i + 1; k < s.mount_count; k++) {
			size_t len = strlen(s.mounts[k].target);

			cr_assert(strncmp(s.mounts[i].target, s.mounts[k].target, len) != 0 ||
					  s.mounts[i].target[len] != '/',
				"%s before %s", s.mounts[i].target, s.mounts[k].target);
		}
	spec_free(&s);
}

Test(spec_defaults, complete_hostname_and_environment)
{
	struct spec s = fresh();

	spec_complete(&s);
	cr_assert_str_eq(s.hostname, "0123456789ab");
	cr_assert_str_eq(env_get(&s, "HOSTNAME"), "0123456789ab");
	cr_assert(strstr(env_get(&s, "PATH"), "/usr/bin"));
	cr_assert_null(env_get(&s, "TERM"), "without a terminal");
	spec_free(&s);
}

Test(spec_defaults, leave_what_was_given)
{
	struct spec s = fresh();

	env_set(&s, "PATH=/only");
	s.hostname = "mine";
	s.process.terminal = true;
	spec_complete(&s);
	cr_assert_str_eq(env_get(&s, "PATH"), "/only");
	cr_assert_str_eq(env_get(&s, "HOSTNAME"), "mine");
	cr_assert_str_eq(env_get(&s, "TERM"), "xterm");
	spec_free(&s);
}

Test(spec_defaults, touch_nothing_of_the_hosts_network)
{
	struct spec s = fresh();

	s.ns.fresh &= ~(uint64_t)(CLONE_NEWNET | CLONE_NEWUTS);
	spec_complete(&s);
	cr_assert_eq(s.sysctl_count, 0);
	cr_assert_null(s.hostname);
	spec_free(&s);
}

Test(spec_environment, replaces_in_place)
{
	struct spec s = fresh();

	env_set(&s, "A=1");
	env_set(&s, "AB=2");
	env_set(&s, "A=3");
	cr_assert_eq(s.process.envc, 2);
	cr_assert_str_eq(s.process.env[0], "A=3");
	cr_assert_str_eq(s.process.env[1], "AB=2");
	cr_assert_null(s.process.env[2]);
	cr_assert_null(env_get(&s, "B"));
	spec_free(&s);
}

Test(etcfiles, hosts_name_the_container_and_what_was_added)
{
	struct spec s = fresh();
	struct key_value db = {"db", "10.0.0.7"};
	char *text;

	s.hostname = "web";
	s.hosts = &db;
	s.host_count = 1;
	text = etc_hosts(&s.arena, &s, NULL, NULL);
	cr_assert(strstr(text, "127.0.0.1\tlocalhost web\n"));
	cr_assert(strstr(text, "::1\tlocalhost "));
	cr_assert(strstr(text, "10.0.0.7\tdb\n"));
	spec_free(&s);
}

Test(etcfiles, hosts_of_the_host_stand_behind_what_was_added)
{
	static const char host[] = "127.0.0.1 localhost # web\n192.0.2.1\tnode node.example\n";
	struct spec s = fresh();
	struct key_value db = {"db", "10.0.0.7"};

	s.hosts = &db;
	s.host_count = 1;
	s.hostname = "web";
	cr_assert_str_eq(etc_hosts(&s.arena, &s, host, NULL),
		"10.0.0.7\tdb\n127.0.1.1\tweb\n127.0.0.1 localhost # web\n"
		"192.0.2.1\tnode node.example\n");
	s.hostname = "node";
	cr_assert_str_eq(etc_hosts(&s.arena, &s, host, NULL),
		"10.0.0.7\tdb\n127.0.0.1 localhost # web\n192.0.2.1\tnode node.example\n");
	spec_free(&s);
}

Test(etcfiles, a_search_domain_of_a_dot_is_none)
{
	struct spec s = fresh();
	const char *dot[] = {"."};

	s.dns_search = dot;
	s.dns_search_count = 1;
	cr_assert_str_eq(
		etc_resolv(&s.arena, &s, "search example.org\nnameserver 192.0.2.1\n", false),
		"nameserver 192.0.2.1\n");
	spec_free(&s);
}

Test(etcfiles, resolv_takes_from_the_host_what_is_not_given)
{
	static const char host[] =
		"# made by something\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n"
		"search example.org\noptions ndots:2\nnameserver6 x";
	struct spec s = fresh();
	const char *dns[] = {"198.51.100.9"};

	cr_assert_str_eq(etc_resolv(&s.arena, &s, host, false),
		"search example.org\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:2\n");
	s.dns = dns;
	s.dns_count = 1;
	cr_assert_str_eq(etc_resolv(&s.arena, &s, host, false),
		"search example.org\nnameserver 198.51.100.9\noptions ndots:2\n");
	cr_assert_str_eq(etc_resolv(&s.arena, &s, NULL, false), "nameserver 198.51.100.9\n");
	spec_free(&s);
}

Test(etc, in_a_network)
{
	struct etc_network net = {.name = "web"};
	struct spec s = {.hostname = "mail.example.org"};
	struct key_value hosts[] = {{"host.docker.internal", "host-gateway"}, {"a", "192.0.2.9"}};
	const char *search[] = {"example.net"};

	address_parse("10.90.0.5", &net.own[0]);
	address_parse("fd00:90::5", &net.own[1]);
	address_parse("10.90.0.1", &net.gateway);
	s.hosts = hosts;
	s.host_count = 2;
	cr_assert_str_eq(etc_hosts(&s.arena, &s, NULL, &net),
		"127.0.0.1\tlocalhost\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n"
		"ff02::1\tip6-allnodes\n"
		"ff02::2\tip6-allrouters\n"
		"10.90.0.5\tmail.example.org mail web\n"
		"fd00:90::5\tmail.example.org mail web\n"
		"10.90.0.1\thost.docker.internal\n"
		"192.0.2.9\ta\n");
	s.hostname = "web";
	cr_expect(strstr(etc_hosts(&s.arena, &s, NULL, &net), "10.90.0.5\tweb\n"));
	/* Without a network there is no way to the host. */
	s.ns.fresh = CLONE_NEWNET;
	cr_expect_null(strstr(etc_hosts(&s.arena, &s, NULL, NULL), "host.docker.internal"));
	s.ns.fresh = 0;
	cr_expect(strstr(etc_hosts(&s.arena, &s, "", NULL), "127.0.0.1\thost.docker.internal\n"));
	cr_assert_str_eq(etc_resolv(&s.arena, &s,
				 "search example.org\nnameserver 192.0.2.1\noptions edns0\n", true),
		"search example.org\nnameserver 127.0.0.11\noptions ndots:0\n");
	s.dns_search = search;
	s.dns_search_count = 1;
	cr_assert_str_eq(etc_resolv(&s.arena, &s, NULL, true),
		"search example.net\nnameserver 127.0.0.11\noptions ndots:0\n");
	arena_free(&s.arena);
}
