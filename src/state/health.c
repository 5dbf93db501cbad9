#include "state/health.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsontext.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#define HEALTH_FILE "health.json"

/* Each byte of an output may take six. */
enum { FILE_MAX = HEALTH_ANSWERS * (6 * HEALTH_OUTPUT_MAX + 1024), HEAD_MAX = 256 };

/* Of the start that the record is of: 1; 0 if it is of another, or makes no sense. */
static int parse_head(const char *line, size_t len, const struct record *r,
	struct health_state *ret, struct err *err)
{
	autojson json_t *j = json_parse(HEALTH_FILE, line, len, err);
	json_int_t started, streak;
	const char *status;

	if (!j)
		return err->sys ? -1 : 0;
	if (json_take(j, HEALTH_FILE, err, "{sI ss sI}", "startedNs", &started, "status", &status,
		    "failingStreak", &streak) < 0 ||
		started != r->started_ns)
		return 0;
	*ret = (struct health_state){health_status_parse(status), (uint64_t)streak};
	return 1;
}

static int parse_answer(const char *line, size_t len, struct arena *a, struct health *h,
	struct err *err)
{
	autojson json_t *j = json_parse(HEALTH_FILE, line, len, err);
	struct health_answer x = {.status = HEALTH_NO_STATUS};
	json_int_t start, end;
	const char *output;

	if (!j)
		return err->sys ? -1 : 0;
	if (json_take(j, HEALTH_FILE, err, "{sI sI si ss}", "startNs", &start, "endNs", &end,
		    "exitCode", &x.status, "output", &output) < 0)
		return 0;
	x.start_ns = start;
	x.end_ns = end;
	x.output = arena_strdup(a, output);
	health_add(h, &x);
	return 0;
}

int health_read(int state_fd, const struct record *r, struct arena *a, struct health *ret,
	struct err *err)
{
	struct health h = {.state = {.status = HEALTH_STARTING}};
	autofree char *text = NULL;
	char *line, *newline;
	size_t len;
	int known;

	*ret = h;
	if (file_read(state_fd, HEALTH_FILE, FILE_MAX, &text, &len, err) < 0)
		return err->sys == ENOENT || !err->sys ? 0 : -1;
	line = text;
	newline = memchr(line, '\n', len);
	known = newline ? parse_head(line, (size_t)(newline - line), r, &h.state, err) : 0;
	if (known <= 0)
		return known;
	for (line = newline + 1; (newline = strchr(line, '\n')); line = newline + 1)
		if (parse_answer(line, (size_t)(newline - line), a, &h, err) < 0)
			return -1;
	*ret = h;
	return 0;
}

enum health_status health_peek(int state_fd, const struct record *r)
{
	struct health_state s;
	char text[HEAD_MAX];
	struct err ignored;

	if (!r->healthcheck)
		return HEALTH_NONE;
	if (file_peek(state_fd, HEALTH_FILE, text, sizeof(text)) <= 0)
		return HEALTH_STARTING;
	return parse_head(text, strcspn(text, "\n"), r, &s, &ignored) > 0 ? s.status
									  : HEALTH_STARTING;
}

void health_add(struct health *h, const struct health_answer *answer)
{
	if (h->count == HEALTH_ANSWERS) {
		memmove(h->answers, h->answers + 1, (HEALTH_ANSWERS - 1) * sizeof(*answer));
		h->count--;
	}
	h->answers[h->count++] = *answer;
}

static char *head_text(const struct record *r, const struct health *h, struct err *err)
{
	autojsontext struct jsontext t = {0};

	jsontext_open(&t, NULL, '{');
	jsontext_integer(&t, "startedNs", r->started_ns);
	jsontext_string(&t, "status", health_status_name(h->state.status));
	jsontext_integer(&t, "failingStreak", (int64_t)h->state.streak);
	jsontext_close(&t, '}');
	return jsontext_take(&t, err);
}

static char *answer_text(const struct health_answer *x, struct arena *a, struct err *err)
{
	autojsontext struct jsontext t = {0};
	char *output = arena_strndup(a, x->output, strnlen(x->output, HEALTH_OUTPUT_MAX));

	utf8_mend(output);
	jsontext_open(&t, NULL, '{');
	jsontext_integer(&t, "startNs", x->start_ns);
	jsontext_integer(&t, "endNs", x->end_ns);
	jsontext_integer(&t, "exitCode", x->status);
	jsontext_string(&t, "output", output);
	jsontext_close(&t, '}');
	return jsontext_take(&t, err);
}

static char *whole_text(const struct record *r, const struct health *h, struct arena *a,
	struct err *err)
{
	autofree char *head = head_text(r, h, err);
	char *text = head ? arena_printf(a, "%s\n", head) : NULL;

	for (size_t i = 0; text && i < h->count; i++) {
		autofree char *line = answer_text(&h->answers[i], a, err);

		text = line ? arena_printf(a, "%s%s\n", text, line) : NULL;
	}
	return text;
}

int health_write(const struct container *c, const struct health *h, struct err *err)
{
	struct arena a = {0};
	char *text = whole_text(&c->record, h, &a, err);
	int r = text ? file_write(c->state_fd, HEALTH_FILE, text, strlen(text), 0600, FILE_NOSYNC,
			       err)
		     : -1;

	arena_free(&a);
	return r;
}
