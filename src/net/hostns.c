#include "net/hostns.h"

#include "base/dents.h"
#include "base/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define OWN "/proc/self/ns/net"

static int cookie_here(uint64_t *ret)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*ret);

	return fd < 0 ? -1 : getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &len);
}

int hostns_own(struct hostns *ret, struct err *err)
{
	struct stat st;

	if (stat(OWN, &st) < 0 || cookie_here(&ret->cookie) < 0)
		return err_sys(err, "see which network namespace this is");
	ret->inode = st.st_ino;
	return 0;
}

/* Whether fd is the one: the inode alone may be another's by now. The caller comes back to where it was. */
static bool is_it(const struct hostns *ns, int fd, int own)
{
	uint64_t cookie;
	struct stat st;
	bool it;

	if (fstat(fd, &st) < 0 || st.st_ino != ns->inode || setns(fd, CLONE_NEWNET) < 0)
		return false;
	it = cookie_here(&cookie) == 0 && cookie == ns->cookie;
	return setns(own, CLONE_NEWNET) == 0 && it;
}

static int try(const struct hostns *ns, int dirfd, const char *path, int own)
{
	autofd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && is_it(ns, fd, own) ? take_fd(&fd) : -1;
}

static int find_by_process(const struct hostns *ns, int own)
{
	autofd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned char type;
	struct dents d;
	const char *name;
	int found = -1;

	if (proc < 0)
		return -1;
	dents_init(&d, proc);
	while (found < 0 && (name = dents_next(&d, &type))) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "%.20s/ns/net", name);
		if (isdigit((unsigned char)name[0]) && fstatat(proc, path, &st, 0) == 0 &&
			st.st_ino == ns->inode)
			found = try(ns, proc, path, own);
	}
	return found;
}

/* As ip-netns(8) keeps them. */
static int find_by_mount(const struct hostns *ns, int own)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], root[64], place[2048], mark[64];
	int found = -1;

	snprintf(mark, sizeof(mark), "net:[%" PRIu64 "]", ns->inode);
	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %63s %2047s", root, place) == 2 &&
			strcmp(root, mark) == 0)
			found = try(ns, AT_FDCWD, place, own);
	if (f)
		fclose(f);
	return found;
}

int hostns_find(const struct hostns *ns, int *ret, bool *ret_gone, struct err *err)
{
	autofd int own = -1;
	struct hostns here;

	*ret = -1;
	*ret_gone = false;
	if (hostns_own(&here, err) < 0)
		return -1;
	if (here.cookie == ns->cookie)
		return 0;
	own = open(OWN, O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return err_sys(err, "open " OWN);
	*ret = find_by_process(ns, own);
	if (*ret < 0)
		*ret = find_by_mount(ns, own);
	*ret_gone = *ret < 0;
	return 0;
}
