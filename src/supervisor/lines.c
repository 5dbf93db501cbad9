#include "supervisor/lines.h"

#include "base/clock.h"
#include "base/pace.h"

#include <string.h>

static const uint64_t hold_ns = 1 * SECOND_NS; /* how long a piece of a line waits for its rest */

static void line_forget(struct stream_lines *s)
{
	s->held = 0;
	s->hold_until = NEVER;
}

void lines_start(struct lines *lines, struct log *log)
{
	static char tail[2][TAIL_ROOM];

	lines->log = log;
	for (int i = 0; i < 2; i++) {
		lines->of[i].tail.buf = tail[i];
		line_forget(&lines->of[i]);
	}
}

static void line_emit(struct lines *lines, enum logfile_stream which, bool full, uint64_t now)
{
	struct stream_lines *s = &lines->of[which];

	log_record(lines->log, s->time, which, full, s->line, s->held, now);
	line_forget(s);
}

static unsigned line_hold(struct stream_lines *s, const char *data, unsigned len, uint64_t now)
{
	unsigned room = LINE_BYTES - s->held, n = len < room ? len : room;

	memcpy(s->line + s->held, data, n);
	s->held += n;
	if (s->hold_until == NEVER)
		s->hold_until = now + hold_ns;
	return n;
}

/* What came too fast: its end waits, and what was held of its first line in front of it. */
static void line_keep(struct lines *lines, struct stream_lines *s, const char *data, unsigned len)
{
	lines->log->skipped += tail_keep(&s->tail, s->line, s->held);
	lines->log->skipped += tail_keep(&s->tail, data, len);
	line_forget(s);
	clock_gettime(CLOCK_REALTIME, &s->tail_time);
}

void lines_skip(struct lines *lines, enum logfile_stream which, uint64_t len)
{
	struct stream_lines *s = &lines->of[which];

	lines->log->skipped += len + s->held + tail_clear(&s->tail);
	line_forget(s);
}

/* What of data comes behind the line that was cut: one of which a part is missing would be a damaged one. */
static unsigned line_resume(struct lines *lines, struct stream_lines *s, const char *data,
	unsigned len)
{
	const char *newline = s->tail.cut ? memchr(data, '\n', len) : NULL;

	if (!s->tail.cut)
		return len;
	s->tail.cut = !newline;
	lines->log->skipped += newline ? (uint64_t)(newline + 1 - data) : len;
	return newline ? len - (unsigned)(newline + 1 - data) : 0;
}

static void line_split(struct lines *lines, enum logfile_stream which, const char *data,
	unsigned len, struct timespec time, uint64_t now)
{
	struct stream_lines *s = &lines->of[which];
	unsigned rest = line_resume(lines, s, data, len);

	data += len - rest;
	len = rest;
	for (const char *end = data + len; data < end;) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));

		rest = (unsigned)((newline ? newline : end) - data);
		if (s->held == LINE_BYTES)
			line_emit(lines, which, false, now);
		if (!s->held)
			s->time = time;
		data += line_hold(s, data, rest, now);
		if (newline && data == newline) {
			line_emit(lines, which, true, now);
			data++;
		}
	}
}

static bool came_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Before the first of them is written, the log says what is missing. */
static void tails_log(struct lines *lines, uint64_t now)
{
	struct stream_lines *s = lines->of;
	unsigned first = came_before(&s[1].tail_time, &s[0].tail_time);

	for (int i = 0; i < 2; i++)
		lines->log->skipped += tail_trim(&s[i].tail, TAIL_ROOM, LOG_HEADER);
	for (unsigned i = 0; i < 2; i++) {
		struct tail *t = &s[first ^ i].tail;

		if (t->len)
			line_split(lines, first ^ i, t->buf, t->len, s[first ^ i].tail_time, now);
		t->len = 0;
	}
	log_flush(lines->log, now);
}

void lines_add(struct lines *lines, enum logfile_stream which, const char *data, unsigned len,
	uint64_t now)
{
	struct timespec time;

	if (lines->log->dirfd < 0)
		return;
	if (log_is_quiet(lines->log, now)) {
		line_keep(lines, &lines->of[which], data, len);
	} else {
		tails_log(lines, now);
		clock_gettime(CLOCK_REALTIME, &time);
		line_split(lines, which, data, len, time, now);
	}
	log_flush(lines->log, now);
}

void lines_flush(struct lines *lines, enum logfile_stream which, uint64_t now)
{
	if (lines->of[which].held)
		line_emit(lines, which, false, now);
}

void lines_catch_up(struct lines *lines, uint64_t now)
{
	tails_log(lines, now);
	log_tell_loss(lines->log, now);
}

uint64_t lines_deadline(const struct lines *lines)
{
	return earlier(lines->log->tell_at,
		earlier(lines->of[0].hold_until, lines->of[1].hold_until));
}

void lines_due(struct lines *lines, uint64_t now)
{
	if (now >= lines->log->tell_at)
		lines_catch_up(lines, now);
	for (unsigned i = 0; i < 2; i++)
		if (now >= lines->of[i].hold_until) {
			lines_flush(lines, i, now);
			log_flush(lines->log, now);
		}
}

void lines_recover(struct lines *lines)
{
	for (int i = 0; i < 2; i++) {
		line_forget(&lines->of[i]);
		lines->of[i].tail.len = 0;
	}
	log_recover(lines->log);
}

void lines_finish(struct lines *lines, uint64_t now)
{
	tails_log(lines, now);
	for (unsigned i = 0; i < 2; i++)
		lines_flush(lines, i, now);
	log_flush(lines->log, now);
	log_finish(lines->log, now);
}
