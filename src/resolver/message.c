#include "resolver/message.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FLAG_QR = 0x8000,
	FLAGS_OPCODE = 0x7800,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
	FLAGS_RCODE = 0x000f,
};
enum { AT_ID = 0, AT_FLAGS = 2, AT_QUESTIONS = 4, AT_ANSWERS = 6, AT_AUTHORITY = 8, AT_MORE = 10 };
enum { LABEL_MAX = 63, POINTER_TO_NAME = 0xc000 | DNS_HEADER_SIZE };
enum { OPT_SIZE = 11, OPT_DO = 0x8000 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint8_t *put16(uint8_t *p, unsigned n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
	return p + 2;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The lengths of labels are below 'A'. */
static bool name_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* The length of the name at p, with the empty label at its end, or 0. */
static size_t name_length(const uint8_t *p, size_t left)
{
	size_t at = 0;

	while (at < left && at < DNS_NAME_MAX) {
		if (p[at] == 0)
			return at + 1;
		if (p[at] > LABEL_MAX)
			return 0;
		at += 1U + p[at];
	}
	return 0;
}

/* The pseudo-record of EDNS, and nothing behind it. What options are in it is of no interest. */
static int opt_parse(const uint8_t *p, size_t left, struct question *q)
{
	uint16_t room;

	if (left < OPT_SIZE || p[0] != 0 || get16(p + 1) != DNS_OPT ||
		get16(p + 9) != left - OPT_SIZE)
		return DNS_FORMERR;
	room = get16(p + 3);
	q->room = room < DNS_ROOM_LEAST  ? DNS_ROOM_LEAST
		  : room > DNS_ROOM_MOST ? DNS_ROOM_MOST
					 : room;
	q->edns = true;
	q->dnssec = get16(p + 7) & OPT_DO;
	return p[6] != 0 ? DNS_BADVERS : 0;
}

static int kind_check(const struct question *q)
{
	if (q->class != DNS_IN || q->type == DNS_AXFR || q->type == DNS_IXFR)
		return DNS_REFUSED;
	return q->type == DNS_OPT || q->type == 0 ? DNS_FORMERR : 0;
}

int question_parse(const uint8_t *bytes, size_t len, struct question *ret)
{
	const uint8_t *p = bytes + DNS_HEADER_SIZE;
	size_t left = len - DNS_HEADER_SIZE, name;

	if (len < DNS_HEADER_SIZE || get16(bytes + AT_FLAGS) & FLAG_QR)
		return -1;
	*ret = (struct question){
		.id = get16(bytes + AT_ID),
		.flags = get16(bytes + AT_FLAGS),
		.room = DNS_ROOM_LEAST,
	};
	if (ret->flags & FLAGS_OPCODE)
		return DNS_NOTIMP;
	if (ret->flags & FLAG_TC || get16(bytes + AT_QUESTIONS) != 1 || get16(bytes + AT_ANSWERS) ||
		get16(bytes + AT_AUTHORITY) || get16(bytes + AT_MORE) > 1)
		return DNS_FORMERR;
	name = name_length(p, left);
	if (!name || left - name < 4)
		return DNS_FORMERR;
	memcpy(ret->name, p, name);
	ret->name_len = (uint8_t)name;
	ret->type = get16(p + name);
	ret->class = get16(p + name + 2);
	p += name + 4;
	left -= name + 4;
	if (get16(bytes + AT_MORE) == 0 ? left != 0 : opt_parse(p, left, ret) == DNS_FORMERR)
		return DNS_FORMERR;
	if (ret->edns && p[6] != 0)
		return DNS_BADVERS;
	return kind_check(ret);
}

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool question_host(const struct question *q, char ret[DNS_TEXT_SIZE])
{
	size_t at = 0, len = 0;

	if (q->name_len < 2)
		return false;
	while (q->name[at]) {
		size_t end = at + 1 + q->name[at];

		if (len)
			ret[len++] = '.';
		while (++at < end) {
			uint8_t c = lower(q->name[at]);

			if (!is_host_char(c))
				return false;
			ret[len++] = (char)c;
		}
	}
	ret[len] = '\0';
	return true;
}

bool question_equal(const struct question *a, const struct question *b)
{
	return a->type == b->type && a->class == b->class && a->name_len == b->name_len &&
	       name_equal(a->name, b->name, a->name_len);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits with dots between them, the last one first. */
static bool reverse6_parse(const char *text, size_t len, struct address *ret)
{
	struct address a = {.family = AF_INET6};

	if (len != 63)
		return false;
	for (int i = 0; i < 32; i++) {
		int digit = hex(text[2 * i]);

		if (digit < 0 || (i < 31 && text[2 * i + 1] != '.'))
			return false;
		a.bytes[15 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
	}
	*ret = a;
	return true;
}

static bool reverse4_parse(const char *text, size_t len, struct address *ret)
{
	char turned[INET_ADDRSTRLEN];
	struct address a = {.family = AF_INET};

	if (len >= sizeof(turned))
		return false;
	memcpy(turned, text, len);
	turned[len] = '\0';
	if (inet_pton(AF_INET, turned, a.bytes) != 1)
		return false;
	*ret = (struct address){.family = AF_INET,
		.bytes = {a.bytes[3], a.bytes[2], a.bytes[1], a.bytes[0]}};
	return true;
}

bool reverse_parse(const char *host, struct address *ret)
{
	static const char v4[] = ".in-addr.arpa", v6[] = ".ip6.arpa";
	size_t len = strlen(host);

	if (len > sizeof(v4) && strcmp(host + len - (sizeof(v4) - 1), v4) == 0)
		return reverse4_parse(host, len - (sizeof(v4) - 1), ret);
	if (len > sizeof(v6) && strcmp(host + len - (sizeof(v6) - 1), v6) == 0)
		return reverse6_parse(host, len - (sizeof(v6) - 1), ret);
	return false;
}

static uint8_t *put_question(uint8_t *p, const struct question *q)
{
	memcpy(p, q->name, q->name_len);
	p = put16(p + q->name_len, q->type);
	return put16(p, q->class);
}

static uint8_t *put_opt(uint8_t *p, unsigned room, unsigned rcode, bool dnssec)
{
	*p++ = 0;
	p = put16(p, DNS_OPT);
	p = put16(p, room);
	p = put16(p, rcode >> 4 << 8);
	p = put16(p, dnssec ? OPT_DO : 0);
	return put16(p, 0);
}

size_t question_write(const struct question *q, uint16_t id, uint8_t ret[DNS_QUESTION_MAX])
{
	uint8_t *p = put16(ret, id);

	p = put16(p, q->flags & (FLAG_RD | FLAG_AD | FLAG_CD));
	p = put16(p, 1);
	p = put16(p, 0);
	p = put16(p, 0);
	p = put16(p, q->edns);
	p = put_question(p, q);
	if (q->edns)
		p = put_opt(p, q->room, 0, q->dnssec);
	return (size_t)(p - ret);
}

bool reply_is_to(const struct question *q, uint16_t id, const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes + DNS_HEADER_SIZE;
	uint16_t flags;

	if (len < DNS_HEADER_SIZE || get16(bytes + AT_ID) != id)
		return false;
	flags = get16(bytes + AT_FLAGS);
	if (!(flags & FLAG_QR) || flags & FLAGS_OPCODE)
		return false;
	if (get16(bytes + AT_QUESTIONS) == 0)
		return flags & FLAGS_RCODE && len == DNS_HEADER_SIZE;
	if (get16(bytes + AT_QUESTIONS) != 1 || len - DNS_HEADER_SIZE < q->name_len + 4U ||
		name_length(p, len - DNS_HEADER_SIZE) != q->name_len ||
		!name_equal(p, q->name, q->name_len))
		return false;
	p += q->name_len;
	return get16(p) == q->type && get16(p + 2) == q->class;
}

/* Who is told that its question is malformed asks a simpler one; a C library waits for its time to be over when it is
 * refused. */
enum dns_rcode reply_failure(const uint8_t *bytes)
{
	const int rcode = get16(bytes + AT_FLAGS) & FLAGS_RCODE;

	if (rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN)
		return DNS_NOERROR;
	return rcode == DNS_FORMERR ? DNS_FORMERR : DNS_SERVFAIL;
}

void reply_rename(uint8_t *bytes, uint16_t id)
{
	put16(bytes, id);
}

void answer_begin(struct answer *a, const struct question *q, enum dns_rcode rcode, uint8_t *bytes,
	size_t room)
{
	*a = (struct answer){
		.bytes = bytes,
		.room = room - (q->edns ? OPT_SIZE : 0),
		.q = q,
		.rcode = (uint16_t)rcode,
		.len = DNS_HEADER_SIZE,
	};
	if (q->name_len)
		a->len = (size_t)(put_question(bytes + DNS_HEADER_SIZE, q) - bytes);
}

/* A record of the name that was asked for; where its data goes, or NULL if there is no room. */
static uint8_t *answer_record(struct answer *a, enum dns_type type, size_t size)
{
	uint8_t *p = a->bytes + a->len;

	if (a->truncated || a->room - a->len < 12 + size) {
		a->truncated = true;
		return NULL;
	}
	p = put16(p, POINTER_TO_NAME);
	p = put16(p, type);
	p = put16(p, DNS_IN);
	p = put16(put16(p, 0), 0);
	a->len += 12 + size;
	a->count++;
	return put16(p, (unsigned)size);
}

void answer_address(struct answer *a, const struct address *address)
{
	size_t size = address->family == AF_INET ? 4 : 16;
	uint8_t *p = answer_record(a, size == 4 ? DNS_A : DNS_AAAA, size);

	if (p)
		memcpy(p, address->bytes, size);
}

void answer_pointer(struct answer *a, const char *host)
{
	size_t len = strlen(host);
	uint8_t *p;

	if (len == 0 || len > DNS_NAME_MAX - 2)
		return;
	p = answer_record(a, DNS_PTR, len + 2);
	while (p && *host) {
		size_t label = strcspn(host, ".");

		*p = (uint8_t)label;
		memcpy(p + 1, host, label);
		p += 1 + label;
		host += label + (host[label] == '.');
	}
	if (p)
		*p = 0;
}

void answer_truncate(struct answer *a)
{
	a->truncated = true;
}

size_t answer_end(struct answer *a)
{
	const struct question *q = a->q;
	unsigned flags = FLAG_QR | FLAG_RA | (q->flags & (FLAGS_OPCODE | FLAG_RD | FLAG_CD));
	uint8_t *p = put16(a->bytes, q->id);

	flags |= a->rcode & FLAGS_RCODE;
	flags |= a->truncated ? FLAG_TC : 0;
	flags |= a->count || a->rcode == DNS_NXDOMAIN ? FLAG_AA : 0;
	p = put16(p, flags);
	p = put16(p, q->name_len ? 1 : 0);
	p = put16(p, a->count);
	p = put16(p, 0);
	put16(p, q->edns);
	if (q->edns)
		a->len = (size_t)(put_opt(a->bytes + a->len, DNS_ROOM_MOST, a->rcode, q->dnssec) -
				  a->bytes);
	return a->len;
}
