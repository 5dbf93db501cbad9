#include "checkpoint/criu_answer.h"

#include "base/protobuf.h"

#include <stdio.h>
#include <string.h>

/* Fields of criu_resp, and of the messages in it. */
enum {
	RESP_TYPE = 1,
	RESP_SUCCESS = 2,
	RESP_RESTORE = 4,
	RESP_NOTIFY = 5,
	RESP_ERRNO = 7,
	RESP_ERRMSG = 9,
};
enum { RESTORE_PID = 1, NOTIFY_SCRIPT = 1, NOTIFY_PID = 2 };

static void copy_text(char *to, size_t size, const struct protobuf_field *f)
{
	snprintf(to, size, "%.*s", f->bytes ? (int)f->len : 0,
		f->bytes ? (const char *)f->bytes : "");
	to[strcspn(to, "\n")] = '\0';
}

static int parse_inner(const struct protobuf_field *outer, bool notify, struct criu_answer *ret)
{
	const uint8_t *at = outer->bytes, *end = at ? at + outer->len : at;
	struct protobuf_field f;
	int r;

	while ((r = at ? protobuf_next(&at, end, &f) : -1) > 0) {
		if (notify && f.number == NOTIFY_SCRIPT)
			copy_text(ret->point, sizeof(ret->point), &f);
		else if (f.number == (notify ? (unsigned)NOTIFY_PID : (unsigned)RESTORE_PID))
			ret->pid = (pid_t)f.value;
	}
	return r;
}

int criu_answer_parse(const uint8_t *at, size_t len, struct criu_answer *ret)
{
	const uint8_t *end = at + len;
	struct criu_answer a = {0};
	struct protobuf_field f;
	int r;

	while ((r = protobuf_next(&at, end, &f)) > 0) {
		if (f.number == RESP_TYPE)
			a.type = (unsigned)f.value;
		else if (f.number == RESP_SUCCESS)
			a.success = f.value;
		else if (f.number == RESP_ERRNO)
			a.sys = (int)f.value;
		else if (f.number == RESP_ERRMSG)
			copy_text(a.why, sizeof(a.why), &f);
		else if ((f.number == RESP_RESTORE || f.number == RESP_NOTIFY) &&
			 parse_inner(&f, f.number == RESP_NOTIFY, &a) < 0)
			return -1;
	}
	if (r == 0)
		*ret = a;
	return r;
}
