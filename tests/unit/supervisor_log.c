#include "supervisor/lines.h"

#include "base/clock.h"
#include "base/pace.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test is a process of its own. */
static struct log log_;
static struct lines lines;
static int dir = -1;
static uint64_t now = 100 * SECOND_NS;

static void start(uint64_t max, uint64_t rate)
{
	char name[] = "/tmp/ctr-unit-XXXXXX";

	cr_assert(ne(ptr, mkdtemp(name), NULL));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(ge(int, dir, 0));
	log_start(&log_, dir, max, rate);
	lines_start(&lines, &log_);
}

static void stop(void)
{
	char name[64];
	ssize_t n;

	if (dir < 0)
		return;
	unlinkat(dir, "log", 0);
	unlinkat(dir, "log", AT_REMOVEDIR);
	unlinkat(dir, "log.1", 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", dir);
	n = readlink(name, name, sizeof(name) - 1);
	if (n > 0)
		name[n] = '\0', rmdir(name);
}

static void add(enum logfile_stream which, const char *text)
{
	lines_add(&lines, which, text, (unsigned)strlen(text), now);
}

static uint64_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 ? (uint64_t)st.st_size : 0;
}

static char *content(const char *name)
{
	static char text[1 << 18];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The records, each as "o|e F|P TEXT;"; a line that is none makes the test fail. */
static const char *records(const char *name)
{
	static char said[1 << 18];
	char *text = content(name), *p = said;

	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		struct logfile_record r;

		cr_assert(eq(int, logfile_parse(text, (size_t)(end - text), &r), 0), "%.80s", text);
		p += sprintf(p, "%c %c %.*s;", r.stream == LOGFILE_STDOUT ? 'o' : 'e',
			r.full ? 'F' : 'P', (int)r.text_len, r.text);
	}
	cr_assert(eq(int, *text, 0), "half a record: %s", text);
	*p = '\0';
	return said;
}

#define assert_log(expected)                                                                       \
	do {                                                                                       \
		const char *is_ = records("log");                                                  \
		cr_assert(eq(int, strcmp(is_, expected), 0), "%s", is_);                           \
	} while (0)

TestSuite(supervisor_log, .fini = stop);

Test(supervisor_log, is_there_before_anything_is_written)
{
	start(LOG_MAX_LEAST, 0);
	cr_assert(eq(int, faccessat(dir, "log", F_OK, 0), 0));
	assert_log("");
}

Test(supervisor_log, a_line_torn_across_reads_is_one_record)
{
	start(LOG_MAX_LEAST, 0);
	add(LOGFILE_STDOUT, "be");
	now += SECOND_NS / 2;
	lines_due(&lines, now);
	add(LOGFILE_STDOUT, "gin and");
	add(LOGFILE_STDOUT, " end\nnext");
	assert_log("o F begin and end;");
	lines_finish(&lines, now);
	assert_log("o F begin and end;o P next;");
}

Test(supervisor_log, a_piece_waits_a_second_for_its_rest)
{
	start(LOG_MAX_LEAST, 0);
	cr_assert(eq(u64, lines_deadline(&lines), NEVER));
	add(LOGFILE_STDOUT, "prompt> ");
	cr_assert(eq(u64, lines_deadline(&lines), now + SECOND_NS));
	lines_due(&lines, now + SECOND_NS - 1);
	assert_log("");
	lines_due(&lines, now + SECOND_NS);
	assert_log("o P prompt> ;");
	cr_assert(eq(u64, lines_deadline(&lines), NEVER));
	add(LOGFILE_STDOUT, "ls\n");
	assert_log("o P prompt> ;o F ls;");
}

Test(supervisor_log, two_streams_tear_no_line_of_each_other)
{
	start(LOG_MAX_LEAST, 0);
	add(LOGFILE_STDOUT, "out ");
	add(LOGFILE_STDERR, "err ");
	add(LOGFILE_STDOUT, "one\n\n");
	add(LOGFILE_STDERR, "two\n");
	assert_log("o F out one;o F ;e F err two;");
}

