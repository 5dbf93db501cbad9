/*
 * Times commands against each other: the rounds are interleaved, so that whatever else the
 * machine does meanwhile falls on all of them alike.
 *
 *   timer [-n ROUNDS] [-w WARMUP] [-p PAUSE_MS] [-c COUNT] [-j JOBS] [-o FILE] [-t TITLE] [-q]
 *         -- NAME ARGV... [-- NAME ARGV...]...
 *
 * One sample is COUNT starts of a command, JOBS at a time, each waited for; its CPU time is
 * that of the command and of all that was waited for below it. "@@" within an argument
 * becomes a number that no other start has. A command that fails ends the measurement.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ROWS_MAX = 16, ARGS_MAX = 64 };

struct row {
	const char *name;
	char **argv;
	int argc;
	uint64_t *samples_ns, *cpu_us;
	uint64_t used_us; /* by what has been waited for, of the sample under way */
	long peak_kb;
};

struct options {
	int rounds, warmup, pause_ms, count, jobs;
	const char *json, *title;
	bool quiet; /* their standard output goes nowhere */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	if (ms)
		nanosleep(&t, NULL);
}

/* Fills argv with the row's words, "@@" replaced by number. Buffers last until the next
 * call. */
static void row_argv(const struct row *row, unsigned number, char *argv[ARGS_MAX + 1])
{
	static char words[ARGS_MAX][256];

	for (int i = 0; i < row->argc; i++) {
		const char *mark = strstr(row->argv[i], "@@");

		argv[i] = row->argv[i];
		if (!mark)
			continue;
		snprintf(words[i], sizeof(words[i]), "%.*s%u%s", (int)(mark - row->argv[i]),
			row->argv[i], number, mark + 2);
		argv[i] = words[i];
	}
	argv[row->argc] = NULL;
}

static void row_start(const struct row *row, bool quiet)
{
	static unsigned number;
	posix_spawn_file_actions_t actions;
	char *argv[ARGS_MAX + 1];
	pid_t pid;
	int r;

	row_argv(row, ++number, argv);
	posix_spawn_file_actions_init(&actions);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		errx(1, "%s: start %s: %s", row->name, argv[0], strerror(r));
}

