#include "launch/neighbour.h"

#include "base/fd.h"
#include "net/planfile.h"
#include "state/alive.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct etc_network neighbour_addresses(const struct network_plan *plan)
{
	const struct address *v4 = network_plan_address(plan, AF_INET);
	const struct address *v6 = network_plan_address(plan, AF_INET6);
	struct etc_network etc = {.name = plan->name};

	if (v4)
		etc.own[0] = *v4;
	if (v6)
		etc.own[1] = *v6;
	for (size_t i = 0; i < plan->attachment_count && !etc.gateway.family; i++)
		if (plan->attachments[i].gateway_count)
			etc.gateway = plan->attachments[i].gateways[0];
	return etc;
}

static int not_running(const char *name, struct err *err)
{
	err_set(err, "--net container:%s: that container does not run", name);
	return err_hint(err, "ctr start %s first", name);
}

/* The number of a process that has ended is another one's some day: it has not ended when its namespace is open. */
static int open_network(const struct container *c, struct err *err)
{
	struct pollfd ended = {.fd = c->pidfd, .events = POLLIN};
	autofd int fd = -1;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)c->record.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return err_sys(err, "open the network of %s", c->record.name);
	if (fd < 0 || poll(&ended, 1, 0) != 0)
		return not_running(c->record.name, err);
	return take_fd(&fd);
}

static int take(const struct container *c, const struct spec *spec, struct neighbour *n,
	struct err *err)
{
	struct namespaces *ns = &n->spec.ns;
	struct network_plan plan;
	int r;

	if (ns->path_count + 1 > NS_KINDS)
		return err_set(err, "too many namespaces to join");
	n->fd = open_network(c, err);
	if (n->fd < 0)
		return -1;
	snprintf(n->path, sizeof(n->path), "/proc/self/fd/%d", n->fd);
	if (ns->path_count)
		memcpy(n->paths, spec->ns.paths, ns->path_count * sizeof(n->paths[0]));
	n->paths[ns->path_count++] = (struct ns_path){CLONE_NEWNET, n->path};
	ns->paths = n->paths;
	r = plan_read(c->state_fd, &plan, err);
	if (r <= 0)
		return r;
	n->etc = neighbour_addresses(&plan);
	n->etc.name = spec->network.container;
	n->connected = true;
	network_plan_free(&plan);
	return 0;
}

int neighbour_open(const struct store *store, const struct spec *spec, struct neighbour *ret,
	struct err *err)
{
	const char *name = spec->network.container;
	struct container c;
	int r;

	*ret = (struct neighbour){.spec = *spec, .fd = -1};
	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0)
		return err->sys == ENOENT ? not_running(name, err) : -1;
	r = container_is_alive(&c, err);
	if (r == 0)
		not_running(name, err);
	r = r > 0 ? take(&c, spec, ret, err) : -1;
	container_close(&c);
	if (r < 0)
		neighbour_close(ret);
	return r;
}

void neighbour_close(struct neighbour *n)
{
	fd_cleanup(&n->fd);
	n->fd = -1;
}
