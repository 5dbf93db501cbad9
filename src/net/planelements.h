/* What the table of nf_tables is to know of a container by its plan. Pure. */
#pragma once

#include "net/elements.h"
#include "net/plan.h"

struct element_list {
	struct element *items; /* of the plan's arena */
	size_t count;
};

/* Those of one set are side by side. The ports of the host are chosen. */
void plan_elements(struct network_plan *plan, struct element_list *ret);
/* As each names the plan's container. */
void plan_owner(const struct network_plan *plan, char ret[OWNER_SIZE]);

/* And of the network that an attachment has the address in: how many. */
enum { NETWORK_ELEMENTS_MAX = 5 };
size_t network_elements(const struct plan_attachment *a, const struct prefix *address,
	struct element ret[NETWORK_ELEMENTS_MAX]);