static uint64_t usage_us(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static void row_wait(struct row *row)
{
	struct rusage usage;
	int status;

	while (wait4(-1, &status, 0, &usage) < 0)
		if (errno != EINTR)
			err(1, "wait");
	if (status)
		errx(1, "%s: failed with status 0x%x", row->name, (unsigned)status);
	row->used_us += usage_us(&usage);
	if (usage.ru_maxrss > row->peak_kb)
		row->peak_kb = usage.ru_maxrss;
}

static uint64_t row_sample(struct row *row, const struct options *o)
{
	uint64_t begin = now_ns();
	int started = 0, ended = 0;

	row->used_us = 0;
	while (ended < o->count) {
		for (; started < o->count && started - ended < o->jobs; started++)
			row_start(row, o->quiet);
		row_wait(row);
		ended++;
	}
	return now_ns() - begin;
}

/* Each round starts at another row: none is always the one after the slowest. */
static void measure(struct row *rows, int count, const struct options *o)
{
	for (int round = -o->warmup; round < o->rounds; round++)
		for (int i = 0; i < count; i++) {
			struct row *row = &rows[(i + round + o->warmup) % count];
			uint64_t ns;

			pause_ms(o->pause_ms);
			ns = row_sample(row, o);
			if (round < 0)
				continue;
			row->samples_ns[round] = ns;
			row->cpu_us[round] = row->used_us;
		}
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double row_us(const struct row *row, const struct options *o, int percent)
{
	return (double)row->samples_ns[(o->rounds - 1) * percent / 100] / 1000;
}

static double row_cpu_us(const struct row *row, const struct options *o)
{
	return (double)row->cpu_us[(o->rounds - 1) / 2];
}

static void print_table(const struct row *rows, int count, const struct options *o)
{
	printf("%s\n%-12s %10s %10s %10s %9s %9s %10s\n", o->title, "", "median us", "p90 us",
		"min us", "peak kB", "ratio", "cpu us");
	for (int i = 0; i < count; i++)
		printf("%-12s %10.0f %10.0f %10.0f %9ld %9.2f %10.0f\n", rows[i].name,
			row_us(&rows[i], o, 50), row_us(&rows[i], o, 90), row_us(&rows[i], o, 0),
			rows[i].peak_kb, row_us(&rows[i], o, 50) / row_us(&rows[0], o, 50),
			row_cpu_us(&rows[i], o));
	printf("\n");
}

static void write_json(const struct row *rows, int count, const struct options *o)
{
	FILE *f = fopen(o->json, "we");

	if (!f)
		err(1, "%s", o->json);
	fprintf(f,
		"{\"title\":\"%s\",\"rounds\":%d,\"pause_ms\":%d,\"starts\":%d,\"jobs\":%d,"
		"\"rows\":{",
		o->title, o->rounds, o->pause_ms, o->count, o->jobs);
	for (int i = 0; i < count; i++)
		fprintf(f,
			"%s\"%s\":{\"median_us\":%.1f,\"p90_us\":%.1f,\"min_us\":%.1f,"
			"\"peak_kb\":%ld,\"cpu_us\":%.0f}",
			i ? "," : "", rows[i].name, row_us(&rows[i], o, 50),
			row_us(&rows[i], o, 90), row_us(&rows[i], o, 0), rows[i].peak_kb,
			row_cpu_us(&rows[i], o));
	fprintf(f, "}}\n");
	if (fclose(f))
		err(1, "%s", o->json);
}

/* Cuts what follows the options at "--" into rows. Returns how many. */
static int parse_rows(int argc, char **argv, struct row rows[ROWS_MAX], int rounds)
{
	int count = 0;

	for (int i = 0; i < argc; i++) {
		struct row *row = &rows[count];

		if (count == ROWS_MAX)
			errx(2, "more than %d commands", ROWS_MAX);
		row->name = argv[i++];
		row->argv = argv + i;
		for (; i < argc && strcmp(argv[i], "--"); i++)
			row->argc++;
		if (!row->argc || row->argc > ARGS_MAX)
			errx(2, "%s: needs 1 to %d words", row->name, ARGS_MAX);
		row->samples_ns = calloc((size_t)rounds, sizeof(uint64_t));
		row->cpu_us = calloc((size_t)rounds, sizeof(uint64_t));
		if (!row->samples_ns || !row->cpu_us)
			err(1, "allocate");
		count++;
	}
	return count;
}

static int parse_count(const char *s, char option, long least)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*end || n < least || n > 1000000)
		errx(2, "-%c %s: not a number from %ld to 1000000", option, s, least);
	return (int)n;
}

static struct options parse_options(int argc, char **argv)
{
	struct options o = {.rounds = 50, .warmup = 3, .count = 1, .jobs = 1, .title = ""};

	for (int c; (c = getopt(argc, argv, "+n:w:p:c:j:o:t:q")) != -1;)
		switch (c) {
		case 'n':
			o.rounds = parse_count(optarg, 'n', 1);
			break;
		case 'w':
			o.warmup = parse_count(optarg, 'w', 0);
			break;
		case 'p':
			o.pause_ms = parse_count(optarg, 'p', 0);
			break;
		case 'c':
			o.count = parse_count(optarg, 'c', 1);
			break;
		case 'j':
			o.jobs = parse_count(optarg, 'j', 1);
			break;
		case 'o':
			o.json = optarg;
			break;
		case 't':
			o.title = optarg;
			break;
		case 'q':
			o.quiet = true;
			break;
		default:
			exit(2);
		}
	return o;
}

int main(int argc, char **argv)
{
	struct row rows[ROWS_MAX] = {0};
	struct options o = parse_options(argc, argv);
	int count = parse_rows(argc - optind, argv + optind, rows, o.rounds);

	if (!count)
		errx(2, "usage: timer [options] -- NAME ARGV... [-- NAME ARGV...]...");
	measure(rows, count, &o);
	for (int i = 0; i < count; i++) {
		qsort(rows[i].samples_ns, (size_t)o.rounds, sizeof(uint64_t), compare_u64);
		qsort(rows[i].cpu_us, (size_t)o.rounds, sizeof(uint64_t), compare_u64);
	}
	print_table(rows, count, &o);
	if (o.json)
		write_json(rows, count, &o);
	return 0;
}
