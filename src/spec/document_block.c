#include "spec/document.h"

static const struct field throttle[] = {
	{"major", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_throttle, major),
		.max = DEVICE_MAJOR_MAX},
	{"minor", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_throttle, minor),
		.max = DEVICE_MINOR_MAX},
	{"rate", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_throttle, rate)},
	{NULL},
};

#define THROTTLE(name, i)                                                                          \
	{                                                                                          \
		name, FIELD_ARRAY, 0, AT(document, resources.throttle[i].items),                   \
			N(document, resources.throttle[i].count),                                  \
			EACH(document_throttle, throttle)                                          \
	}

static const char *const throttle_names[THROTTLES] = {
	"throttleReadBpsDevice",
	"throttleWriteBpsDevice",
	"throttleReadIOPSDevice",
	"throttleWriteIOPSDevice",
};

static const struct field weight[] = {
	{"major", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_weight, major),
		.max = DEVICE_MAJOR_MAX},
	{"minor", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_weight, minor),
		.max = DEVICE_MINOR_MAX},
	{"weight", FIELD_U32, FIELD_REQUIRED, AT(document_weight, weight), .min = 10, .max = 1000},
	{"leafWeight", FIELD_U32, 0, AT(document_weight, leaf)},
	{NULL},
};

const struct field document_block_fields[] = {
	{"weight", FIELD_U32, 0, AT(document, resources.weight), .max = 1000},
	{"leafWeight", FIELD_U32, 0, AT(document, resources.leaf_weight)},
	{"weightDevice", FIELD_ARRAY, 0, AT(document, resources.weights),
		N(document, resources.weight_count), EACH(document_weight, weight)},
	THROTTLE("throttleReadBpsDevice", THROTTLE_RBPS),
	THROTTLE("throttleWriteBpsDevice", THROTTLE_WBPS),
	THROTTLE("throttleReadIOPSDevice", THROTTLE_RIOPS),
	THROTTLE("throttleWriteIOPSDevice", THROTTLE_WIOPS),
	{NULL},
};

static struct io_max *io_device(struct walk *w, struct limits *l, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < l->io_max_count; i++)
		if (l->io_max[i].major == major && l->io_max[i].minor == minor)
			return &l->io_max[i];
	arena_push(w->arena, l->io_max, l->io_max_count,
		((struct io_max){.major = major, .minor = minor}));
	return &l->io_max[l->io_max_count - 1];
}

static uint64_t *io_rate(struct io_max *m, enum throttle t)
{
	uint64_t *const rates[] = {&m->rbps, &m->wbps, &m->riops, &m->wiops};
	return rates[t];
}

/* 10…1000 of cgroup v1 onto 1…10000, as runc and crun do. */
static uint64_t io_weight(uint32_t blkio_weight)
{
	return 1 + (uint64_t)(blkio_weight - 10) * 9999 / 990;
}

static int leaf_check(struct walk *w, const struct document_resources *r)
{
	bool asked = r->leaf_weight;

	for (size_t i = 0; i < r->weight_count; i++)
		asked = asked || r->weights[i].leaf;
	return !asked ? 0
		      : walk_fail(w,
				"leafWeight: is not supported: cgroup v2 has no weights of the "
				"processes beside those of the groups below");
}

int document_block_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	walk_enter(w, "blockIO", 0);
	if (leaf_check(w, r) < 0)
		return -1;
	if (r->weight && r->weight < 10)
		return walk_fail(w, "weight: %u must be 10 to 1000", r->weight);
	if (r->weight)
		l->io_weight = io_weight(r->weight);
	for (size_t i = 0; i < r->weight_count; i++)
		document_conf_add(w, l, "io.weight",
			arena_printf(w->arena, "%u:%u %llu", r->weights[i].major,
				r->weights[i].minor,
				(unsigned long long)io_weight(r->weights[i].weight)));
	for (int t = 0; t < THROTTLES; t++) {
		for (size_t i = 0; i < r->throttle[t].count; i++) {
			const struct document_throttle *from = &r->throttle[t].items[i];
			uint64_t *rate = io_rate(io_device(w, l, from->major, from->minor), t);
			if (*rate)
				return walk_fail(w, "%s: device %u:%u has two rates",
					throttle_names[t], from->major, from->minor);
			*rate = from->rate;
		}
	}
	return 0;
}

/* Sorted by device, so that the four lists can be put together again in one way only. */
static void throttle_put(struct walk *w, struct document *d, int t, struct document_throttle v)
{
	size_t n = d->resources.throttle[t].count, i = n;
	struct document_throttle *items;

	arena_push(w->arena, d->resources.throttle[t].items, d->resources.throttle[t].count, v);
	items = d->resources.throttle[t].items;
	for (; i > 0 && (items[i - 1].major > v.major ||
				(items[i - 1].major == v.major && items[i - 1].minor > v.minor));
		i--)
		items[i] = items[i - 1];
	items[i] = v;
}

void document_block_write(struct walk *w, struct document *d)
{
	struct limits *l = &d->spec.limits;

	for (size_t i = 0; i < l->io_max_count; i++)
		for (int t = 0; t < THROTTLES; t++) {
			struct document_throttle v = {l->io_max[i].major, l->io_max[i].minor,
				*io_rate(&l->io_max[i], t)};
			if (v.rate)
				throttle_put(w, d, t, v);
		}
}
