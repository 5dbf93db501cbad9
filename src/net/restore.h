/* What all containers of a host share: the table of nf_tables, and of each network the gateway's device, the forwarding, and what
 * the table knows of it. Somebody may take it away, as `nft flush ruleset` does; who finds it missing puts it back. */
#pragma once

#include "base/err.h"
#include "net/netlink.h"
#include "net/plan.h"

/* The table, with what it is to know of each container whose state directory lies beside that one. */
int restore_table(struct netlink *route, struct netlink *filter, int state_fd, struct err *err);
/* Of the network that an attachment is in. */
int restore_network(struct netlink *route, struct netlink *filter, const struct plan_attachment *a,
	struct err *err);
