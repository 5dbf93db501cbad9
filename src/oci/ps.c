#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/tree.h"
#include "container/engine.h"
#include "oci/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct ps_options {
	const char *format;
};

static int print_json(const pid_t *pids, size_t n, struct err *err)
{
	autojson json_t *all = json_array();
	autofree char *text = NULL;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_integer(pids[i]));
	text = json_text(all, JSON_COMPACT, err);
	if (!text)
		return -1;
	puts(text);
	return 0;
}

/* Names of processes are chosen inside. */
static void print_table(const pid_t *pids, size_t n)
{
	printf("%-10s %s\n", "PID", "COMMAND");
	for (size_t i = 0; i < n; i++) {
		char path[32], name[64];

		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pids[i]);
		if (file_peek(AT_FDCWD, path, name, sizeof(name)) <= 0)
			continue;
		for (char *p = name; *p; p++)
			if (*p < ' ' || *p > '~')
				*p = '?';
		printf("%-10d %s\n", (int)pids[i], name);
	}
}

/* Without a group only the first process is known. */
static int processes(struct container *c, pid_t **ret, size_t *ret_count, struct err *err)
{
	enum bundle_status status;

	if (bundle_status(c, &status, err) < 0)
		return -1;
	if (status != BUNDLE_STOPPED && c->group_fd >= 0)
		return cgroup_procs(c->group_fd, ret, ret_count, err);
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return err_sys(err, "list processes");
	**ret = c->record.pid;
	*ret_count = status == BUNDLE_STOPPED || status == BUNDLE_CREATING ? 0 : 1;
	return 0;
}

static int ps(struct oci *oci, void *options, char **words, struct err *err)
{
	const struct ps_options *o = options;
	autofree pid_t *pids = NULL;
	struct container c;
	size_t n = 0;
	int r;

	if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
		return err_value(err, "--format", o->format, "is neither table nor json");
	if (bundle_open(&oci->store, words[0], CLAIM_NONE, &c, err) < 0)
		return -1;
	r = processes(&c, &pids, &n, err);
	container_close(&c);
	if (r < 0)
		return -1;
	if (o->format && strcmp(o->format, "json") == 0)
		return print_json(pids, n, err);
	print_table(pids, n);
	return 0;
}

static const struct option ps_table[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct ps_options, format), "table or json"},
	{NULL},
};

const struct oci_command oci_ps = {
	.name = "ps",
	.summary = "Print the processes of a container",
	.arguments = "ID",
	.options = ps_table,
	.options_size = sizeof(struct ps_options),
	.words_min = 1,
	.words_max = 1,
	.run = ps,
};
