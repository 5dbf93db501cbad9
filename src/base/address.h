/* Addresses of IPv4, IPv6 and of links, as people and files write them: strict, and written in one form only. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADDRESS_SIZE = 46, /* of the longest text of an address, with its end */
	PREFIX_SIZE = ADDRESS_SIZE + 4,
	MAC_SIZE = 18,
};

struct address {
	int family; /* AF_INET or AF_INET6; 0: none */
	unsigned char bytes[16];
};

/* An address with the number of its bits that name the network. */
struct prefix {
	struct address address;
	unsigned length;
};

struct mac {
	unsigned char bytes[6];
};

/* 0 or -1: the caller names the object. No zone, no port, no leading zeros. */
int address_parse(const char *s, struct address *ret);
/* Returns buf. */
char *address_format(const struct address *a, char buf[ADDRESS_SIZE]);
/* 4 or 16 bytes. */
size_t address_length(const struct address *a);
/* As memcmp(3); IPv4 comes first. */
int address_compare(const struct address *a, const struct address *b);
bool address_is_equal(const struct address *a, const struct address *b);
/* The address n further on; false where there is none. */
bool address_offset(const struct address *a, uint64_t n, struct address *ret);
/* How far b is behind a of its family, at most UINT64_MAX; 0 if it is before it. */
uint64_t address_distance(const struct address *a, const struct address *b);

enum address_kind {
	ADDRESS_UNICAST,
	ADDRESS_ANY, /* 0.0.0.0/8, :: */
	ADDRESS_LOOPBACK,
	ADDRESS_LINK_LOCAL,
	ADDRESS_MULTICAST, /* and broadcast, and what is reserved above multicast */
	ADDRESS_MAPPED,    /* IPv4 in IPv6's clothes */
};
enum address_kind address_kind(const struct address *a);

/* "ADDRESS/LENGTH"; bits behind the length may be set. */
int prefix_parse(const char *s, struct prefix *ret);
char *prefix_format(const struct prefix *p, char buf[PREFIX_SIZE]);
/* The lowest and the highest address in it. */
struct address prefix_first(const struct prefix *p);
struct address prefix_last(const struct prefix *p);
bool prefix_contains(const struct prefix *p, const struct address *a);
/* Whether the two have an address in common. */
bool prefix_overlaps(const struct prefix *p, const struct prefix *q);

/* Six pairs of hex digits, between them ':' or '-'. */
int mac_parse(const char *s, struct mac *ret);
char *mac_format(const struct mac *m, char buf[MAC_SIZE]);
/* Whether an interface can have it: not of a group, not zero. */
bool mac_is_usable(const struct mac *m);
