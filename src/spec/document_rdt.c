#include "spec/document.h"

#include "spec/rdt.h"

#include <string.h>

static const char *class_check(const char *s)
{
	return rdt_class_fits(s) ? NULL : "\"/\" or the name of a group of resctrl";
}

/* No control characters but those that are allowed. */
static bool is_plain(const char *s, const char *allowed)
{
	for (; *s; s++)
		if (((unsigned char)*s < ' ' || *s == 0x7f) && !strchr(allowed, *s))
			return false;
	return true;
}

static const char *cache_check(const char *s)
{
	return is_plain(s, "\n") ? NULL : "lines of a schemata file";
}

static const char *bandwidth_check(const char *s)
{
	return strncmp(s, "MB:", 3) == 0 && is_plain(s, "") ? NULL
							    : "one line that begins with MB:";
}

static const char *line_check(const char *s)
{
	return *s && is_plain(s, "") ? NULL : "one line of a schemata file";
}

const struct field document_rdt_fields[] = {
	{"closID", FIELD_STRING, 0, AT(document, spec.intel_rdt.class), .check = class_check},
	{"schemata", FIELD_STRINGS, 0, AT(document, spec.intel_rdt.schemata),
		N(document, spec.intel_rdt.schemata_count), .check = line_check},
	{"l3CacheSchema", FIELD_STRING, FIELD_FILLED, AT(document, spec.intel_rdt.cache),
		.check = cache_check},
	{"memBwSchema", FIELD_STRING, FIELD_FILLED, AT(document, spec.intel_rdt.bandwidth),
		.check = bandwidth_check},
	{"enableMonitoring", FIELD_BOOL, 0, AT(document, spec.intel_rdt.monitored)},
	/* Members of the versions 1.1 and 1.2 of the specification. resctrl measures all that it can, or
	 * nothing. */
	{"enableCMT", FIELD_BOOL, 0, AT(document, rdt_occupancy)},
	{"enableMBM", FIELD_BOOL, 0, AT(document, rdt_traffic)},
	{NULL},
};

static size_t length(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

int document_rdt_read(struct walk *w, struct document *d)
{
	struct intel_rdt *rdt = &d->spec.intel_rdt;
	size_t here = walk_enter(w, "linux.intelRdt", 0), len = 0;

	for (size_t i = 0; i < rdt->schemata_count; i++)
		len += length(rdt->schemata[i]);
	if (len > RDT_WRITE_MAX || length(rdt->cache) + length(rdt->bandwidth) > RDT_WRITE_MAX)
		return walk_fail(w, "has more than the %d bytes of lines that the kernel takes",
			RDT_WRITE_MAX);
	rdt->monitored = rdt->monitored || d->rdt_occupancy || d->rdt_traffic;
	walk_leave(w, here);
	return 0;
}
