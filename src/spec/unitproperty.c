#include "spec/unitproperty.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { MICROSECONDS = 1000000, SHOWN = 80 };

/* "TimeoutStopSec", but not "TimeoutStopUSec". */
static bool is_seconds(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, "Sec") == 0 && strchr(LETTERS, name[len - 4]) &&
	       name[len - 4] >= 'a';
}

static const char *whole_to_microseconds(uint64_t seconds, struct variant *v)
{
	if (seconds > UINT64_MAX / MICROSECONDS)
		return "is too many seconds";
	*v = (struct variant){.type = 't', .number = seconds * MICROSECONDS};
	return NULL;
}

static const char *to_microseconds(struct variant *v)
{
	static const char negative[] = "is less than no time";
	double us;

	if (v->type == 'y' || v->type == 'q' || v->type == 'u' || v->type == 't')
		return whole_to_microseconds(v->number, v);
	if (v->type == 'n' || v->type == 'i' || v->type == 'x')
		return v->integer < 0 ? negative : whole_to_microseconds((uint64_t)v->integer, v);
	if (v->type != 'd')
		return "is not a number of seconds";
	us = v->real * MICROSECONDS + 0.5;
	if (v->real < 0)
		return negative;
	/* 2^64, which a double holds exactly. */
	if (us >= 0x1p64)
		return "is too many seconds";
	*v = (struct variant){.type = 't', .number = (uint64_t)us};
	return NULL;
}

static const char *value_check(const char *name, struct variant *v)
{
	if (strcmp(name, "Delegate") == 0 && (v->type != 'b' || !v->boolean))
		return "is not true, but the container's group is in a part that systemd leaves alone";
	return is_seconds(name) ? to_microseconds(v) : NULL;
}

static int refuse(const char *value, const char *why, struct err *err)
{
	err_set(err, "\"%.*s%s\" %s", SHOWN, value, strlen(value) > SHOWN ? "…" : "", why);
	return err_hint(err,
		"text is in quotes ('inactive-or-failed'), a number may have its type in "
		"front (uint64 5), an array is ['a', 'b']");
}

int unit_property_parse(const char *name, const char *value, struct arena *a,
	struct unit_property *ret, struct err *err)
{
	struct unit_property p = {.name = name};
	const char *why;

	if (!*name || strspn(name, LETTERS) != strlen(name))
		return err_set(err, "the name of a property has letters only, and at least one");
	why = variant_parse(value, a, &p.value);
	if (!why)
		why = value_check(name, &p.value);
	if (why)
		return refuse(value, why, err);
	if (is_seconds(name))
		p.name = arena_printf(a, "%.*sUSec", (int)strlen(name) - 3, name);
	*ret = p;
	return 0;
}
