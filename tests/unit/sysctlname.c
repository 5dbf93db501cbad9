#include "spec/sysctlname.h"

#include <criterion/criterion.h>
#include <linux/sched.h>
#include <string.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static const uint64_t ALL = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWUSER;

Test(sysctlname, paths)
{
	static const struct {
		const char *name, *path;
	} c[] = {{"net.core.somaxconn", "net/core/somaxconn"},
		{"net/core/somaxconn", "net/core/somaxconn"},
		{"net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"},
		{"net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"}};
	char path[SYSCTL_PATH_SIZE];

	for (size_t i = 0; i < COUNT(c); i++) {
		cr_assert_eq(sysctl_path("x", c[i].name, path, &err), 0, "%s", c[i].name);
		cr_assert_str_eq(path, c[i].path);
	}
}

Test(sysctlname, paths_refused)
{
	static const char *const bad[] = {"", ".", "/", "..", "net", ".net.core", "/net/core",
		"net.core.", "net/core/", "net//core", "net..core", "net/../kernel/x", "net/./x",
		"net.//.kernel.x", "net.ipv4./.x", "net.core x", "net.core\n", "net.\xff",
		"../../etc/passwd"};
	char path[SYSCTL_PATH_SIZE] = "kept", s[SYSCTL_PATH_SIZE + 8];

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(sysctl_path("x", bad[i], path, &err), -1, "%s", bad[i]);
	memset(s, 'a', sizeof(s) - 1);
	memcpy(s, "net.", 4);
	s[sizeof(s) - 1] = '\0';
	cr_assert_eq(sysctl_path("x", s, path, &err), -1);
	cr_assert_str_eq(path, "kept");
}

Test(sysctlname, owners)
{
	static const struct {
		const char *name;
		uint64_t owner;
	} c[] = {{"net.ipv4.ip_forward", CLONE_NEWNET}, {"net/core/somaxconn", CLONE_NEWNET},
		{"fs.mqueue.msg_max", CLONE_NEWIPC}, {"kernel.sem", CLONE_NEWIPC},
		{"kernel.shm_rmid_forced", CLONE_NEWIPC}, {"kernel.msgmax", CLONE_NEWIPC},
		{"kernel.domainname", CLONE_NEWUTS}, {"user.max_user_namespaces", CLONE_NEWUSER}};

	for (size_t i = 0; i < COUNT(c); i++) {
		cr_assert_eq(sysctl_check("x", c[i].name, c[i].owner, &err), 0, "%s", c[i].name);
		cr_assert_eq(sysctl_check("x", c[i].name, ALL & ~c[i].owner, &err), -1, "%s",
			c[i].name);
		cr_assert(strstr(err.text, "namespace"), "%s", err.text);
	}
}

Test(sysctlname, host_wide_refused)
{
	static const char *const bad[] = {"kernel.core_pattern", "kernel.hostname",
		"kernel.modprobe", "vm.swappiness", "fs.file-max", "kernel.semx", "kernel.sem.x",
		"kernel.shm", "netx.core", "fs.mqueuex.y", "fs/mqueue", "kernel.sysrq",
		"kernel/yama/ptrace_scope", "user", "net/../kernel/core_pattern",
		"net.//.kernel.core_pattern", "kernel.pid_max"};

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(sysctl_check("--sysctl", bad[i], ALL, &err), -1, "%s", bad[i]);
	sysctl_check("--sysctl", "kernel.hostname", ALL, &err);
	cr_assert_str_eq(err.hint, "use --hostname");
}

Test(sysctlname, flag)
{
	static const char *const bad[] = {"", "=", "net.a.b", "net.a.b=", "net.a.b=1\n2", "=1",
		"net=1", "../x=1", "net.a.b=\xff"};

	cr_assert_eq(sysctl_flag(&spec, "x", "net/ipv4/conf/eth0.1/forwarding=1", &err), 0);
	cr_assert_eq(sysctl_flag(&spec, "x", "kernel.sem=250 32000 100 128", &err), 0);
	cr_assert_eq(sysctl_flag(&spec, "x", "kernel/sem=1", &err), 0);
	cr_assert_eq(spec.sysctl_count, 2);
	cr_assert_str_eq(spec.sysctls[0].key, "net.ipv4.conf.eth0/1.forwarding");
	cr_assert_str_eq(spec.sysctls[1].value, "1");
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(sysctl_flag(&spec, "x", bad[i], &err), -1, "%s", bad[i]);
	cr_assert_eq(spec.sysctl_count, 2);
}
