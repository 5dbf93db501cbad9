/* Ports of a container, and the ports of the host that lead to them. Pure. */
#pragma once

#include "base/address.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A port, or a range of them. */
struct network_port {
	struct address host; /* family 0: all that the host has */
	uint16_t host_port;  /* the first; 0: any that is free */
	/* As many as of the container, or, if that is one, how many there are to choose from. */
	uint16_t host_count;
	uint16_t port, count; /* in the container, the first and how many */
	uint8_t proto;        /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
};

/* "[IP:][HOST[-LAST]:]PORT[-LAST][/PROTO]", docker's forms; an IPv6 address is in brackets. */
int network_port_parse(const char *what, const char *s, struct network_port *ret, struct err *err);
/* "PORT[-LAST][/PROTO]", as in EXPOSE. */
int network_expose_parse(const char *what, const char *s, struct network_port *ret,
	struct err *err);
enum { NETWORK_PORT_SIZE = 96 };
/* In the words of network_port_parse(), with the protocol. Returns buf. */
char *network_port_format(const struct network_port *p, char buf[NETWORK_PORT_SIZE]);

/* "tcp"; NULL for another than the three. */
const char *network_proto_name(uint8_t proto);
/* In any case of letters. 0 or -1. */
int network_proto_parse(const char *s, uint8_t *ret);

/* Whether both need the same port of the host: the first such is written. */
bool network_ports_collide(const struct network_port *p, const struct network_port *q,
	uint16_t *ret_port);
/* Whether p has that port of the container in it. */
bool network_port_has(const struct network_port *p, uint8_t proto, uint16_t port);

/* For FIELD_TEXTS. */
struct text_type;
extern const struct text_type text_port;
