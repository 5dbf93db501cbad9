#include "state/resource.h"

#include "state/connection.h"
#include "state/rdt.h"

static const struct resource *const kinds[RESOURCE_KINDS] = {
	[RESOURCE_RDT] = &resource_rdt,
	[RESOURCE_NET] = &resource_network,
};

static bool has(const struct container *c, size_t kind)
{
	return c->record.resources & 1u << kind;
}

unsigned resources_wanted(const struct spec *spec)
{
	unsigned r = 0;

	for (size_t i = 0; i < RESOURCE_KINDS; i++)
		if (kinds[i]->is_wanted(spec))
			r |= 1u << i;
	return r;
}

int resources_make(struct container *c, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < RESOURCE_KINDS; i++)
		if (has(c, i) && kinds[i]->make(c, spec, err) < 0)
			return -1;
	return 0;
}

int resources_claim(struct container *c, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < RESOURCE_KINDS; i++)
		if (has(c, i) && kinds[i]->claim && kinds[i]->claim(c, spec, err) < 0)
			return -1;
	return 0;
}

int resources_join(const struct container *c, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < RESOURCE_KINDS; i++)
		if (has(c, i) && kinds[i]->join && kinds[i]->join(c, spec, err) < 0)
			return -1;
	return 0;
}

int resources_remove(const struct container *c, struct err *err)
{
	for (size_t i = RESOURCE_KINDS; i-- > 0;)
		if (has(c, i) && kinds[i]->remove(c, err) < 0)
			return -1;
	return 0;
}
