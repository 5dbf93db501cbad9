/*
 * DNS messages (RFC 1035, 6891): one question as a client asks it, and what is written in return. Pure: every byte
 * that comes in is hostile, and what goes on to a server is written anew.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_HEADER_SIZE = 12,
	DNS_NAME_MAX = 255,      /* as bytes of a message */
	DNS_TEXT_SIZE = 254,     /* as text, with its NUL */
	DNS_ROOM_LEAST = 512,    /* of an answer over UDP, for who says nothing */
	DNS_ROOM_MOST = 4096,    /* and for who asks for more than this */
	DNS_QUESTION_MAX = 1232, /* a longer one is not taken */
	DNS_MESSAGE_MAX = 65535, /* over TCP */
};

enum dns_type {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_IXFR = 251,
	DNS_AXFR = 252,
	DNS_ANY = 255,
};
enum { DNS_IN = 1 };

enum dns_rcode {
	DNS_NOERROR,
	DNS_FORMERR,
	DNS_SERVFAIL,
	DNS_NXDOMAIN,
	DNS_NOTIMP,
	DNS_REFUSED,
	DNS_BADVERS = 16,
};

struct question {
	uint16_t id, flags; /* as they came */
	uint16_t type, class;
	uint16_t room; /* of an answer over UDP */
	bool edns, dnssec;
	uint8_t name_len; /* 0: not even a name could be read */
	uint8_t name[DNS_NAME_MAX];
};

/* 0, or the enum dns_rcode that is to be answered, or -1: nothing is answered to this. But then ret has all that an
 * answer needs. A name in a question is never compressed. */
int question_parse(const uint8_t *bytes, size_t len, struct question *ret);

/* The name with dots, in lower case, if it is made of letters, digits, '-' and '_' and so can be a host's. */
bool question_host(const struct question *q, char ret[DNS_TEXT_SIZE]);
/* The address that a name below in-addr.arpa or ip6.arpa stands for. */
bool reverse_parse(const char *host, struct address *ret);
bool question_equal(const struct question *a, const struct question *b);

/* As it goes on to a server. Returns the length; at most DNS_QUESTION_MAX. */
size_t question_write(const struct question *q, uint16_t id, uint8_t ret[DNS_QUESTION_MAX]);

/* What a server says: whether it is about that question, under that id; not, if it has no question in it, which
 * some send with an error. */
bool reply_is_to(const struct question *q, uint16_t id, const uint8_t *bytes, size_t len);
/* Of one that is: what is to be said if no other server knows better, or 0. */
enum dns_rcode reply_failure(const uint8_t *bytes);
void reply_rename(uint8_t *bytes, uint16_t id);

/* An answer of our own, as it grows. */
struct answer {
	uint8_t *bytes;
	size_t len, room;
	const struct question *q;
	uint16_t rcode, count;
	bool truncated;
};
/* room: of bytes, at least DNS_ROOM_LEAST. */
void answer_begin(struct answer *a, const struct question *q, enum dns_rcode rcode, uint8_t *bytes,
	size_t room);
/* Records about the name that was asked for. Nobody is to keep them: they are wrong as soon as a container ends. */
void answer_address(struct answer *a, const struct address *address);
void answer_pointer(struct answer *a, const char *host);
/* For who is to ask again over TCP. */
void answer_truncate(struct answer *a);
/* Returns its length. */
size_t answer_end(struct answer *a);
