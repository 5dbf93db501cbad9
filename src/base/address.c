#include "base/address.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int address_parse(const char *s, struct address *ret)
{
	struct address a = {.family = strchr(s, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(a.family, s, a.bytes) != 1)
		return -1;
	*ret = a;
	return 0;
}

char *address_format(const struct address *a, char buf[ADDRESS_SIZE])
{
	buf[0] = '\0';
	if (a->family)
		inet_ntop(a->family, a->bytes, buf, ADDRESS_SIZE);
	return buf;
}

size_t address_length(const struct address *a)
{
	return a->family == AF_INET6 ? 16 : 4;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, address_length(a));
}

bool address_is_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

bool address_offset(const struct address *a, uint64_t n, struct address *ret)
{
	struct address sum = *a;
	unsigned carry = 0;

	for (size_t i = address_length(a); i-- > 0; n >>= 8) {
		carry += sum.bytes[i] + (unsigned)(n & 0xff);
		sum.bytes[i] = (unsigned char)carry;
		carry >>= 8;
	}
	if (carry || n)
		return false;
	*ret = sum;
	return true;
}

uint64_t address_distance(const struct address *a, const struct address *b)
{
	uint64_t low = 0, high = 0;
	int borrow = 0;

	for (size_t len = address_length(a), i = len; i-- > 0;) {
		int difference = b->bytes[i] - a->bytes[i] - borrow;
		size_t place = len - 1 - i;

		borrow = difference < 0;
		if (place < 8)
			low |= (uint64_t)(difference & 0xff) << (8 * place);
		else
			high |= (uint64_t)(difference & 0xff);
	}
	return borrow ? 0 : high ? UINT64_MAX : low;
}

static enum address_kind kind_of_v4(const unsigned char *b)
{
	if (b[0] == 0)
		return ADDRESS_ANY;
	if (b[0] == 127)
		return ADDRESS_LOOPBACK;
	if (b[0] == 169 && b[1] == 254)
		return ADDRESS_LINK_LOCAL;
	return b[0] >= 224 ? ADDRESS_MULTICAST : ADDRESS_UNICAST;
}

static enum address_kind kind_of_v6(const unsigned char *b)
{
	static const unsigned char zero[15], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(b, zero, 15) == 0 && b[15] <= 1)
		return b[15] ? ADDRESS_LOOPBACK : ADDRESS_ANY;
	if (memcmp(b, mapped, sizeof(mapped)) == 0)
		return ADDRESS_MAPPED;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return ADDRESS_LINK_LOCAL;
	return b[0] == 0xff ? ADDRESS_MULTICAST : ADDRESS_UNICAST;
}

enum address_kind address_kind(const struct address *a)
{
	return a->family == AF_INET6 ? kind_of_v6(a->bytes) : kind_of_v4(a->bytes);
}

int prefix_parse(const char *s, struct prefix *ret)
{
	const char *slash = strchr(s, '/');
	char text[ADDRESS_SIZE];
	struct prefix p;
	uint32_t length;

	if (!slash || (size_t)(slash - s) >= sizeof(text) || (slash[1] == '0' && slash[2]))
		return -1;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = '\0';
	if (address_parse(text, &p.address) < 0 || num_parse_u32(slash + 1, &length) < 0 ||
		length > 8 * address_length(&p.address))
		return -1;
	p.length = length;
	*ret = p;
	return 0;
}

char *prefix_format(const struct prefix *p, char buf[PREFIX_SIZE])
{
	char text[ADDRESS_SIZE];

	buf[0] = '\0';
	if (p->address.family)
		snprintf(buf, PREFIX_SIZE, "%s/%u", address_format(&p->address, text), p->length);
	return buf;
}

/* Which bits of byte i name the network. */
static unsigned char mask(const struct prefix *p, size_t i)
{
	unsigned before = (unsigned)(8 * i);

	if (p->length >= before + 8)
		return 0xff;
	return p->length <= before ? 0 : (unsigned char)(0xff << (8 - (p->length - before)));
}

struct address prefix_first(const struct prefix *p)
{
	struct address a = p->address;

	for (size_t i = 0; i < address_length(&a); i++)
		a.bytes[i] &= mask(p, i);
	return a;
}

struct address prefix_last(const struct prefix *p)
{
	struct address a = p->address;

	for (size_t i = 0; i < address_length(&a); i++)
		a.bytes[i] |= (unsigned char)~mask(p, i);
	return a;
}

bool prefix_contains(const struct prefix *p, const struct address *a)
{
	const struct address first = prefix_first(p), last = prefix_last(p);

	return address_compare(&first, a) <= 0 && address_compare(a, &last) <= 0;
}

bool prefix_overlaps(const struct prefix *p, const struct prefix *q)
{
	return prefix_contains(p, &q->address) || prefix_contains(q, &p->address);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mac_parse(const char *s, struct mac *ret)
{
	struct mac m;

	if (strlen(s) != MAC_SIZE - 1)
		return -1;
	for (size_t i = 0; i < sizeof(m.bytes); i++, s += 3) {
		int high = hex_digit(s[0]), low = hex_digit(s[1]);

		if (high < 0 || low < 0 || (i < 5 && s[2] != ':' && s[2] != '-'))
			return -1;
		m.bytes[i] = (unsigned char)(high << 4 | low);
	}
	*ret = m;
	return 0;
}

char *mac_format(const struct mac *m, char buf[MAC_SIZE])
{
	const unsigned char *b = m->bytes;

	snprintf(buf, MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
	return buf;
}

bool mac_is_usable(const struct mac *m)
{
	static const struct mac zero;

	return !(m->bytes[0] & 1) && memcmp(m, &zero, sizeof(zero)) != 0;
}
