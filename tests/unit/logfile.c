#include "console/logfile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define T1 "2024-02-29T12:00:00.000000001Z"
#define T2 "2024-02-29T12:00:01Z"
#define S1 UINT64_C(1709208000)
#define NS UINT64_C(1000000000)

static struct err err;
static char dir[] = "/tmp/logfile.XXXXXX";
static int dirfd_, out[2];

static uint64_t time_of(const char *s)
{
	uint64_t ns = 0;

	cr_assert(zero(int, logfile_parse_time(s, strlen(s), &ns)), "%s", s);
	return ns;
}

static bool time_bad(const char *s)
{
	uint64_t ns;

	return logfile_parse_time(s, strlen(s), &ns) < 0;
}

Test(logfile, times)
{
	cr_expect(eq(u64, time_of("1970-01-01T00:00:00Z"), 0));
	cr_expect(eq(u64, time_of(T1), S1 * NS + 1));
	cr_expect(eq(u64, time_of("2024-02-29T13:30:00.5+01:30"), S1 * NS + NS / 2));
	cr_expect(eq(u64, time_of("2024-02-29T09:00:00-03:00"), S1 * NS));
	cr_expect(eq(u64, time_of("2100-03-01T00:00:00Z"), UINT64_C(4107542400) * NS));
}

Test(logfile, bad_times)
{
	static const char *const bad[] = {"", "2024-02-29", "2023-02-29T12:00:00Z",
		"2024-02-29T12:00:00", "2024-02-29T24:00:00Z", "2024-13-01T00:00:00Z",
		"2024-02-29T12:00:00.Z", "2024-02-29T12:00:00.0000000001Z", "2024-02-29 12:00:00Z",
		"2024-02-29T12:00:00Zx", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01",
		"+024-02-29T12:00:00Z"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(time_bad(bad[i]), "%s", bad[i]);
}

Test(logfile, record)
{
	static const char line[] = T1 " stderr P  a\0b";
	struct logfile_record r;

	cr_assert(zero(int, logfile_parse(line, sizeof(line) - 1, &r)));
	cr_expect(eq(int, r.stream, LOGFILE_STDERR));
	cr_expect(eq(int, r.full, false));
	cr_expect(eq(sz, r.text_len, 4));
	cr_expect(zero(int, memcmp(r.text, " a\0b", 4)));
	cr_expect(eq(sz, r.time_len, sizeof(T1) - 1));
}

Test(logfile, bad_records)
{
	static const char *const bad[] = {"", " ", T1, T1 " ", T1 " stdout", T1 " stdout F",
		T1 " stdout X a", T1 " stdin  F a", T1 " stdout Fa", "x stdout F a",
		T1 " stdoutt F a"};
	struct logfile_record r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(eq(int, logfile_parse(bad[i], strlen(bad[i]), &r), -1), "%s", bad[i]);
	cr_expect(zero(int, logfile_parse(T1 " stdout F ", sizeof(T1 " stdout F ") - 1, &r)));
	cr_expect(eq(sz, r.text_len, 0));
}

static void setup(void)
{
	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	cr_assert(zero(int, pipe2(out, O_NONBLOCK)));
}

static void teardown(void)
{
	unlinkat(dirfd_, "log", 0);
	unlinkat(dirfd_, "log.1", 0);
	rmdir(dir);
}

static void put(const char *name, const char *text)
{
	int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_APPEND, 0600);

	cr_assert(eq(int, (int)write(fd, text, strlen(text)), (int)strlen(text)));
	close(fd);
}

static void expect_output(const char *want)
{
	static char got[65536];
	ssize_t n = read(out[0], got, sizeof(got) - 1);

	got[n < 0 ? 0 : n] = '\0';
	cr_expect(eq(str, got, (char *)want));
}

static struct logfile_options plain(void)
{
	return (struct logfile_options){.tail = LOGFILE_ALL,
		.end_fd = -1,
		.stdout_fd = out[1],
		.stderr_fd = out[1]};
}

static void prints(struct logfile_options o, const char *want)
{
	uint64_t damaged = 0;

	cr_assert(zero(int, logfile_print(dirfd_, &o, &damaged, &err)), "%s", err.text);
	cr_expect(eq(u64, damaged, 0));
	expect_output(want);
}

TestSuite(logprint, .init = setup, .fini = teardown, .timeout = 60);

Test(logprint, absent_is_empty)
{
	prints(plain(), "");
}

Test(logprint, both_files_in_order_and_pieces_joined)
{
	put("log.1", T1 " stdout F one\n" T1 " stdout P tw");
	put("log.1", "\n" T1 " stderr F error\n");
	put("log", T2 " stdout F o\n" T2 " stdout F \n");
	prints(plain(), "one\ntwerror\no\n\n");
}

