#include "cli/dockernames.h"

#include "cli/dockernetwork.h"

#include <stdio.h>
#include <string.h>

static json_t *get(const json_t *j, const char *key)
{
	return json_object_get(j, key);
}

static void put(json_t *j, const char *key, json_t *value)
{
	json_object_set(j, key, value ? value : json_null());
}

/* There a number is 0 where nothing is known. */
static void put_number(json_t *j, const char *key, const json_t *value)
{
	json_object_set_new(j, key, json_integer(json_integer_value(value)));
}

static bool has_status(const json_t *j, const char *status)
{
	const char *s = json_string_value(get(j, "status"));

	return s && strcmp(s, status) == 0;
}

/* What is paused runs, to docker. */
static json_t *state(const json_t *j)
{
	bool paused = has_status(j, "paused");
	json_t *to = json_object();

	put(to, "Status", get(j, "status"));
	json_object_set_new(to, "Running", json_boolean(paused || has_status(j, "running")));
	json_object_set_new(to, "Paused", json_boolean(paused));
	json_object_set_new(to, "Restarting", json_boolean(has_status(j, "restarting")));
	put(to, "OOMKilled", get(j, "oomKilled"));
	put_number(to, "Pid", get(j, "pid"));
	put_number(to, "ExitCode", get(j, "exitStatus"));
	put(to, "StartedAt", get(j, "started"));
	put(to, "FinishedAt", get(j, "finished"));
	return to;
}

static json_t *config(const json_t *j)
{
	const json_t *config = get(j, "config"), *process = get(config, "process");
	json_t *to = json_object();

	put(to, "Image", get(j, "image"));
	put(to, "Cmd", get(j, "command"));
	put(to, "Labels", get(j, "labels"));
	put(to, "Hostname", get(config, "hostname"));
	put(to, "Env", get(process, "env"));
	put(to, "WorkingDir", get(process, "cwd"));
	json_object_set_new(to, "Tty", json_boolean(json_is_true(get(process, "terminal"))));
	return to;
}

static json_t *host_config(const json_t *j)
{
	json_t *to = json_object();

	put(to, "AutoRemove", get(j, "remove"));
	put_number(to, "Memory", get(get(j, "limits"), "memory"));
	put_number(to, "PidsLimit", get(get(j, "limits"), "pids"));
	return to;
}

bool docker_asks(const char *template, const char *word)
{
	char path[32];

	snprintf(path, sizeof(path), ".%s", word);
	return strstr(template, path);
}

void docker_names_inspect(json_t *j, const char *template)
{
	static const struct {
		const char *name;
		json_t *(*make)(const json_t *j);
	} groups[] = {{"State", state}, {"Config", config}, {"HostConfig", host_config},
		{"NetworkSettings", docker_network_settings}};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (docker_asks(template, groups[i].name))
			json_object_set_new(j, groups[i].name, groups[i].make(j));
	if (docker_asks(template, "RestartCount"))
		put_number(j, "RestartCount", get(j, "restarts"));
}

void docker_names_ps(json_t *j, const char *template)
{
	static const char *const names[][2] = {{"Names", "name"}, {"State", "status"},
		{"CreatedAt", "created"}, {"Ports", "ports"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (docker_asks(template, names[i][0]))
			put(j, names[i][0], get(j, names[i][1]));
}
