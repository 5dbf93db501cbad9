/*
 * ctr-nftables table
 *
 * Makes the table of nf_tables that containers need, in the network namespace that it runs in; "empty" on standard
 * output says that its elements may have to be put back.
 *
 * ctr-nftables remove
 *
 * Removes it.
 *
 * ctr-nftables check
 *
 * Tries whether this kernel has what it takes, in a network namespace of its own. Says of each family which rule of the host's drops what containers send, if one does, and, behind a tab, what lets it
 * through.
 */
#include "base/err.h"
#include "base/fd.h"
#include "net/netlink.h"
#include "net/nftable.h"
#include "net/obstacle.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int make(struct netlink *nl, struct err *err)
{
	bool empty;

	if (nftable_make(nl, &empty, err) < 0)
		return -1;
	if (empty)
		puts("empty");
	return 0;
}

static int try_elsewhere(struct err *err)
{
	autonetlink struct netlink nl = NETLINK_CLOSED;
	autofd int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool empty;
	int r;

	if (own < 0 || unshare(CLONE_NEWNET) < 0) {
		err_sys(err, "make a network namespace to try with");
		err_hint_rights(err,
			"networks are for root: run ctr as root, or with --net none or host");
		return -1;
	}
	r = netlink_open(NETLINK_NETFILTER, &nl) < 0 ? err_sys(err, "open a socket to nf_tables")
						     : nftable_make(&nl, &empty, err);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(err, "return to the network namespace of the host");
	return r;
}

static int check(struct netlink *nl, struct err *err)
{
	static const int families[] = {AF_INET, AF_INET6};

	(void)nl;
	if (try_elsewhere(err) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		char what[400], cure[400];
		struct obstacle o;
		int r = obstacle_find(families[i], &o, err);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		obstacle_describe(&o, what, sizeof(what));
		obstacle_cure(&o, cure, sizeof(cure));
		printf("%s\t%s\n", what, cure);
	}
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct netlink *nl, struct err *err);
} verbs[] = {
	{"table", make},
	{"remove", nftable_remove},
	{"check", check},
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
	fprintf(stderr, "usage: ctr-nftables table | remove | check\n");
	return 2;
}
