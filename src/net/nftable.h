/*
 * The table of nf_tables that all containers of a host share: nftable/table.nft. It is compiled when it is
 * changed, not when it is loaded: nftable/table.batch has the messages that nft(8) sends for it.
 */
#pragma once

#include "base/err.h"
#include "net/netlink.h"

#include <stdbool.h>
#include <stddef.h>

#define NFTABLE_NAME    "ctr" /* of the family inet */
#define NFTABLE_COMMENT "of ctr, see ctr-networks(7); version "

/* Of the table, in the form of NFTNL_UDATA_TABLE_COMMENT: another table.nft has another. */
extern const char nftable_comment[];
/* What was compiled, as messages. */
struct nftable_batch {
	const unsigned char *bytes;
	size_t size;
};
extern const struct nftable_batch nftable_table, nftable_trace, nftable_resolver;
/* Makes what the batch is of, where there is nothing by that name. 0, or -1 with errno. */
int nftable_add(struct netlink *nl, const struct nftable_batch *batch);
/* Makes the table NAME, which the batch is of, instead of what there is by that name; or removes it. 0, or -1 with errno. */
int nftable_load(struct netlink *nl, const char *name, const struct nftable_batch *batch);
int nftable_unload(struct netlink *nl, const char *name);

enum nftable_state { NFTABLE_MISSING, NFTABLE_OTHER, NFTABLE_THERE };
/* Whether the caller's network namespace has it, or one of another version. */
int nftable_state(struct netlink *nl, enum nftable_state *ret, struct err *err);
/*
 * Makes it where it is missing, in one transaction. One of another version is replaced, with the elements that it has,
 * or with none if they do not fit. Any number may call this at a time. Who lost elements puts them back:
 * *ret_empty says that there may be none.
 */
int nftable_make(struct netlink *nl, bool *ret_empty, struct err *err);
/* Removes it and all that is in it. */
int nftable_remove(struct netlink *nl, struct err *err);
