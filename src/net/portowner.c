#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "net/holder.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *table_of(uint8_t proto, bool v6)
{
	if (proto == IPPROTO_TCP)
		return v6 ? "/proc/net/tcp6" : "/proc/net/tcp";
	return v6 ? "/proc/net/udp6" : "/proc/net/udp";
}

/* The address is in words of the host's order. */
static bool is_at(const char *hex, const struct address *host)
{
	size_t len = strlen(hex) / 2;
	unsigned char bytes[16];

	if (!host->family || strspn(hex, "0") == strlen(hex))
		return true;
	if (len != address_length(host))
		return false;
	for (size_t i = 0; i < len; i += 4) {
		char word[9] = "";
		uint32_t n;

		memcpy(word, hex + 2 * i, 8);
		n = (uint32_t)strtoul(word, NULL, 16);
		memcpy(bytes + i, &n, sizeof(n));
	}
	return memcmp(bytes, host->bytes, len) == 0;
}

/* The inode of a socket that has the port, and that a process has; 0: none. */
static uint64_t socket_at(const char *table, const struct address *host, uint16_t port)
{
	char line[512], at[40];
	uint64_t found = 0, inode;
	unsigned local;
	FILE *f = fopen(table, "re");

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %39[0-9A-F]:%x %*s %*x %*s %*s %*s %*u %*u %" SCNu64, at,
			    &local, &inode) == 3 &&
			local == port && inode && is_at(at, host))
			found = inode;
	if (f)
		fclose(f);
	return found;
}

static bool has_socket(int proc_fd, const char *pid, const char *link)
{
	char path[64], target[64];
	struct dents d;
	const char *name;
	unsigned char type;
	autofd int fds = -1;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fds = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return false;
	dents_init(&d, fds);
	while ((name = dents_next(&d, &type))) {
		ssize_t n = readlinkat(fds, name, target, sizeof(target) - 1);

		if (n > 0 && (target[n] = '\0', strcmp(target, link) == 0))
			return true;
	}
	return false;
}

static bool name_process(int proc_fd, const char *pid, char ret[64])
{
	char path[64], name[32];

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	if (file_peek(proc_fd, path, name, sizeof(name)) <= 0)
		return false;
	snprintf(ret, 64, "%s (pid %.20s)", name, pid);
	return true;
}

bool port_owner(const struct address *host, uint8_t proto, uint16_t port, char ret[64])
{
	autofd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t inode = 0;
	char link[64];
	struct dents d;
	const char *name;
	unsigned char type;

	for (int v6 = 0; v6 < 2 && !inode; v6++)
		inode = socket_at(table_of(proto, v6), host, port);
	if (!inode || proc < 0)
		return false;
	snprintf(link, sizeof(link), "socket:[%" PRIu64 "]", inode);
	dents_init(&d, proc);
	while ((name = dents_next(&d, &type)))
		if (isdigit((unsigned char)name[0]) && has_socket(proc, name, link))
			return name_process(proc, name, ret);
	return false;
}
