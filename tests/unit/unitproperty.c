#include "spec/unitproperty.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena arena;
static struct err err;

static void microseconds(const char *name, const char *value, uint64_t us)
{
	struct unit_property p;

	cr_assert(unit_property_parse(name, value, &arena, &p, &err) == 0, "%s: %s", value,
		err.text);
	cr_assert_str_eq(p.name, "TimeoutStopUSec");
	cr_assert(p.value.type == 't' && p.value.number == us, "%s: %llu", value,
		(unsigned long long)p.value.number);
}

static void refused(const char *name, const char *value, const char *why)
{
	struct unit_property p = {.name = "untouched"};

	cr_assert(unit_property_parse(name, value, &arena, &p, &err) < 0, "%s", value);
	cr_assert(strstr(err.text, why), "%s", err.text);
	cr_assert_str_eq(p.name, "untouched");
}

Test(unitproperty, names)
{
	static const char *const bad[] = {"", "A b", "A1", "A_B", "A-B", "A=b", "Ä", ".A"};
	struct unit_property p;

	cr_assert(unit_property_parse("CollectMode", "'inactive'", &arena, &p, &err) == 0);
	cr_assert_str_eq(p.name, "CollectMode");
	cr_assert_str_eq(p.value.text, "inactive");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], "1", "letters only");
}

Test(unitproperty, seconds)
{
	static const char name[] = "TimeoutStopSec";

	microseconds("TimeoutStopUSec", "uint64 5", 5);
	microseconds(name, "5", 5000000);
	microseconds(name, "byte 5", 5000000);
	microseconds(name, "int64 5", 5000000);
	microseconds(name, "uint64 18446744073709", 18446744073709000000U);
	microseconds(name, "1.5", 1500000);
	microseconds(name, "0.29", 290000);
	microseconds(name, "0.000001", 1);
	microseconds(name, "0", 0);
	microseconds(name, "1.8e13", 18000000000000000000U);
	refused(name, "uint64 18446744073710", "too many");
	refused(name, "1.9e13", "too many");
	refused(name, "1e300", "too many");
	refused(name, "-1", "less than no time");
	refused(name, "-0.5", "less than no time");
	refused(name, "'5'", "not a number of seconds");
	refused(name, "true", "not a number of seconds");
}

Test(unitproperty, what_is_not_seconds)
{
	static const char *const names[] = {"Sec", "USec", "TimeoutStopUSec", "Secs"};
	struct unit_property p;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_assert(unit_property_parse(names[i], "5", &arena, &p, &err) == 0);
		cr_assert_str_eq(p.name, names[i]);
		cr_assert(p.value.type == 'i' && p.value.integer == 5);
	}
}

Test(unitproperty, values)
{
	char value[1000];
	struct unit_property p;

	refused("CollectMode", "inactive", "\"inactive\" is not in GVariant's text format");
	cr_assert(strstr(err.hint, "'inactive-or-failed'"));
	cr_assert(unit_property_parse("Delegate", "true", &arena, &p, &err) == 0);
	refused("Delegate", "false", "is not true");
	refused("Delegate", "@as []", "is not true");
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	refused("CollectMode", value, "…\" is not in");
}
