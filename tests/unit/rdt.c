#include "spec/rdt.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena arena;

#define LINES(...)                                                                                 \
	.schemata = (const char *[]){__VA_ARGS__},                                                 \
	.schemata_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)

static void writes(struct intel_rdt rdt, const char *first, const char *second)
{
	const char *got[RDT_WRITES] = {NULL, NULL};
	size_t n = rdt_writes(&rdt, &arena, got);

	cr_assert_eq(n, (size_t)(first != NULL) + (second != NULL));
	if (first)
		cr_expect_str_eq(got[0], first);
	if (second)
		cr_expect_str_eq(got[1], second);
}

Test(rdt, writes)
{
	writes((struct intel_rdt){.set = true}, NULL, NULL);
	writes((struct intel_rdt){.cache = "L3:0=f;1=f"}, "L3:0=f;1=f\n", NULL);
	writes((struct intel_rdt){.cache = "L3:0=f\n"}, "L3:0=f\n", NULL);
	writes((struct intel_rdt){.cache = "L3:0=f\n\n \nL2:0=3"}, "L3:0=f\nL2:0=3\n", NULL);
	writes((struct intel_rdt){.cache = " \n"}, NULL, NULL);
	writes((struct intel_rdt){.bandwidth = "MB:0=20"}, "MB:0=20\n", NULL);
	writes((struct intel_rdt){.cache = "L3:0=f", .bandwidth = "MB:0=20"}, "L3:0=f\nMB:0=20\n",
		NULL);
	writes((struct intel_rdt){LINES("L2:0=1", "MB:0=30")}, "L2:0=1\nMB:0=30\n", NULL);
	writes((struct intel_rdt){.cache = "L3:0=f", LINES("L3:0=3")}, "L3:0=f\n", "L3:0=3\n");
}

Test(rdt, bandwidth_among_the_lines_for_caches)
{
	writes((struct intel_rdt){.cache = "MB:0=70\nL3:0=f\n MB:1=70", .bandwidth = "MB:0=20"},
		"L3:0=f\nMB:0=20\n", NULL);
	writes((struct intel_rdt){.cache = "MB:0=70", .bandwidth = "MB:0=20"}, "MB:0=20\n", NULL);
	writes((struct intel_rdt){.cache = "MB:0=70\nL3:0=f"}, "MB:0=70\nL3:0=f\n", NULL);
}

static const char there[] = "    MB:0=100;1= 50\n    L3:0=00ff;1=07ff\nL3CODE:0=fffff\n";

static void same(const char *a, const char *b)
{
	const char *both[] = {a, b}, *other = rdt_differs(both, b ? 2 : 1, there, &arena);

	cr_expect_null(other, "%s: %s", a, other);
}

static void other(const char *a, const char *b, const char *what)
{
	const char *both[] = {a, b}, *found = rdt_differs(both, b ? 2 : 1, there, &arena);

	cr_assert_not_null(found, "%s is the same", a);
	cr_expect_str_eq(found, what);
}

Test(rdt, the_same)
{
	same("L3:0=ff\n", NULL);
	same("L3:1=7FF;0=0x00ff\n", NULL);
	same("L3 : 0 = ff ; 1=7ff;\n", NULL);
	same("L3:00=ff\nMB:1=50\n", NULL);
	same("MB:0=0100;1=50\nL3CODE:0=fffff\n", NULL);
	same("L3:0=1\n", "L3:0=ff\n");
	same("\n", NULL);
}

Test(rdt, another)
{
	other("L3:0=fe\n", NULL, "L3:0=fe");
	other("L3:0=ff;1=ff\n", NULL, "L3:1=ff");
	other("L3:0=ff0\n", NULL, "L3:0=ff0");
	other("L3:2=ff\n", NULL, "L3:2=ff");
	other("MB:0=50\n", NULL, "MB:0=50");
	other("L2:0=ff\n", NULL, "L2:0=ff");
	other("L3:0\n", NULL, "L3:0=");
	other("L3:0=\n", NULL, "L3:0=");
	other("L3:0=ff\n1=7ff\n", NULL, ":1=7ff");
	other("nonsense\n", NULL, ":nonsense=");
	other("L3:0=ff\n", "L3:0=1\n", "L3:0=1");
	other("L3CODE:0=ffff\n", NULL, "L3CODE:0=ffff");
}

Test(rdt, nothing_there)
{
	const char *one = "L3:0=f\n";

	cr_expect_str_eq(rdt_differs(&one, 1, "", &arena), "L3:0=f");
	cr_expect_null(rdt_differs(&one, 0, "", &arena));
}
