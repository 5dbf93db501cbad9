/* Networks, and what a container has of them, as JSON. */
#pragma once

#include "base/json.h"
#include "net/plan.h"
#include "state/networks.h"

/* A definition, with the containers that are in it. */
json_t *network_json(const struct store *store, const struct network *net,
	const struct network_uses *uses);
