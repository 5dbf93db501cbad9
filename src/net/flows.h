/* Connections that the kernel tracks. One that outlives a container would lead to whoever has its address next. */
#pragma once

#include "base/address.h"
#include "base/err.h"
#include "net/netlink.h"

/* Forgets those from and to the addresses. */
int flows_forget(struct netlink *filter, const struct address *a, size_t n, struct err *err);
/* Forgets what is sent to count ports of the host, of UDP or SCTP, as it was before they were published. */
int flows_forget_ports(struct netlink *filter, int family, uint8_t proto, uint16_t port,
	unsigned count, struct err *err);
