/*
 * The names that one container sees: those of its own networks from directories of links, all others from servers.
 * Started by whoever holds the container's sockets, when something comes in, and ends when nothing has come for 10
 * seconds; what comes later waits in the sockets for the next one. It is no part of the container: nobody sees it
 * there, and it has no file of the host but directories of names.
 *
 *   ctr-resolver --udp FD --tcp FD --state FD [--pidfd FD]
 *
 * --udp, --tcp  bound, in the container's network; the second listens.
 * --state       the container's directory, where "resolver" says what to do: resolver/config.h. When that file has been
 *               replaced by another, it ends. "../.networks/NAME" are the directories of names.
 * --pidfd       the container's first process, in whose network the servers are that are given there by address. Those
 *               of a resolv.conf(5) are in the caller's network, which may be another: there they can be at the
 *               loopback.
 *
 * Its status is 0, or 1 if it could not begin. No stdio and no heap.
 */
#include "base/num.h"
#include "resolver/confine.h"
#include "resolver/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct resolver resolver;
static struct config config;

static struct {
	const char *name;
	int fd;
} option[] = {{"--udp", -1}, {"--tcp", -1}, {"--state", -1}, {"--pidfd", -1}};
enum { UDP, TCP, STATE, PIDFD, OPTIONS };

static int option_read(const char *name, const char *value)
{
	uint32_t n;

	for (int i = 0; i < OPTIONS; i++) {
		if (strcmp(option[i].name, name) != 0)
			continue;
		if (!value || num_parse_u32(value, &n) < 0 || n > INT32_MAX ||
			fcntl((int)n, F_GETFD) < 0)
			return -1;
		option[i].fd = (int)n;
		return 0;
	}
	return -1;
}

static int options_read(char **arg)
{
	for (; *arg; arg += 2)
		if (option_read(arg[0], arg[1]) < 0)
			return -1;
	return option[UDP].fd < 0 || option[TCP].fd < 0 || option[STATE].fd < 0 ? -1 : 0;
}

/* A file that is longer than that is cut: for resolv.conf(5) that does no harm. */
static int read_text(int fd, char *ret, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret[len] = '\0';
	return n < 0 || strlen(ret) != len ? -1 : 0;
}

/* -1 if there is none: of a network that has gone nothing is known. */
static int names_open(const char *network)
{
	char path[512] = "../.networks/";
	const size_t used = strlen(path);

	if (strlen(network) >= sizeof(path) - used)
		return -1;
	strcpy(path + used, network);
	return openat(option[STATE].fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int config_read(void)
{
	static char text[CONFIG_MAX];

	resolver.config = openat(option[STATE].fd, "resolver", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (resolver.config < 0 || read_text(resolver.config, text, sizeof(text)) < 0 ||
		config_parse(text, &config) < 0)
		return -1;
	for (size_t i = 0; i < config.names.network_count; i++)
		config.names.network[i].dir = names_open(config.names.network[i].name);
	/* It is the container's lock. */
	close(option[STATE].fd);
	return 0;
}

static void servers_of_host(void)
{
	static char text[CONFIG_MAX];
	int fd = open(config.resolv, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read_text(fd, text, sizeof(text)) == 0)
		resolv_parse(text, &config.servers);
	close(fd);
}

static void zones_find(struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		if (servers->of[i].zone[0])
			servers->of[i].scope = if_nametoindex(servers->of[i].zone);
}

static int servers_find(void)
{
	if (config.servers.count && option[PIDFD].fd >= 0) {
		if (setns(option[PIDFD].fd, CLONE_NEWNET) < 0)
			return -1;
	} else if (!config.servers.count && config.resolv) {
		servers_of_host();
	}
	zones_find(&config.servers);
	return 0;
}

static int streams_drop(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		if (fd != null && dup2(null, fd) < 0)
			return -1;
	if (null > STDERR_FILENO)
		close(null);
	return null < 0 ? -1 : chdir("/");
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: ctr-resolver --udp FD --tcp FD --state FD [--pidfd FD]\n";

	if (argc < 2 || options_read(argv + 1) < 0) {
		(void)!write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	if (streams_drop() < 0 || config_read() < 0 || servers_find() < 0 ||
		fcntl(option[TCP].fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return 1;
	close(option[PIDFD].fd);
	resolver.udp = option[UDP].fd;
	resolver.tcp = option[TCP].fd;
	resolver.names = config.names;
	resolver.forwards = config.servers.count || config.resolv;
	upstream_start(&resolver.upstream, &config.servers, resolver.udp);
	conns_start(&resolver.conns, resolver.tcp, &resolver.names, &resolver.upstream,
		resolver.forwards);
	if (confine(config.uid, config.gid) < 0)
		return 1;
	loop_serve_names(&resolver);
	return 0;
}
