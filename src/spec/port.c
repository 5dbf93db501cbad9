#include "spec/port.h"

#include "base/num.h"
#include "spec/textfield.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FORMS "[IP:][HOST[-LAST]:]PORT[-LAST][/tcp|udp|sctp]"

static const struct {
	const char *name;
	uint8_t number;
} protos[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};
enum { PROTOS = sizeof(protos) / sizeof(protos[0]) };

const char *network_proto_name(uint8_t proto)
{
	for (size_t i = 0; i < PROTOS; i++)
		if (protos[i].number == proto)
			return protos[i].name;
	return NULL;
}

int network_proto_parse(const char *s, uint8_t *ret)
{
	for (size_t i = 0; i < PROTOS; i++)
		if (strcasecmp(protos[i].name, s) == 0) {
			*ret = protos[i].number;
			return 0;
		}
	return -1;
}

/* The words of a text, each ended by a NUL in a copy of it. */
struct words {
	char copy[NETWORK_PORT_SIZE];
	const char *ip, *host; /* NULL: not there */
	const char *port, *proto;
};

static char *split_last(char *s, char c)
{
	char *at = strrchr(s, c);

	if (at)
		*at++ = '\0';
	return at;
}

/* What is before the container's port: "HOST", "IP:HOST" or "[IP]:HOST". */
static const char *split_host(struct words *w, char *s)
{
	char *host = split_last(s, ':');

	w->host = host ? host : s;
	if (!host)
		return NULL;
	w->ip = s;
	if (*s == '[') {
		if (s[strlen(s) - 1] != ']')
			return "is not of the form " FORMS;
		s[strlen(s) - 1] = '\0';
		w->ip = s + 1;
	} else if (strchr(s, ':')) {
		return "has an IPv6 address without brackets";
	}
	return NULL;
}

static const char *split(const char *s, struct words *w)
{
	char *slash, *port;

	*w = (struct words){.proto = "tcp"};
	if (strlen(s) >= sizeof(w->copy))
		return "is too long";
	memcpy(w->copy, s, strlen(s) + 1);
	slash = split_last(w->copy, '/');
	if (slash)
		w->proto = slash;
	port = split_last(w->copy, ':');
	w->port = port ? port : w->copy;
	return port ? split_host(w, w->copy) : NULL;
}

/* "N" or "N-M". */
static int parse_range(const char *s, uint16_t *ret_first, uint16_t *ret_count)
{
	const char *dash = strchr(s, '-');
	char first[8];
	uint32_t a, b;

	if (dash && (size_t)(dash - s) >= sizeof(first))
		return -1;
	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - s) : (int)sizeof(first) - 1, s);
	if (num_parse_u32(first, &a) < 0 || num_parse_u32(dash ? dash + 1 : s, &b) < 0)
		return -1;
	if (a < 1 || b > UINT16_MAX || a > b)
		return -1;
	*ret_first = (uint16_t)a;
	*ret_count = (uint16_t)(b - a + 1);
	return 0;
}

static const char *read_host(const struct words *w, struct network_port *p)
{
	enum address_kind kind;

	if (w->ip) {
		if (address_parse(w->ip, &p->host) < 0)
			return "has a wrong address of the host in it";
		kind = address_kind(&p->host);
		if (kind == ADDRESS_MULTICAST || kind == ADDRESS_MAPPED)
			return "has an address in it that no host has";
		/* The kernel translates nothing that comes from ::1. */
		if (p->host.family == AF_INET6 && kind == ADDRESS_LOOPBACK)
			return "has ::1 in it, which cannot lead into a container: 127.0.0.1 can";
	}
	p->host_count = p->count;
	if (!w->host || !*w->host || strcmp(w->host, "0") == 0)
		return NULL;
	if (parse_range(w->host, &p->host_port, &p->host_count) < 0)
		return "has a wrong port of the host in it";
	if (p->host_count != p->count && p->count != 1)
		return "has ranges of different lengths";
	return NULL;
}

