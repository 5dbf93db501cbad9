/*
 * What a resolver is to do, a word and its values on each line:
 *
 *   ids UID GID          whom it runs as
 *   network NAME         a directory of names, in the order in which they are looked into
 *   subnet PREFIX        addresses that no server is asked about
 *   server ADDRESS       asked for all other names, from the container's own network
 *   resolv PATH          or the servers that this file names, from the host's
 *
 * Without servers no other name is known. Trusted, as it is the runtime that writes it; and refused whole if there
 * is anything wrong with it.
 */
#pragma once

#include "resolver/names.h"

enum { SERVERS_MAX = 3, CONFIG_MAX = 32 << 10 };

struct server {
	struct address address;
	char zone[16];  /* the device of a link-local address, or "" */
	unsigned scope; /* and its number */
};
struct servers {
	struct server of[SERVERS_MAX]; /* more are of no use to a C library either */
	size_t count;
};

struct config {
	uint32_t uid, gid;
	struct names names;
	struct servers servers;
	const char *resolv; /* or NULL */
};

/* Pure. Cuts the text into pieces that ret points into; the directories are not open yet. */
int config_parse(char *text, struct config *ret);
/* The servers that resolv.conf(5) names; what else is in it is passed over. Pure. */
void resolv_parse(char *text, struct servers *ret);
