/*
 * ctr-nftables table
 *
 * Makes the table of nf_tables that containers need, in the network namespace that it runs in; "empty" on standard
 * output says that its elements may have to be put back.
 *
 * ctr-nftables remove
 */
#include "base/err.h"
#include "net/netlink.h"
#include "net/nftable.h"

#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

static int make(struct netlink *nl, struct err *err)
{
	bool empty;

	if (nftable_make(nl, &empty, err) < 0)
		return -1;
	if (empty)
		puts("empty");
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct netlink *nl, struct err *err);
} verbs[] = {
	{"table", make},
	{"remove", nftable_remove},
};

int main(int argc, char **argv)
{
	autonetlink struct netlink nl = NETLINK_CLOSED;
	struct err err = {0};

	for (size_t i = 0; argc == 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (netlink_open(NETLINK_NETFILTER, &nl) < 0)
			err_sys(&err, "open a socket to nf_tables");
		else if (verbs[i].run(&nl, &err) == 0)
			return 0;
		return err_print(&err, "ctr-nftables");
	}
	fprintf(stderr, "usage: ctr-nftables table | remove\n");
	return 2;
}
