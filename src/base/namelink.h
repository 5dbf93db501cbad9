/*
 * What a network knows of a host, as a symbolic link in the network's directory: one for each name, which leads to
 * "ADDRESS… OWNER", and one for each address, "@ADDRESS", which leads to "NAME OWNER". The owner is "CONTAINER/ID". Of
 * hosts that share a name the first has it as it is, others with "~1" to "~15" behind it, without gaps. A link
 * appears whole, at once or not at all, and takes no more than a name and an inode. Pure.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	NAMELINK_HOST_SIZE = 251, /* a name with its end; with what comes behind it a file's name */
	NAMELINK_FILE_SIZE = 256,
	NAMELINK_TEXT_SIZE = 1024, /* of where it leads to */
	NAMELINK_SHARERS = 16,
	NAMELINK_ADDRESSES = 16,
};

struct addresses {
	struct address of[NAMELINK_ADDRESSES];
	size_t count;
};

/* In lower case, if DNS can have such a name, and nothing else is meant by it: labels of at most 63 letters, digits,
 * '-' and '_', with dots between them; no address. */
bool namelink_host(const char *name, char ret[NAMELINK_HOST_SIZE]);

/* Names of files: of the nth that has this name, which namelink_host() has passed, and of an address. */
void namelink_file(const char *host, unsigned nth, char ret[NAMELINK_FILE_SIZE]);
void namelink_address_file(const struct address *a, char ret[NAMELINK_FILE_SIZE]);

/* What a link leads to; false if it does not fit. */
bool namelink_format(const struct addresses *a, const char *owner, char ret[NAMELINK_TEXT_SIZE]);
bool namelink_address_format(const char *host, const char *owner, char ret[NAMELINK_TEXT_SIZE]);

/* And back, strictly: -1 if it is anything else. */
int namelink_parse(const char *text, struct addresses *ret);
int namelink_address_parse(const char *text, char ret_host[NAMELINK_HOST_SIZE]);
/* "CONTAINER/ID" in either, or NULL. */
const char *namelink_owner(const char *text);
