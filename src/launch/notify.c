#include "launch/notify.h"

#include "base/fd.h"
#include "spec/defaults.h"
#include "spec/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "notify.sock"

enum { MESSAGE_MAX = 4096 };

static const char ready[] = "READY=1";

/* The socket of the service manager; NULL: nobody wants to be notified. */
static const char *target(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && (path[0] == '/' || path[0] == '@') && path[1] ? path : NULL;
}

void notify_plan(const struct store *store, struct spec *spec)
{
	if (!target())
		return;
	spec_mount_add(spec, (struct mount){
				     .kind = MOUNT_BIND,
				     .source = arena_printf(&spec->arena, "%s/%s/" NOTIFY_DIR,
					     store->state, spec->name),
				     .target = NOTIFY_INSIDE,
				     .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						 MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
			     });
	env_set(spec, "NOTIFY_SOCKET=" NOTIFY_INSIDE "/" SOCKET);
}

int notify_make(const struct container *c, const struct spec *spec, struct err *err)
{
	if (!target() || !spec->mount_count ||
		strcmp(spec->mounts[spec->mount_count - 1].target, NOTIFY_INSIDE) != 0)
		return 0;
	if (mkdirat(c->state_fd, NOTIFY_DIR, 0755) < 0)
		return err_sys(err, "make a directory for NOTIFY_SOCKET");
	return 0;
}

/* By /proc, as a path may be longer than a socket's address. Whoever is a user inside may write. */
int notify_listen(const struct container *c, struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	autofd int dir = -1, sock = -1;

	err->text[0] = '\0';
	if (!target())
		return -1;
	dir = openat(c->state_fd, NOTIFY_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		return -1;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" SOCKET, dir);
	unlinkat(dir, SOCKET, 0);
	if (dir < 0 || sock < 0 || fchmod(sock, 0666) < 0 ||
		bind(sock, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		fchmodat(dir, SOCKET, 0666, 0) < 0)
		return err_sys(err, "cannot listen for what the container notifies");
	return take_fd(&sock);
}

static int pass_on(struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = target();
	size_t len = path ? strlen(path) : 0;
	autofd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path)
		return 0;
	if (len >= sizeof(a.sun_path))
		return err_value(err, "NOTIFY_SOCKET", path, "is longer than an address may be");
	memcpy(a.sun_path, path, len);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	if (sock < 0 || sendto(sock, ready, strlen(ready), MSG_NOSIGNAL, (struct sockaddr *)&a,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return err_sys(err, "NOTIFY_SOCKET: cannot send to %s", path);
	return 0;
}

static bool says_ready(char *text)
{
	char *state, *line;

	for (line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		if (strcmp(line, ready) == 0)
			return true;
	return false;
}

/* Descriptors that come along are let go of by not being received. */
static bool hears_ready(int sock)
{
	char text[MESSAGE_MAX + 1];
	ssize_t n;

	while ((n = recv(sock, text, MESSAGE_MAX, MSG_DONTWAIT)) >= 0) {
		text[n] = '\0';
		if (says_ready(text))
			return true;
	}
	return false;
}

int notify_wait(const struct container *c, int sock, struct err *err)
{
	for (;;) {
		struct pollfd p[] = {{sock, POLLIN, 0}, {c->pidfd, POLLIN, 0}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for the container to be ready");
		/* What it said last counts, even if it has ended since. */
		if (hears_ready(sock))
			return pass_on(err);
		if (p[1].revents)
			return 0;
	}
}
