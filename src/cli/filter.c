#include "cli/filter.h"
#include "base/clock.h"
#include "base/num.h"
#include "cli/view.h"
#include "container/life.h"
#include "state/status.h"

#include <string.h>

static const char *const names[] = {
	[FILTER_NAME] = "name",
	[FILTER_ID] = "id",
	[FILTER_IMAGE] = "image",
	[FILTER_LABEL] = "label",
	[FILTER_STATUS] = "status",
	[FILTER_EXITED] = "exited",
	[FILTER_HEALTH] = "health",
	[FILTER_VOLUME] = "volume",
	[FILTER_BEFORE] = "before",
	[FILTER_SINCE] = "since",
	[FILTER_UNTIL] = "until",
};
#define HINT                                                                                       \
	"keys are name, id, image (or ancestor), label, status, exited, health, volume, before, "  \
	"since and until"

/* FILTER_KEYS if there is none; docker calls an image ancestor. */
static enum filter_key find_key(const char *word, size_t len)
{
	enum filter_key key = 0;

	if (len == strlen("ancestor") && strncmp(word, "ancestor", len) == 0)
		return FILTER_IMAGE;
	while (key < FILTER_KEYS &&
		(strlen(names[key]) != len || strncmp(names[key], word, len) != 0))
		key++;
	return key;
}

static int status_take(struct filter *f, const char *what, struct err *err)
{
	for (enum container_status s = CONTAINER_CREATING; s <= CONTAINER_EXITED; s++)
		if (strcmp(container_status_name(s), f->value) == 0)
			return 0;
	err_value(err, what, f->value, "is no status");
	return err_hint(err,
		"a container is creating, created, running, paused, restarting or exited");
}

static int exited_take(struct filter *f, const char *what, struct err *err)
{
	uint32_t status;

	if (num_parse_u32(f->value, &status) < 0 || status > 255)
		return err_value(err, what, f->value, "is no status that a command ends with");
	f->number = status;
	return 0;
}

static int health_take(struct filter *f, const char *what, struct err *err)
{
	f->number = health_status_parse(f->value);
	if (f->number != HEALTH_NONE || strcmp(f->value, "none") == 0)
		return 0;
	err_value(err, what, f->value, "is no state of health");
	return err_hint(err, "starting, healthy, unhealthy, or none of what has no health check");
}

static int until_take(struct filter *f, const char *what, struct err *err)
{
	uint64_t ns;

	if (time_parse(what, f->value, now_ns(), &ns, err) < 0)
		return -1;
	f->number = (int64_t)ns;
	return 0;
}

static int value_take(struct filter *f, const char *what, struct err *err)
{
	if (f->key == FILTER_STATUS)
		return status_take(f, what, err);
	if (f->key == FILTER_EXITED)
		return exited_take(f, what, err);
	if (f->key == FILTER_HEALTH)
		return health_take(f, what, err);
	if (f->key == FILTER_UNTIL)
		return until_take(f, what, err);
	return 0;
}

int filters_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct filters *f = to;
	const char *equals = strchr(value, '=');
	size_t len = equals ? (size_t)(equals - value) : 0;
	struct filter filter = {.value = equals ? equals + 1 : ""};

	if (len && equals[-1] == '!') {
		filter.not = true;
		len--;
	}
	if (!len || !*filter.value) {
		err_value(err, what, value, "is not KEY=VALUE");
		return err_hint(err, HINT);
	}
	filter.key = find_key(value, len);
	if (filter.key == FILTER_KEYS || (filter.not &&filter.key != FILTER_LABEL)) {
		err_set(err, "%s: there is no key '%.*s' to filter by", what, (int)(equals - value),
			value);
		return err_hint(err, HINT);
	}
	if (value_take(&filter, what, err) < 0)
		return -1;
	if (f->count == FILTERS_MAX)
		return err_set(err, "%s: more than %d are too many", what, FILTERS_MAX);
	f->list[f->count++] = filter;
	/* As docker does: who asks for the exited ones means to see them. */
	f->any = f->any || filter.key == FILTER_STATUS || filter.key == FILTER_EXITED;
	return 0;
}

static int settle(struct filter *f, struct viewer *v, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct view view;
	int r;

	if (container_find(v->store, f->value, name, err) < 0)
		return err_wrap(err, "--filter %s", names[f->key]);
	r = viewer_look(v, name, VIEW_ANY, &view, err);
	if (r == 0)
		err_set(err, "--filter %s: %s has just been removed", names[f->key], name);
	if (r <= 0)
		return -1;
	f->number = view.metadata.created_ns;
	view_free(&view);
	return 0;
}

int filters_settle(struct filters *f, struct viewer *v, struct err *err)
{
	for (size_t i = 0; i < f->count; i++)
		if ((f->list[i].key == FILTER_BEFORE || f->list[i].key == FILTER_SINCE) &&
			settle(&f->list[i], v, err) < 0)
			return -1;
	return 0;
}

/* "KEY" or "KEY=VALUE". */
static bool has_label(const struct metadata *s, const char *want)
{
	size_t len = strcspn(want, "=");

	for (size_t i = 0; i < s->label_count; i++)
		if (strlen(s->labels[i].key) == len && strncmp(s->labels[i].key, want, len) == 0)
			return !want[len] || strcmp(s->labels[i].value, want + len + 1) == 0;
	return false;
}

/* An image's name with or without its tag. */
static bool is_image(const struct view *view, const char *want)
{
	const char *image = view_source(view);
	size_t len = strlen(want);

	return strncmp(image, want, len) == 0 &&
	       (!image[len] || image[len] == ':' || image[len] == '@');
}

static bool has_volume(const struct metadata *s, const char *want)
{
	for (size_t i = 0; i < s->volume_count; i++)
		if (strcmp(s->volumes[i], want) == 0)
			return true;
	return false;
}

static bool matches(const struct filter *f, const struct view *view)
{
	const struct metadata *s = &view->metadata;

	switch (f->key) {
	case FILTER_NAME:
		return strstr(s->name, f->value);
	case FILTER_ID:
		return strncmp(s->id, f->value, strlen(f->value)) == 0;
	case FILTER_IMAGE:
		return is_image(view, f->value);
	case FILTER_LABEL:
		return has_label(s, f->value) != f->not ;
	case FILTER_EXITED:
		return view->status == CONTAINER_EXITED && s->exit_status == f->number;
	case FILTER_HEALTH:
		return (int64_t)view->health == f->number;
	case FILTER_VOLUME:
		return has_volume(s, f->value);
	case FILTER_BEFORE:
	case FILTER_UNTIL:
		return s->created_ns < f->number;
	case FILTER_SINCE:
		return s->created_ns > f->number;
	default:
		return strcmp(container_status_name(view->status), f->value) == 0;
	}
}

bool filters_match(const struct filters *f, const struct view *view)
{
	bool asked[FILTER_KEYS] = {0}, met[FILTER_KEYS] = {0};

	for (size_t i = 0; i < f->count; i++) {
		enum filter_key key = f->list[i].key;
		bool match = matches(&f->list[i], view);

		if (key == FILTER_LABEL && !match)
			return false;
		asked[key] = true;
		met[key] = met[key] || match;
	}
	return memcmp(asked, met, sizeof(asked)) == 0;
}
