#include "resolver/names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static bool read_link(int dir, const char *file, char ret[NAMELINK_TEXT_SIZE])
{
	ssize_t n = readlinkat(dir, file, ret, NAMELINK_TEXT_SIZE);

	if (n <= 0 || n == NAMELINK_TEXT_SIZE || memchr(ret, 0, (size_t)n))
		return false;
	ret[n] = '\0';
	return true;
}

static void add_all(struct addresses *to, const struct addresses *from)
{
	for (size_t i = 0; i < from->count && to->count < NAMELINK_ADDRESSES; i++)
		to->of[to->count++] = from->of[i];
}

static bool find_in(int dir, const char *host, struct addresses *ret)
{
	char file[NAMELINK_FILE_SIZE], text[NAMELINK_TEXT_SIZE];
	struct addresses all = {.count = 0}, one;
	bool found = false;

	for (unsigned i = 0; i < NAMELINK_SHARERS; i++) {
		namelink_file(host, i, file);
		if (!read_link(dir, file, text))
			break;
		if (namelink_parse(text, &one) < 0)
			continue;
		found = true;
		add_all(&all, &one);
	}
	if (found)
		*ret = all;
	return found;
}

/* The name without the network's behind it. */
static bool cut_network(const char *host, const char *network, char ret[NAMELINK_HOST_SIZE])
{
	size_t len = strlen(host), end = strlen(network);

	if (len < end + 2 || host[len - end - 1] != '.' ||
		strcasecmp(host + len - end, network) != 0)
		return false;
	memcpy(ret, host, len - end - 1);
	ret[len - end - 1] = '\0';
	return true;
}

bool names_find(const struct names *names, const char *host, struct addresses *ret)
{
	char checked[NAMELINK_HOST_SIZE], cut[NAMELINK_HOST_SIZE];

	if (!namelink_host(host, checked))
		return false;
	for (size_t i = 0; i < names->network_count; i++)
		if (find_in(names->network[i].dir, checked, ret) ||
			(cut_network(checked, names->network[i].name, cut) &&
				find_in(names->network[i].dir, cut, ret)))
			return true;
	return false;
}

bool names_find_address(const struct names *names, const struct address *a,
	char ret_host[NAMELINK_HOST_SIZE])
{
	char file[NAMELINK_FILE_SIZE], text[NAMELINK_TEXT_SIZE];

	namelink_address_file(a, file);
	for (size_t i = 0; i < names->network_count; i++)
		if (read_link(names->network[i].dir, file, text) &&
			namelink_address_parse(text, ret_host) == 0)
			return true;
	return false;
}

static bool is_ours(const struct names *names, const struct address *a)
{
	for (size_t i = 0; i < names->subnet_count; i++)
		if (prefix_contains(&names->subnet[i], a))
			return true;
	return false;
}

/* RFC 6761: no server is asked for it. */
static bool is_localhost(const char *host, struct addresses *ret)
{
	static const char name[] = "localhost";
	size_t len = strlen(host), n = sizeof(name) - 1;

	if (len < n || strcmp(host + len - n, name) != 0 || (len > n && host[len - n - 1] != '.'))
		return false;
	*ret = (struct addresses){.of = {{AF_INET, {127, 0, 0, 1}}, {AF_INET6, {[15] = 1}}},
		.count = 2};
	return true;
}

/* With another one first each time, so that they share what comes. */
static void answer_addresses(struct answer *a, const struct addresses *all, uint16_t turn)
{
	const uint16_t type = a->q->type;

	for (size_t i = 0; i < all->count; i++) {
		const struct address *one = &all->of[(i + turn) % all->count];

		if (type == DNS_ANY || type == (one->family == AF_INET ? DNS_A : DNS_AAAA))
			answer_address(a, one);
	}
}

static bool is_of_one_label(const struct question *q)
{
	return q->name_len > 1 && q->name_len == q->name[0] + 2;
}

/*
 * An unknown name without a dot is no question for a server: it is that of a container which has ended, and
 * whoever runs the network that the host happens to be in must not answer in its place.
 */
static int answer_host(const struct names *names, const char *host, struct answer *a)
{
	const bool address = a->q->type == DNS_A || a->q->type == DNS_AAAA;
	struct addresses all;

	if (is_localhost(host, &all) || names_find(names, host, &all)) {
		answer_addresses(a, &all, a->q->id);
		return DNS_NOERROR;
	}
	return address && is_of_one_label(a->q) ? DNS_NXDOMAIN : -1;
}

static int answer_reverse(const struct names *names, const struct address *address,
	struct answer *a)
{
	char host[NAMELINK_HOST_SIZE];

	if (names_find_address(names, address, host)) {
		if (a->q->type == DNS_PTR || a->q->type == DNS_ANY)
			answer_pointer(a, host);
		return DNS_NOERROR;
	}
	return is_ours(names, address) ? DNS_NXDOMAIN : -1;
}

bool names_answer(const struct names *names, const struct question *q, uint8_t *bytes, size_t room,
	size_t *ret_len)
{
	char host[DNS_TEXT_SIZE];
	struct address address;
	struct answer a;
	int rcode;

	if (!question_host(q, host))
		return false;
	answer_begin(&a, q, DNS_NOERROR, bytes, room);
	if (reverse_parse(host, &address))
		rcode = answer_reverse(names, &address, &a);
	else
		rcode = answer_host(names, host, &a);
	if (rcode < 0)
		return false;
	a.rcode = (uint16_t)rcode;
	*ret_len = answer_end(&a);
	return true;
}
