#include "cli/view.h"
#include "state/status.h"

#include <criterion/criterion.h>

#define SECOND 1000000000LL

static const int64_t now = 1700000000 * SECOND;

static void status(const struct view *view, const char *want)
{
	char buf[STATUS_SIZE];

	cr_assert_str_eq(view_status(view, now, buf), want);
}

Test(view, status_as_people_read_it)
{
	struct view v = {.status = CONTAINER_RUNNING, .metadata.started_ns = now - 180 * SECOND};

	status(&v, "Up 3 minutes");
	v.status = CONTAINER_PAUSED;
	status(&v, "Up 3 minutes (Paused)");
	v.status = CONTAINER_CREATING;
	status(&v, "Creating");
	v.status = CONTAINER_EXITED;
	v.metadata.exited = true;
	v.metadata.exit_status = 137;
	v.metadata.finished_ns = now - 7200 * SECOND;
	status(&v, "Exited (137) 2 hours ago");
	v.metadata.oom_killed = true;
	status(&v, "Exited (137, out of memory) 2 hours ago");
	v.metadata.exit_status = -1;
	status(&v, "Exited (unknown)");
}

Test(view, command_in_one_line)
{
	char *words[] = {"sh", "-c", "echo a  b", "", "it's", "plain", NULL};
	const struct view v = {.metadata.command = words};
	struct arena a = {0};

	cr_assert_str_eq(view_command(&v, &a), "sh -c 'echo a  b' '' 'it's' plain");
	arena_free(&a);
}

Test(view, json_has_every_member)
{
	static const char *const keys[] = {"name", "id", "image", "rootfs", "command", "created",
		"started", "finished", "status", "restarts", "exitStatus", "oomKilled", "pid",
		"error", "remove", "labels", "healthStatus"};
	char *words[] = {"true", NULL};
	const struct view v = {
		.status = CONTAINER_RUNNING,
		.metadata = {.name = "n",
			.id = "i",
			.command = words,
			.created_ns = 1,
			.exit_status = 3},
		.pid = 42,
	};
	json_t *j = view_json(&v);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cr_assert(json_object_get(j, keys[i]), "%s", keys[i]);
	cr_assert_eq(json_object_size(j), sizeof(keys) / sizeof(keys[0]));
	cr_assert_eq(json_integer_value(json_object_get(j, "pid")), 42);
	cr_assert(json_is_null(json_object_get(j, "exitStatus")), "of a running container");
	cr_assert(json_is_null(json_object_get(j, "finished")));
	json_decref(j);
}
