/* Interfaces between two network namespaces, neither of which is the host's. */
#include "net/device.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *said;
static struct err err;

#define CHECK(expr)                                                                                \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			snprintf(said, 1000, "line %d: %s; err \"%s\"", __LINE__, #expr,           \
				err.text);                                                         \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* What a command prints; it must work. */
static const char *out(const char *command)
{
	static char text[4096];
	FILE *f = popen(command, "re");
	size_t n;

	CHECK(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	CHECK(pclose(f) == 0);
	return text;
}

/* A namespace that nobody but us knows. */
static int new_netns(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	CHECK(own >= 0 && unshare(CLONE_NEWNET) == 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && setns(own, CLONE_NEWNET) == 0);
	close(own);
	return fd;
}

static void isolated(void (*test)(int netns))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	if (system("command -v ip >/dev/null") != 0)
		cr_skip_test("there is no ip(8)");
	said = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNET) == 0);
		/* The peer's namespace must outlast our stay in it: its end is that of both sides. */
		CHECK(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) >= 0);
		CHECK(system("ip link add v0 type veth peer name peer &&"
			     "ip link set v0 mtu 1400 && ip addr add 192.0.2.5/24 brd + dev v0 &&"
			     "ip addr add 2001:db8::5/64 dev v0 nodad && ip link set v0 up &&"
			     "ip addr add 192.0.2.9/24 dev v0 valid_lft 600 preferred_lft 600") ==
			0);
		test(new_netns());
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", said);
}

static void moves(int netns)
{
	const struct net_device d = {"v0", "eth0"};
	const char *text;

	CHECK(net_devices_move(&d, 1, netns, &err) == 0);
	CHECK(strstr(out("ip -br link"), "peer") && !strstr(out("ip -br link"), "v0@peer"));
	CHECK(setns(netns, CLONE_NEWNET) == 0);
	text = out("ip addr show dev eth0");
	CHECK(strstr(text, "mtu 1400") && strstr(text, ",UP"));
	CHECK(strstr(text, "inet 192.0.2.5/24 brd 192.0.2.255 scope global eth0"));
	CHECK(strstr(text, "inet6 2001:db8::5/64 scope global"));
	CHECK(!strstr(text, "192.0.2.9"));
}
Test(net_device, keeps_what_it_is_and_its_permanent_addresses)
{
	isolated(moves);
}

static void names(int netns)
{
	const struct net_device same = {"v0", NULL}, numbered = {"peer", "v%d"};
	const struct net_device gone = {"none0", NULL}, longer = {"peer", "a-name-of-16-byt"};

	CHECK(net_devices_move(&same, 1, netns, &err) == 0);
	CHECK(net_devices_move(&gone, 1, netns, &err) < 0);
	CHECK(strstr(err.text, "network device none0: No such device"));
	CHECK(net_devices_move(&longer, 1, netns, &err) < 0 && strstr(err.text, "at most 15"));
	CHECK(net_devices_move(&(struct net_device){"peer", "v0"}, 1, netns, &err) < 0);
	CHECK(strstr(err.text, "the container has a v0 already"));
	CHECK(strstr(out("ip -br link"), "peer"));
	CHECK(net_devices_move(&numbered, 1, netns, &err) == 0);
	CHECK(setns(netns, CLONE_NEWNET) == 0);
	CHECK(strstr(out("ip -br link"), "v1@v0"));
}
Test(net_device, a_name_that_is_taken_is_refused)
{
	isolated(names);
}

static void immutable(int netns)
{
	const struct net_device d = {"lo", "lo1"};

	CHECK(net_devices_move(&d, 1, netns, &err) < 0);
	CHECK(strstr(err.text, "network device lo: cannot move it into the container as lo1"));
}
Test(net_device, one_that_cannot_move_is_named)
{
	isolated(immutable);
}
