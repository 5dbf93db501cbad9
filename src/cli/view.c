#include "cli/view.h"
#include "state/status.h"

#include <string.h>

/* In docker's words. */
static const char *health_note(enum health_status health)
{
	static const char *const notes[] = {
		[HEALTH_NONE] = "",
		[HEALTH_STARTING] = " (health: starting)",
		[HEALTH_HEALTHY] = " (healthy)",
		[HEALTH_UNHEALTHY] = " (unhealthy)",
	};

	return notes[health];
}

char *view_status(const struct view *view, int64_t now_ns, char buf[STATUS_SIZE])
{
	const struct metadata *s = &view->metadata;
	char age[AGE_SIZE];

	switch (view->status) {
	case CONTAINER_CREATING:
		snprintf(buf, STATUS_SIZE, "Creating");
		break;
	case CONTAINER_CREATED:
		snprintf(buf, STATUS_SIZE, "Created");
		break;
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		if (view->elsewhere) {
			snprintf(buf, STATUS_SIZE, "Up, not by this CTR_STATE");
			break;
		}
		snprintf(buf, STATUS_SIZE, "Up %s%s%s", age_format(now_ns - s->started_ns, age),
			view->status == CONTAINER_PAUSED ? " (Paused)" : health_note(view->health),
			view->forsaken ? " (no supervisor)" : "");
		break;
	case CONTAINER_RESTARTING:
		snprintf(buf, STATUS_SIZE, "Restarting (%d) %s ago", s->exit_status,
			age_format(now_ns - s->finished_ns, age));
		break;
	case CONTAINER_EXITED:
		if (s->exit_status < 0 || !s->finished_ns)
			snprintf(buf, STATUS_SIZE, "Exited (unknown)");
		else
			snprintf(buf, STATUS_SIZE, "Exited (%d%s) %s ago", s->exit_status,
				s->error        ? ", restart failed"
				: s->oom_killed ? ", out of memory"
						: "",
				age_format(now_ns - s->finished_ns, age));
	}
	return buf;
}

const char *view_source(const struct view *view)
{
	const struct metadata *s = &view->metadata;

	return s->image ? s->image : s->rootfs ? s->rootfs : "";
}

char *view_command(const struct view *view, struct arena *a)
{
	size_t size = 1;
	char *text, *to;

	for (char **word = view->metadata.command; *word; word++)
		size += strlen(*word) + sizeof("'' ") - 1;
	text = to = arena_alloc(a, size);
	for (char **word = view->metadata.command; *word; word++) {
		const char *quote = **word && !strpbrk(*word, " \t\n'\"") ? "" : "'";

		to += sprintf(to, "%s%s%s%s", to == text ? "" : " ", quote, *word, quote);
	}
	return text;
}

json_t *json_text_or_null(const char *s)
{
	return s && *s ? json_shown(s) : json_null();
}

static json_t *json_time(int64_t ns)
{
	char buf[TIME_SIZE];

	return json_text_or_null(time_format(ns, buf));
}

static json_t *command_json(const struct metadata *s)
{
	json_t *list = json_array();

	for (char **word = s->command; *word; word++)
		json_array_append_new(list, json_shown(*word));
	return list;
}

static json_t *labels_json(const struct metadata *s)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < s->label_count; i++)
		json_object_set_new(labels, s->labels[i].key, json_string(s->labels[i].value));
	return labels;
}

json_t *view_json(const struct view *view)
{
	const struct metadata *s = &view->metadata;
	bool ended = view->status == CONTAINER_EXITED;
	bool alive = view->status == CONTAINER_RUNNING || view->status == CONTAINER_PAUSED;
	json_t *j = json_object();

	json_object_set_new(j, "name", json_string(s->name));
	json_object_set_new(j, "id", json_string(s->id));
	json_object_set_new(j, "image", json_text_or_null(s->image));
	json_object_set_new(j, "rootfs", json_text_or_null(s->rootfs));
	json_object_set_new(j, "command", command_json(s));
	json_object_set_new(j, "created", json_time(s->created_ns));
	json_object_set_new(j, "started", json_time(s->started_ns));
	json_object_set_new(j, "finished", json_time(ended ? s->finished_ns : 0));
	json_object_set_new(j, "status", json_string(container_status_name(view->status)));
	json_object_set_new(j, "healthStatus",
		view->health ? json_string(health_status_name(view->health)) : json_null());
	json_object_set_new(j, "restarts", json_integer(s->restarts));
	json_object_set_new(j, "exitStatus",
		ended && s->exit_status >= 0 ? json_integer(s->exit_status) : json_null());
	json_object_set_new(j, "oomKilled", json_boolean(s->oom_killed));
	json_object_set_new(j, "error", json_text_or_null(s->error));
	json_object_set_new(j, "pid", alive && view->pid ? json_integer(view->pid) : json_null());
	json_object_set_new(j, "remove", json_boolean(s->remove));
	json_object_set_new(j, "labels", labels_json(s));
	return j;
}
