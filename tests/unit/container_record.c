#include "state/record.h"

#include "ns/idmap.h"

#include <criterion/criterion.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct record sample(void)
{
	struct record r = {
		.stage = STAGE_RUNNING,
		.range = 4094,
		.namespaces = CLONE_NEWUSER | CLONE_NEWPID,
		.pid = 12345,
		.start_ticks = 9876543210,
		.started_ns = 1795238098868918191,
		.remove = true,
		.supervised = true,
	};

	strcpy(r.name, "web");
	memset(r.id, 'a', 64);
	strcpy(r.boot_id, "26dfa101-4f8c-4f69-9a99-b4cf8f43510e");
	return r;
}

Test(container_record, a_group_of_its_own)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text;

	strcpy(r.cgroup, "system.slice/ctr-x.scope/container");
	text = container_record_format(&r, &err);
	cr_assert(text);
	cr_assert(container_record_parse(text, strlen(text), &back, &err) == 0, "%s", err.text);
	cr_assert_str_eq(back.cgroup, r.cgroup);
	free(text);
}

/* In which group the first process is born: that of the range, another, or none. */
Test(container_record, range_and_group)
{
	struct record r = sample();

	cr_expect(record_has_range(&r) && record_has_group(&r));
	strcpy(r.cgroup, "a/b");
	cr_expect(record_has_range(&r) && record_has_group(&r));
	r.range = IDMAP_RANGES;
	cr_expect(!record_has_range(&r) && record_has_group(&r));
	r.cgroup[0] = '\0';
	cr_expect(!record_has_range(&r) && !record_has_group(&r));
}

Test(container_record, groups_of_resctrl)
{
	struct record r = sample(), back;
	struct err err = {0};

	strcpy(r.bundle, "/b");
	for (int i = 0; i < 3; i++) {
		char *text;

		r.resources = i > 0 ? 1u << RESOURCE_RDT : 0;
		r.class_made = i > 1;
		text = container_record_format(&r, &err);
		cr_assert(text);
		cr_assert(container_record_parse(text, strlen(text), &back, &err) == 0, "%s",
			err.text);
		cr_expect(back.resources == r.resources && back.class_made == r.class_made, "%s",
			text);
		free(text);
	}
}

Test(container_record, what_starts_again)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text;

	r.stage = STAGE_RESTARTING;
	r.kept = true;
	r.restarts = 17;
	r.streak = 4;
	text = container_record_format(&r, &err);
	cr_assert(text);
	cr_assert(container_record_parse(text, strlen(text), &back, &err) == 0, "%s", err.text);
	cr_expect(back.stage == STAGE_RESTARTING && back.kept && back.restarts == 17 &&
		  back.streak == 4);
	free(text);
}

Test(container_record, comes_back_as_it_was)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text = container_record_format(&r, &err);

	cr_assert(text);
	memset(&back, 0, sizeof(back));
	cr_assert(container_record_parse(text, strlen(text), &back, &err) == 0, "%s", err.text);
	cr_assert_str_eq(back.name, r.name);
	cr_assert_str_eq(back.id, r.id);
	cr_assert_str_eq(back.boot_id, r.boot_id);
	cr_assert(back.stage == r.stage && back.range == r.range && back.pid == r.pid);
	cr_assert(back.namespaces == r.namespaces && back.start_ticks == r.start_ticks);
	cr_assert(back.started_ns == r.started_ns && back.remove && back.supervised);
	cr_assert(!back.terminal);
	free(text);
}

static void refused(const char *find, const char *put)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text = container_record_format(&r, &err), changed[2048];
	char *at = strstr(text, find);

	cr_assert(at, "%s is not in the record", find);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, put,
		at + strlen(find));
	cr_assert(container_record_parse(changed, strlen(changed), &back, &err) < 0, "taken: %s",
		changed);
	cr_assert(err.text[0]);
	free(text);
}

Test(container_record, refuses_what_it_did_not_write)
{
	refused("\"slot\":4094", "\"slot\":4096");
	refused("\"slot\":4094", "\"slot\":-1");
	refused("\"slot\":4094", "\"slot\":\"1\"");
	refused("\"pid\":12345", "\"pid\":-2");
	refused("\"pid\":12345", "\"pid\":4294967296");
	refused("\"running\"", "\"asleep\"");
	refused("\"remove\":true", "\"remove\":1");
	refused("\"remove\":true", "\"remove\":true,\"more\":1");
	refused("\"remove\":true", "\"remove\":true,\"remove\":true");
	refused("\"pid\":12345,", "");
	refused("}", "} x");
}

Test(container_record, refuses_a_name_that_does_not_fit)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text = container_record_format(&r, &err), changed[4096], name[RECORD_NAME_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(changed, sizeof(changed), "{\"name\":\"%s\"%s", name, strstr(text, ",\"id\""));
	cr_assert(container_record_parse(changed, strlen(changed), &back, &err) < 0);
	free(text);
}

Test(container_record, refuses_every_truncation)
{
	struct record r = sample(), back;
	struct err err = {0};
	char *text = container_record_format(&r, &err);

	for (size_t len = 0; len < strlen(text); len++)
		cr_assert(container_record_parse(text, len, &back, &err) < 0, "%zu bytes", len);
	free(text);
}

static struct metadata sample_summary(void)
{
	static char *command[] = {"sh", "-c", "echo \"hi\"\n", NULL};
	static const char *layers[] = {"aa", "bb"};
	static struct key_value labels[] = {{"team", "ops"}, {"empty", ""}};

	return (struct metadata){
		.name = "web",
		.id = "0123",
		.image = "debian:latest",
		.command = command,
		.layers = layers,
		.layer_count = 2,
		.labels = labels,
		.label_count = 2,
		.created_ns = 1,
		.logged = true,
		.exited = true,
		.exit_status = -1,
	};
}

Test(container_metadata, comes_back_as_it_was)
{
	struct metadata s = sample_summary(), back;
	struct err err = {0};
	char *text = metadata_format(&s, &err);

	cr_assert(metadata_parse(text, strlen(text), &back, &err) == 0, "%s", err.text);
	cr_assert_str_eq(back.image, "debian:latest");
	cr_assert(!back.rootfs);
	cr_assert_str_eq(back.command[2], "echo \"hi\"\n");
	cr_assert(!back.command[3]);
	cr_assert(back.layer_count == 2);
	cr_assert_str_eq(back.layers[1], "bb");
	cr_assert(back.label_count == 2);
	cr_assert_str_eq(back.labels[0].value, "ops");
	cr_assert(back.logged && back.exited && back.exit_status == -1);
	metadata_free(&back);
	free(text);
}

Test(container_metadata, unstarted_and_restarts)
{
	char *command[] = {"true", NULL};
	struct metadata s = {.name = "x",
				.id = "1",
				.command = command,
				.unstarted = true,
				.restarts = 9},
			back;
	struct err err = {0};
	char *text = metadata_format(&s, &err);

	cr_assert(text);
	cr_assert(metadata_parse(text, strlen(text), &back, &err) == 0, "%s", err.text);
	cr_expect(back.unstarted && back.restarts == 9);
	metadata_free(&back);
	free(text);
}

Test(container_metadata, refuses_lists_of_other_things)
{
	struct metadata s = sample_summary(), back;
	struct err err = {0};
	char *text = metadata_format(&s, &err), *at = strstr(text, "\"bb\"");

	memcpy(at, "1234", 4);
	cr_assert(metadata_parse(text, strlen(text), &back, &err) < 0);
	free(text);
}
