/*
 * What a container writes, in pieces of any size, made into records of its log. A piece of a line waits up to a
 * second for its rest, and a line longer than LINE_BYTES is logged in pieces. Of what comes too fast for the log
 * the last lines are kept, and logged a second later or at the end, behind the number of bytes that are not.
 */
#pragma once

#include "supervisor/log.h"
#include "supervisor/tail.h"

enum { LINE_BYTES = 2048 };

struct lines {
	struct log *log;
	struct stream_lines {
		uint64_t hold_until;  /* NEVER: no piece of a line is held */
		struct timespec time; /* of the held piece */
		unsigned held;
		char line[LINE_BYTES];
		struct tail tail; /* if it is cut, the rest of the line is not to be logged */
		struct timespec tail_time;
	} of[2]; /* enum logfile_stream */
};

void lines_start(struct lines *lines, struct log *log);
/* len: at most TAIL_BYTES. */
void lines_add(struct lines *lines, enum logfile_stream which, const char *data, unsigned len,
	uint64_t now);
/* So many more bytes came, which nobody has looked at; what is held or kept goes with them. */
void lines_skip(struct lines *lines, enum logfile_stream which, uint64_t len);
/* Makes a record of the held piece, of a line that has not ended. */
void lines_flush(struct lines *lines, enum logfile_stream which, uint64_t now);
/* Logs what is kept of what came too fast, and says what is missing. */
void lines_catch_up(struct lines *lines, uint64_t now);
/* When lines_due() has something to do. */
uint64_t lines_deadline(const struct lines *lines);
void lines_due(struct lines *lines, uint64_t now);
/* Forgets what is held or kept. */
void lines_recover(struct lines *lines);
/* Everything into the log. */
void lines_finish(struct lines *lines, uint64_t now);
