#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/program.h"
#include "cgroup/tree.h"
#include "container/engine.h"
#include "container/processes.h"
#include "oci/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_PS = 127 };

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

static _Noreturn void become_ps(char **words, int out)
{
	static char name[] = "ps", all[] = "-ef", *usual[] = {name, all, NULL};

	words[0] = name;
	program_reset_signals();
	if (dup2(out, STDOUT_FILENO) >= 0)
		execvp(name, words[1] ? words : usual);
	_exit(NO_PS);
}

/* Which word of the line is that; -1: none. */
static int find_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (int i = 0; *(line += strspn(line, " \t\n")); i++) {
		size_t n = strcspn(line, " \t\n");

		if (n == len && memcmp(line, word, n) == 0)
			return i;
		line += n;
	}
	return -1;
}

static pid_t pid_of(const char *line, int column)
{
	for (int i = 0; i < column; i++) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t");
	}
	return (pid_t)strtol(line, NULL, 10);
}

/* The head, and the lines of the container's processes. */
static int filter(FILE *from, const pid_t *pids, size_t n, struct err *err)
{
	autofree char *line = NULL;
	size_t size = 0;
	int column;

	/* No first line: ps(1) has said why, or there is no ps. */
	if (getline(&line, &size, from) < 0)
		return 0;
	column = find_word(line, "PID");
	if (column < 0)
		return err_set(err, "there is no column PID in what ps prints");
	fputs(line, stdout);
	while (getline(&line, &size, from) > 0)
		if (cgroup_procs_have(pids, n, pid_of(line, column)))
			fputs(line, stdout);
	return 0;
}

/* ps(1) of the host, which knows all that one may want to see. Its exit status, or -1. */
static int run_ps(char **words, const pid_t *pids, size_t n, struct err *err)
{
	int p[2], status = 0, r;
	FILE *from;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe to ps");
	pid = fork();
	if (pid == 0)
		become_ps(words, p[1]);
	close(p[1]);
	from = pid < 0 ? NULL : fdopen(p[0], "r");
	r = from ? filter(from, pids, n, err) : err_sys(err, "run ps");
	if (from)
		fclose(from);
	else
		close(p[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : NO_PS;
}

static int print_processes(char **words, const pid_t *pids, size_t n, struct err *err)
{
	int status = run_ps(words, pids, n, err);

	if (status < 0)
		return -1;
	if (status == NO_PS && !words[1])
		print_table(pids, n);
	else if (status == NO_PS)
		return err_set(err, "this host has no ps(1), which knows such options");
	else if (status != 0)
		return err_set(err, "ps ended with status %d", status);
	return 0;
}

/* Behind the id, where other options are those of ps. */
static void take_format(char **words, struct ps_options *o)
{
	for (; words[1]; words++) {
		const bool joined = strncmp(words[1], "--format=", 9) == 0;
		const char *value = joined ? words[1] + 9 : words[2];
		char **rest = words + (joined ? 2 : 3);

		if ((!joined && strcmp(words[1], "--format") != 0) || !value ||
			(strcmp(value, "json") != 0 && strcmp(value, "table") != 0))
			continue;
		o->format = value;
		while ((words[1] = *rest++))
			words++;
		return;
	}
}

static int ps(struct oci *oci, void *options, char **words, struct err *err)
{
	struct ps_options *o = options;
	autofree pid_t *pids = NULL;
	enum container_status status;
	struct container c;
	size_t n = 0;
	int r;

	take_format(words, o);
	if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
		return err_value(err, "--format", o->format, "is neither table nor json");
	if (bundle_open(&oci->store, words[0], NAMELOCK_NONE, &c, err) < 0)
		return -1;
	r = container_status(&c, &status, err) < 0 ? -1 : container_pids(&c, &pids, &n, err);
	container_close(&c);
	if (r < 0)
		return -1;
	if (o->format && strcmp(o->format, "json") == 0)
		return print_json(pids, n, err);
	return print_processes(words, pids, n, err);
}

static const struct flag ps_table[] = {
	{"format", 'f', "VALUE", "table or json", FLAG_TEXT(ps_options, format)},
	{NULL},
};

const struct oci_command oci_ps = {
	.name = "ps",
	.summary = "Print the processes of a container",
	.arguments = "ID [PS-OPTION…]",
	.options = ps_table,
	.options_size = sizeof(struct ps_options),
	.words_min = 1,
	.words_max = INT32_MAX,
	.run = ps,
};
