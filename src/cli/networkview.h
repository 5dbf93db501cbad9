/* Networks, and what a container has of them, as JSON. */
#pragma once

#include "base/json.h"
#include "state/networks.h"

/* A definition, with the containers that are in it. */
json_t *network_json(const struct store *store, const struct network *net,
	const struct network_uses *uses);

/* What a container that runs has: its interfaces, and the ports that lead to it. */
json_t *connections_json(const struct network_plan *plan);
json_t *ports_json(const struct network_plan *plan);
/* In docker's words: "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"; "" for none. */
char *ports_text(const struct network_plan *plan, struct arena *a);
/* "0.0.0.0:8080" of the n-th of a range. */
enum { ENDPOINT_SIZE = ADDRESS_SIZE + 16 };
char *endpoint_text(const struct network_port *p, uint16_t n, char buf[ENDPOINT_SIZE]);