Test(supervisor_log, a_line_longer_than_a_record_is_logged_in_pieces)
{
	char line[LINE_BYTES + 3];

	start(LOG_MAX_LEAST, 0);
	memset(line, 'x', sizeof(line));
	line[LINE_BYTES + 1] = '\n';
	lines_add(&lines, LOGFILE_STDOUT, line, LINE_BYTES, now);
	assert_log("");
	lines_add(&lines, LOGFILE_STDOUT, line + LINE_BYTES, 2, now);
	cr_assert(eq(int, (int)strlen(records("log")), 2 * 5 + LINE_BYTES + 1));
	cr_assert(ne(ptr, strstr(records("log"), ";o F x;"), NULL));
}

Test(supervisor_log, a_line_of_just_one_record_has_no_empty_piece_behind_it)
{
	char line[LINE_BYTES + 1];

	start(LOG_MAX_LEAST, 0);
	memset(line, 'x', LINE_BYTES);
	line[LINE_BYTES] = '\n';
	lines_add(&lines, LOGFILE_STDOUT, line, sizeof(line), now);
	cr_assert(eq(int, (int)strlen(records("log")), 5 + LINE_BYTES));
}

Test(supervisor_log, rotates_between_records_and_is_twice_its_limit_at_most)
{
	char line[1001];

	start(LOG_MAX_LEAST, 0);
	memset(line, 'x', 1000);
	line[1000] = '\n';
	for (int i = 0; i < 100; i++) {
		lines_add(&lines, LOGFILE_STDOUT, line, sizeof(line), now);
		cr_assert(le(u64, size_of("log"), LOG_MAX_LEAST));
		cr_assert(le(u64, size_of("log.1"), LOG_MAX_LEAST));
	}
	records("log.1");
	records("log");
	cr_assert(gt(u64, size_of("log.1"), LOG_MAX_LEAST - 2000));
}

Test(supervisor_log, what_was_there_before_counts)
{
	static char old[LOG_MAX_LEAST - 10];
	int fd;

	start(LOG_MAX_LEAST, 0);
	fd = openat(dir, "log", O_WRONLY | O_CLOEXEC);
	cr_assert(eq(int, (int)write(fd, old, sizeof(old)), (int)sizeof(old)));
	close(fd);
	close(log_.fd);
	log_start(&log_, dir, LOG_MAX_LEAST, 0);
	add(LOGFILE_STDOUT, "new\n");
	cr_assert(eq(u64, size_of("log.1"), sizeof(old)));
	assert_log("o F new;");
}

/* What RLIMIT_FSIZE refuses is refused as by a full disk: in part, or at all. */
static void room(rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
}

Test(supervisor_log, on_a_full_disk_no_record_is_half_and_the_lost_are_told)
{
	start(LOG_MAX_LEAST, 0);
	add(LOGFILE_STDOUT, "before\n");
	room(size_of("log") + 20);
	add(LOGFILE_STDOUT, "lost\n");
	add(LOGFILE_STDERR, "lost too\nand this\n");
	assert_log("o F before;");
	cr_assert(eq(u64, log_.lost, 3));
	cr_assert(eq(u64, lines_deadline(&lines), now + SECOND_NS));
	now += SECOND_NS;
	lines_due(&lines, now);
	cr_assert(eq(u64, log_.lost, 3));
	room(RLIM_INFINITY);
	now += SECOND_NS;
	lines_due(&lines, now);
	assert_log("o F before;e F [ctr-supervisor: 3 records could not be written];");
	cr_assert(eq(u64, lines_deadline(&lines), NEVER));
	add(LOGFILE_STDOUT, "after\n");
	cr_assert(ne(ptr, strstr(records("log"), "written];o F after;"), NULL));
}

Test(supervisor_log, the_lost_are_told_in_front_of_what_is_written_next)
{
	start(LOG_MAX_LEAST, 0);
	room(20);
	add(LOGFILE_STDOUT, "lost\n");
	room(RLIM_INFINITY);
	add(LOGFILE_STDOUT, "after\n");
	assert_log("e F [ctr-supervisor: 1 records could not be written];o F after;");
}

Test(supervisor_log, that_cannot_be_made_is_made_once_that_is_possible)
{
	start(LOG_MAX_LEAST, 0);
	close(log_.fd);
	unlinkat(dir, "log", 0);
	cr_assert(eq(int, mkdirat(dir, "log", 0700), 0));
	log_start(&log_, dir, LOG_MAX_LEAST, 0);
	cr_assert(lt(int, log_.fd, 0));
	add(LOGFILE_STDOUT, "lost\n");
	unlinkat(dir, "log", AT_REMOVEDIR);
	lines_finish(&lines, now);
	assert_log("e F [ctr-supervisor: 1 records could not be written];");
}

