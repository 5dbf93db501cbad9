#include "base/eventlog.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/eventlog.XXXXXX";

static int make_store(void)
{
	cr_assert(mkdtemp(dir));
	return open(dir, O_RDONLY | O_DIRECTORY);
}

static void remove_store(int store)
{
	unlinkat(store, "events", 0);
	unlinkat(store, "events.1", 0);
	rmdir(dir);
}

static void add(int store, unsigned writer, unsigned n)
{
	char name[32];
	struct event e = {.time_ns = n, .type = "container", .action = "start", .name = name};

	snprintf(name, sizeof(name), "w%u-%u", writer, n);
	eventlog_add(store, &e, 1);
}

enum { WRITERS = 4, MOST = 30000 };

struct seen {
	unsigned count;
	bool which[WRITERS][MOST];
};

/* Each once. Around a renaming two of one writer may change places. */
static int see(const struct event *e, void *arg, struct err *err)
{
	struct seen *s = arg;
	unsigned writer, n;

	(void)err;
	cr_assert_eq(sscanf(e->name, "w%u-%u", &writer, &n), 2);
	cr_assert(writer < WRITERS && n < MOST && !s->which[writer][n]);
	s->which[writer][n] = true;
	s->count++;
	return 0;
}

static off_t size_of(int store, const char *name)
{
	struct stat st;

	return fstatat(store, name, &st, 0) < 0 ? -1 : st.st_size;
}

Test(eventlog, nothing_is_read_where_nothing_is)
{
	static struct seen seen;
	struct eventlog l;
	struct err err;
	int store = make_store();

	cr_assert_eq(eventlog_open(&l, store, &err), 0);
	cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	cr_expect_eq(seen.count, 0);
	/* What comes then is read by the same reader. */
	add(store, 0, 0);
	cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	cr_expect_eq(seen.count, 1);
	eventlog_close(&l);
	eventlog_add(-1, NULL, 0);
	cr_assert_eq(eventlog_open(&l, -1, &err), 0);
	cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	remove_store(store);
}

Test(eventlog, it_is_bounded_and_a_reader_follows_it)
{
	enum { N = MOST };
	static struct seen seen;
	struct eventlog l;
	struct err err;
	int store = make_store();

	cr_assert_eq(eventlog_open(&l, store, &err), 0);
	for (unsigned i = 0; i < N; i++) {
		add(store, 0, i);
		if (i % 1000 == 0)
			cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	}
	cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	cr_expect_eq(seen.count, N);
	cr_expect_lt(size_of(store, "events"), EVENTLOG_MAX + EVENT_LINE_MAX);
	cr_expect_lt(size_of(store, "events.1"), EVENTLOG_MAX + EVENT_LINE_MAX);
	cr_expect_gt(size_of(store, "events.1"), 0);
	eventlog_close(&l);
	remove_store(store);
}

Test(eventlog, writers_side_by_side_lose_nothing, .timeout = 120)
{
	enum { N = 4000 };
	static struct seen seen;
	struct eventlog l;
	struct err err;
	int store = make_store(), watch = eventlog_watch(store, &err);
	char buf[4096];

	cr_assert_geq(watch, 0);
	cr_assert_eq(eventlog_open(&l, store, &err), 0);
	for (unsigned w = 0; w < WRITERS; w++)
		if (fork() == 0) {
			for (unsigned i = 0; i < N; i++)
				add(store, w, i);
			_exit(0);
		}
	while (seen.count < WRITERS * N) {
		struct pollfd p = {watch, POLLIN, 0};

		cr_assert_eq(poll(&p, 1, 30000), 1, "%u of %u", seen.count, WRITERS * N);
		while (read(watch, buf, sizeof(buf)) > 0)
			;
		cr_assert_eq(eventlog_read(&l, see, &seen, &err), 0);
	}
	for (unsigned w = 0; w < WRITERS; w++)
		wait(NULL);
	eventlog_close(&l);
	remove_store(store);
}
