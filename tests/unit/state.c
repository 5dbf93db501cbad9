#include "spec/state.h"

#include "base/fd.h"

#include <criterion/criterion.h>
#include <string.h>

Test(state, everything_in_order)
{
	struct key_value annotations[] = {{"a", "1"}, {"io.x/y", ""}};
	const struct oci_state s = {
		.version = "1.2.0",
		.id = "c",
		.bundle = "/b",
		.status = "running",
		.pid = 42,
		.annotations = annotations,
		.annotation_count = 2,
		.rootfs = "/b/rootfs",
		.created_ns = 1767323045000000001,
		.owner = "",
	};
	struct err err = {0};
	autofree char *text = oci_state_format(&s, STATE_COMPACT, &err);

	cr_assert_not_null(text, "%s", err.text);
	cr_expect_str_eq(text,
		"{\"ociVersion\":\"1.2.0\",\"id\":\"c\",\"pid\":42,\"status\":\"running\","
		"\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"created\":"
		"\"2026-01-02T03:04:05.000000001Z\",\"owner\":\"\",\"annotations\":"
		"{\"a\":\"1\",\"io.x/y\":\"\"}}");
}

Test(state, pid_is_there_when_there_is_none)
{
	const struct oci_state s = {.version = "1.0.2",
		.id = "c",
		.bundle = "/b",
		.status = "stopped"};
	struct err err = {0};
	autofree char *text = oci_state_format(&s, STATE_INDENTED, &err);

	cr_assert_not_null(text, "%s", err.text);
	cr_expect(strstr(text, "\"pid\": 0"), "%s", text);
	cr_expect(!strstr(text, "rootfs") && !strstr(text, "owner") && !strstr(text, "created"));
}

Test(state, text_that_json_cannot_hold)
{
	struct key_value bad = {"k", "\xff"};
	struct oci_state s = {.version = "1.0.2",
		.id = "c",
		.bundle = "/\xff",
		.status = "created"};
	struct err err = {0};

	cr_expect_null(oci_state_format(&s, STATE_COMPACT, &err));
	s.bundle = "/b";
	s.annotations = &bad;
	s.annotation_count = 1;
	cr_expect_null(oci_state_format(&s, STATE_COMPACT, &err));
	cr_expect(strstr(err.text, "state of c"), "%s", err.text);
}
