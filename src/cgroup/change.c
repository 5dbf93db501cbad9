#include "cgroup/change.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

enum { TEXT_MAX = 32768 };

/* What a line for a device is where there is none. */
static const struct {
	const char *file, *value;
} unset[] = {
	{"io.max", "rbps=max wbps=max riops=max wiops=max"},
	{"io.latency", "target=0"},
	{"io.weight", "default"},
	{"rdma.max", "hca_handle=max hca_object=max"},
	{"misc.max", "max"},
	{"dmem.max", "max"},
};

/* The line that begins with the first word of value. */
static const char *line_of(const char *text, const char *value, size_t *ret_len)
{
	size_t word = strcspn(value, " ");

	for (; *text; text += *ret_len + (text[*ret_len] == '\n')) {
		*ret_len = strcspn(text, "\n");
		if (*ret_len > word && strncmp(text, value, word) == 0 && text[word] == ' ')
			return text;
	}
	return NULL;
}

const char *cgroup_change_back(struct arena *a, const char *file, const char *text,
	const char *value)
{
	const char *line;
	size_t len;

	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++) {
		if (strcmp(file, unset[i].file) != 0)
			continue;
		line = line_of(text, value, &len);
		return line ? arena_strndup(a, line, len)
			    : arena_printf(a, "%.*s %s", (int)strcspn(value, " "), value,
				      unset[i].value);
	}
	/* An empty cpuset is written as a newline. */
	len = strcspn(text, "\n");
	return len ? arena_strndup(a, text, len) : "\n";
}

/* A file that the group gets with the controller has then what the kernel gives to all. */
static void note(int group_fd, const struct cgroup_write *w, struct cgroup_change *c)
{
	char text[TEXT_MAX];
	struct key_value kv = {.key = arena_strdup(&c->arena, w->file)};

	if (file_peek(group_fd, w->file, text, sizeof(text)) >= 0)
		kv.value = cgroup_change_back(&c->arena, w->file, text, w->value);
	else if (strncmp(w->file, "cpuset.", 7) == 0)
		kv.value = "\n";
	else if (strstr(w->file, ".max") && strcmp(w->file, "cpu.max.burst") != 0)
		kv.value = cgroup_change_back(&c->arena, w->file, "max", w->value);
	if (kv.value)
		arena_push(&c->arena, c->before, c->count, kv);
}

void cgroup_change_undo(int group_fd, const struct cgroup_change *change)
{
	for (size_t i = change->count; i > 0; i--) {
		const struct key_value *kv = &change->before[i - 1];

		if (cgroup_value_write(group_fd, kv->key, kv->value) < 0 && errno != ENOENT)
			warn("%s is not as it was: %s", kv->key, strerror(errno));
	}
}

int cgroup_change(int hierarchy_fd, int group_fd, struct cgroup_plan *plan,
	struct cgroup_change *ret, struct err *err)
{
	struct cgroup_change c = {.count = 0};
	size_t noted;

	cgroup_order(group_fd, plan);
	for (size_t i = 0; i < plan->count; i++) {
		struct cgroup_write *w = &plan->writes[i];

		if (!w->flag)
			continue;
		noted = c.count;
		note(group_fd, w, &c);
		if (cgroup_write_apply(w, hierarchy_fd, group_fd, err) < 0) {
			/* That one is as it was. */
			c.count = noted;
			cgroup_change_undo(group_fd, &c);
			cgroup_change_free(&c);
			return -1;
		}
	}
	*ret = c;
	return 0;
}

void cgroup_change_free(struct cgroup_change *change)
{
	arena_free(&change->arena);
}
