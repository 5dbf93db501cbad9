#include "net/restore.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/spawn.h"
#include "net/gateway.h"
#include "net/hostns.h"
#include "net/planelements.h"
#include "net/planfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* It says "empty" if it made the table anew. */
static int make_table(bool *ret_empty, struct err *err)
{
	char text[sizeof(err->text)];
	int status = spawn_and_hear("ctr-nftables", "table", text, sizeof(text), err);

	if (status < 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	*ret_empty = strcmp(text, "empty") == 0;
	return status ? err_set(err, "%s", text[0] ? text : "ctr-nftables ended without a word")
		      : 0;
}

static int add_network(struct netlink *filter, const struct plan_attachment *a, struct err *err)
{
	struct element items[NETWORK_ELEMENTS_MAX];

	for (size_t i = 0; i < a->address_count; i++) {
		size_t n = network_elements(a, &a->addresses[i], items);

		if (elements_put(filter, items, n, a->network, err) < 0)
			return -1;
	}
	return 0;
}

int restore_network(struct netlink *route, struct netlink *filter, const struct plan_attachment *a,
	struct err *err)
{
	struct address gateways[2] = {{0}};
	bool has[2] = {false};

	for (size_t i = 0; i < a->gateway_count; i++)
		gateways[a->gateways[i].family == AF_INET6] = a->gateways[i];
	for (size_t i = 0; i < a->address_count; i++)
		has[a->addresses[i].address.family == AF_INET6] = true;
	if (gateway_make(route, a->master, &gateways[0], &gateways[1], err) < 0 ||
		gateway_forward(route, filter, has[0], has[1], err) < 0)
		return -1;
	return add_network(filter, a, err);
}

/* A container that was started from another namespace of the host has its elements there. */
static int add_container(struct netlink *filter, int state_fd, const struct hostns *here,
	const char *boot, struct err *err)
{
	struct network_plan plan;
	struct element_list l;
	char owner[OWNER_SIZE];
	int r = plan_read(state_fd, &plan, err);

	if (r <= 0)
		return r;
	if (plan.host_cookie == here->cookie && plan.host_boot &&
		strcmp(plan.host_boot, boot) == 0) {
		plan_elements(&plan, &l);
		plan_owner(&plan, owner);
		r = elements_put(filter, l.items, l.count, owner, err);
		for (size_t i = 0; r == 0 && i < plan.attachment_count; i++)
			r = add_network(filter, &plan.attachments[i], err);
	}
	network_plan_free(&plan);
	return r < 0 ? -1 : 0;
}

static int add_containers(struct netlink *filter, int state_fd, struct err *err)
{
	autofd int all = openat(state_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct hostns here;
	char boot[64];
	struct dents d;
	const char *name;
	unsigned char type;

	if (all < 0)
		return err_sys(err, "read the state of all containers");
	if (hostns_own(&here, err) < 0)
		return -1;
	if (file_peek(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof(boot)) < 0)
		return err_sys(err, "read /proc/sys/kernel/random/boot_id");
	dents_init(&d, all);
	while ((name = dents_next(&d, &type))) {
		struct err one = {0};
		autofd int fd = name[0] == '.'
					? -1
					: openat(all, name,
						  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* One that is being made or removed just now, or is broken, is no reason to leave out the others. */
		if (fd >= 0 && add_container(filter, fd, &here, boot, &one) < 0)
			warn("%s: %s", name, one.text);
	}
	return 0;
}

int restore_table(struct netlink *route, struct netlink *filter, int state_fd, struct err *err)
{
	bool empty;

	if (make_table(&empty, err) < 0)
		return -1;
	if (!empty)
		return 0;
	return gateway_guard(route, filter, err) < 0 ? -1 : add_containers(filter, state_fd, err);
}
