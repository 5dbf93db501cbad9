/* Rules of the host's that drop what containers send. Found by sending something, and following it. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBSTACLE_NAME_SIZE = 64 };

struct obstacle {
	int family; /* AF_INET or AF_INET6: of the packet */
	char table[OBSTACLE_NAME_SIZE], chain[OBSTACLE_NAME_SIZE];
	const char *kind; /* the family of the table: "ip", "ip6", "inet" */
	uint64_t rule;    /* its handle; 0: the policy of the chain */
	bool of_docker, of_ufw;
};

/*
 * Sends a packet of that family from a device that is named as a container's are, through the host, and stops it before it
 * leaves. 1 if somebody dropped it: *ret; with no table if that was none of nf_tables. 0 if nobody did, or if the host has no
 * way for it that could be tried.
 */
int obstacle_find(int family, struct obstacle *ret, struct err *err);

/* "table ip filter, the policy of its chain FORWARD"; and the commands that let containers through, once and for all. */
void obstacle_describe(const struct obstacle *o, char *ret, size_t size);
void obstacle_cure(const struct obstacle *o, char *ret, size_t size);