static const char *read_words(const char *s, struct network_port *ret)
{
	struct network_port p = {0};
	struct words w;
	const char *why = split(s, &w);

	if (why)
		return why;
	if (network_proto_parse(w.proto, &p.proto) < 0)
		return "is neither tcp, udp nor sctp";
	if (parse_range(w.port, &p.port, &p.count) < 0)
		return "has a wrong port in it";
	why = read_host(&w, &p);
	if (!why)
		*ret = p;
	return why;
}

int network_port_parse(const char *what, const char *s, struct network_port *ret, struct err *err)
{
	const char *why = read_words(s, ret);

	if (!why)
		return 0;
	err_value(err, what, s, "%s", why);
	return err_hint(err,
		"as 8080:80, 127.0.0.1:8080:80/udp, [2001:db8::1]:80:80, 8000-8010:80-90 "
		"or 80; ports are 1 to 65535");
}

int network_expose_parse(const char *what, const char *s, struct network_port *ret, struct err *err)
{
	struct network_port p;

	if (strchr(s, ':') || read_words(s, &p))
		return err_value(err, what, s, "is not PORT[-LAST][/tcp|udp|sctp]");
	*ret = p;
	return 0;
}

/* Behind it, at most room bytes. */
static size_t add_range(char *buf, size_t room, uint16_t first, uint16_t count)
{
	return (size_t)(count > 1 ? snprintf(buf, room, "%u-%u", first, first + count - 1)
				  : snprintf(buf, room, "%u", first));
}

char *network_port_format(const struct network_port *p, char buf[NETWORK_PORT_SIZE])
{
	bool v6 = p->host.family == AF_INET6;
	char ip[ADDRESS_SIZE];
	size_t n = 0;

	if (p->host.family)
		n = (size_t)snprintf(buf, NETWORK_PORT_SIZE, "%s%s%s:", v6 ? "[" : "",
			address_format(&p->host, ip), v6 ? "]" : "");
	if (p->host_port)
		n += add_range(buf + n, NETWORK_PORT_SIZE - n, p->host_port, p->host_count);
	if (p->host_port || p->host.family)
		n += (size_t)snprintf(buf + n, NETWORK_PORT_SIZE - n, ":");
	n += add_range(buf + n, NETWORK_PORT_SIZE - n, p->port, p->count);
	snprintf(buf + n, NETWORK_PORT_SIZE - n, "/%s", network_proto_name(p->proto));
	return buf;
}

static bool is_any(const struct address *a)
{
	return a->family && address_kind(a) == ADDRESS_ANY;
}

static bool hosts_meet(const struct address *a, const struct address *b)
{
	if (!a->family || !b->family)
		return true;
	return a->family == b->family && (is_any(a) || is_any(b) || address_is_equal(a, b));
}

/* What is chosen from several is one that is free. */
static bool is_fixed(const struct network_port *p)
{
	return p->host_port && p->host_count == p->count;
}

bool network_ports_collide(const struct network_port *p, const struct network_port *q,
	uint16_t *ret_port)
{
	uint16_t first = p->host_port > q->host_port ? p->host_port : q->host_port;

	if (p->proto != q->proto || !is_fixed(p) || !is_fixed(q) || !hosts_meet(&p->host, &q->host))
		return false;
	if (first - p->host_port >= p->count || first - q->host_port >= q->count)
		return false;
	*ret_port = first;
	return true;
}

bool network_port_has(const struct network_port *p, uint8_t proto, uint16_t port)
{
	return p->proto == proto && port >= p->port && port - p->port < p->count;
}

static int parse_text(const char *s, void *ret)
{
	return read_words(s, ret) ? -1 : 0;
}

static void format_text(const void *value, char ret[TEXT_VALUE_SIZE])
{
	network_port_format(value, ret);
}

const struct text_type text_port = {sizeof(struct network_port), "a port as " FORMS, parse_text,
	format_text};