/* n lines of 10 bytes each. */
static void flood(enum logfile_stream which, int n)
{
	char line[16];

	for (int i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%09d\n", i);
		add(which, line);
	}
}

Test(supervisor_log, above_its_rate_the_last_lines_are_logged_behind_how_many_are_not)
{
	const char *said;
	uint64_t bytes = 0, quiet_at;

	start(1 << 20, 1 << 16);
	while (!log_is_quiet(&log_, now) && bytes < 1 << 22) {
		flood(LOGFILE_STDOUT, 1);
		bytes += 10;
	}
	quiet_at = size_of("log") + size_of("log.1");
	/* Once as much as one log file holds, and a second's share. */
	cr_assert(ge(u64, quiet_at, 1 << 20));
	cr_assert(le(u64, quiet_at, (1 << 20) + (1 << 16) + 100));
	flood(LOGFILE_STDOUT, 10000);
	cr_assert(eq(u64, size_of("log") + size_of("log.1"), quiet_at));
	now = lines_deadline(&lines);
	lines_due(&lines, now);
	said = records("log");
	cr_assert(ne(ptr, strstr(said, " bytes above --log-rate are not here];o F "), NULL));
	cr_assert(ne(ptr, strstr(said, "o F 000009999;"), NULL));
	cr_assert(eq(u64, log_.skipped, 0));
}

Test(supervisor_log, every_byte_above_the_rate_is_logged_or_counted)
{
	uint64_t skipped;
	char *told, *p;
	int kept = 0;

	start(1 << 17, 1 << 17);
	log_.quiet_until = log_.tell_at = now + SECOND_NS;
	flood(LOGFILE_STDOUT, 5000);
	now += SECOND_NS;
	lines_due(&lines, now);
	records("log");
	told = strstr(content("log"), "[ctr-supervisor: ");
	cr_assert(ne(ptr, told, NULL));
	skipped = strtoull(told + strlen("[ctr-supervisor: "), NULL, 10);
	for (p = told; (p = strstr(p, " stdout F ")); p++)
		kept++;
	cr_assert(gt(int, kept, 100));
	cr_assert(eq(u64, skipped + 10 * (uint64_t)kept, 50000));
}

Test(supervisor_log, without_a_rate_nothing_is_too_fast)
{
	start(1 << 20, 0);
	flood(LOGFILE_STDOUT, 20000);
	log_pause(&log_, now + 10 * SECOND_NS, now);
	cr_assert(not(log_is_quiet(&log_, now)));
	cr_assert(eq(u64, log_.skipped, 0));
}

Test(supervisor_log, of_what_came_too_fast_the_older_stream_is_first)
{
	start(1 << 17, 1 << 17);
	log_.quiet_until = log_.tell_at = now + SECOND_NS;
	add(LOGFILE_STDERR, "first\n");
	usleep(1000);
	add(LOGFILE_STDOUT, "second\n");
	now += SECOND_NS;
	lines_due(&lines, now);
	assert_log("e F first;o F second;");
}

Test(supervisor_log, bytes_nobody_looked_at_are_counted_and_the_line_they_end_in_is_not_logged)
{
	start(1 << 17, 1 << 17);
	add(LOGFILE_STDOUT, "held");
	lines_skip(&lines, LOGFILE_STDOUT, 1000);
	add(LOGFILE_STDOUT, "rest of one\nwhole\n");
	assert_log("e F [ctr-supervisor: 1016 bytes above --log-rate are not here];o F whole;");
}

Test(supervisor_log, half_a_record_of_who_was_killed_is_removed)
{
	start(LOG_MAX_LEAST, 0);
	add(LOGFILE_STDOUT, "whole\npie");
	cr_assert(eq(int, (int)write(log_.fd, "2026-11-2", 9), 9));
	lines_recover(&lines);
	add(LOGFILE_STDOUT, "ce\n");
	assert_log("o F whole;o F ce;");
}

Test(supervisor_log, without_a_directory_there_is_none)
{
	log_start(&log_, -1, 0, 0);
	lines_start(&lines, &log_);
	add(LOGFILE_STDOUT, "text\n");
	lines_finish(&lines, now);
	cr_assert(eq(u64, lines_deadline(&lines), NEVER));
}
