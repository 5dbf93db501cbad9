#include "spec/state.h"

#include "base/json.h"

#include <stdio.h>
#include <time.h>

const char *oci_time_format(int64_t ns, char ret[STATE_TIME_SIZE])
{
	time_t seconds = ns / 1000000000;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(ret, STATE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret + len, STATE_TIME_SIZE - len, ".%09lldZ", (long long)(ns % 1000000000));
	return ret;
}

char *oci_state_format(const struct oci_state *s, enum oci_state_form form, struct err *err)
{
	json_t *annotations = json_object();
	autojson json_t *j = NULL;
	char created[STATE_TIME_SIZE];
	bool well = true;

	for (size_t i = 0; i < s->annotation_count; i++)
		well = json_object_set_new(annotations, s->annotations[i].key,
			       json_string(s->annotations[i].value)) == 0 &&
		       well;
	j = json_pack("{ss ss sI ss ss ss* ss* ss* so}", "ociVersion", s->version, "id", s->id,
		"pid", (json_int_t)s->pid, "status", s->status, "bundle", s->bundle, "rootfs",
		s->rootfs, "created",
		s->created_ns ? oci_time_format(s->created_ns, created) : NULL, "owner", s->owner,
		"annotations", annotations);
	if (j && s->streams)
		well = json_object_set_new(j, "streams",
			       json_pack("[sss]", s->streams[0], s->streams[1], s->streams[2])) ==
			       0 &&
		       well;
	if (!j || !well) {
		err_set(err, "cannot write the state of %s: is everything in it valid UTF-8?",
			s->id);
		return NULL;
	}
	return json_text(j, form == STATE_INDENTED ? JSON_INDENT(2) : JSON_COMPACT, err);
}
