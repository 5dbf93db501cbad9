/* The names of the container's own networks: directories of links, as base/namelink.h has them. Names and addresses
 * that are asked for are hostile, and are checked before any of them is the name of a file. */
#pragma once

#include "base/namelink.h"
#include "resolver/message.h"

enum { NETWORKS_MAX = 32, SUBNETS_MAX = 2 * NETWORKS_MAX };

struct names {
	struct {
		const char *name;
		int dir;
	} network[NETWORKS_MAX];
	size_t network_count;
	struct prefix subnet[SUBNETS_MAX]; /* nobody else knows who is in these */
	size_t subnet_count;
};

/* All that share the name in the first network that has it, for "NAME" and for "NAME.NETWORK". host is as
 * question_host() makes it. */
bool names_find(const struct names *names, const char *host, struct addresses *ret);
bool names_find_address(const struct names *names, const struct address *a,
	char ret_host[NAMELINK_HOST_SIZE]);

/* Answers what is known here, or is for nobody else to know; false: that is for a server. */
bool names_answer(const struct names *names, const struct question *q, uint8_t *bytes, size_t room,
	size_t *ret_len);