Test(logprint, streams)
{
	struct logfile_options o = plain();

	put("log", T1 " stdout F one\n" T1 " stderr F two\n");
	o.stdout_fd = -1;
	prints(o, "two\n");
}

Test(logprint, timestamps_once_per_line)
{
	struct logfile_options o = plain();

	put("log", T1 " stdout P on\n" T2 " stdout F e\n" T2 " stdout F two\n");
	o.timestamps = true;
	prints(o, T1 " one\n" T2 " two\n");
}

Test(logprint, tail)
{
	struct logfile_options o = plain();

	put("log.1", T1 " stdout F 1\n" T1 " stdout F 2\n");
	put("log", T1 " stdout F 3\n" T1 " stdout P 4\n");
	o.tail = 3;
	prints(o, "2\n3\n4");
	o.tail = 0;
	prints(o, "");
	o.tail = 99;
	prints(o, "1\n2\n3\n4");
}

Test(logprint, since_and_until)
{
	struct logfile_options o = plain();

	put("log", T1 " stdout F one\n" T2 " stdout F two\n");
	o.since_ns = S1 * NS + 2;
	prints(o, "two\n");
	o.since_ns = 0;
	o.until_ns = S1 * NS + 1;
	prints(o, "one\n");
}

Test(logprint, damage_is_left_out_and_counted)
{
	static char junk[100000];
	struct logfile_options o = plain();
	uint64_t damaged = 0;

	memset(junk, 'x', sizeof(junk) - 2);
	junk[sizeof(junk) - 2] = '\n';
	put("log", T1 " stdout F one\ngarbage\n");
	put("log", junk);
	put("log", T1 " stdout F two\n" T1 " stdout F thr");
	cr_assert(zero(int, logfile_print(dirfd_, &o, &damaged, &err)));
	cr_expect(eq(u64, damaged, 2));
	expect_output("one\ntwo\n");
}

Test(logprint, only_regular_files)
{
	struct logfile_options o = plain();
	uint64_t damaged;

	cr_assert(zero(int, mkfifoat(dirfd_, "log", 0600)));
	cr_expect(eq(int, logfile_print(dirfd_, &o, &damaged, &err), -1));
	cr_expect(ne(ptr, strstr(err.text, "not a regular file"), NULL));
}

/* Writes and rotates as the supervisor does, then ends. */
static void *write_and_end(void *arg)
{
	int end = *(int *)arg;

	usleep(100000);
	put("log", T1 " stdout F two\n");
	usleep(100000);
	renameat(dirfd_, "log", dirfd_, "log.1");
	put("log", T1 " stdout F three\n");
	put("log", T1 " stdout F fo");
	usleep(100000);
	put("log", "ur\n");
	close(end);
	put("log", T1 " stdout F five\n");
	return NULL;
}

Test(logprint, follows_across_rotation_until_the_end)
{
	struct logfile_options o = plain();
	pthread_t writer;
	int end[2];

	put("log", T1 " stdout F one\n");
	cr_assert(zero(int, pipe(end)));
	o.follow = true;
	o.end_fd = end[0];
	pthread_create(&writer, NULL, write_and_end, &end[1]);
	prints(o, "one\ntwo\nthree\nfour\nfive\n");
	pthread_join(writer, NULL);
}

Test(logprint, a_file_rotated_out_of_sight_is_finished)
{
	struct logfile_options o = plain();

	put("log.1", T1 " stdout F one\n");
	put("log", T1 " stdout F two\n");
	prints(o, "one\ntwo\n");
	renameat(dirfd_, "log", dirfd_, "log.1");
	prints(o, "two\n");
}

static void add_up(void *arg, uint64_t bytes)
{
	*(uint64_t *)arg += bytes;
}

static void begins_at(const char *name, const char *before)
{
	int fd = openat(dirfd_, name, O_WRONLY);

	cr_assert(fd >= 0);
	if (fsetxattr(fd, LOGFILE_BEFORE_XATTR, before, strlen(before), 0) < 0)
		cr_skip_test("no attributes here");
	close(fd);
}

Test(logprint, what_was_replaced_unread_is_told)
{
	struct logfile_options o = plain();
	uint64_t lost = 0;

	o.lost = add_up;
	o.arg = &lost;
	put("log.1", T1 " stdout F one\n");
	put("log", T1 " stdout F two\n");
	begins_at("log.1", "1000");
	begins_at("log", "1100");
	prints(o, "one\ntwo\n");
	cr_expect(eq(u64, lost, 1100 - 1000 - sizeof(T1 " stdout F one\n") + 1));
}
