#include "container/shutdown.h"

#include "state/gc.h"
#include "state/view.h"

struct search {
	struct viewer viewer;
	struct arena *arena;
	char **names;
	size_t count;
};

static bool is_up(const struct view *view)
{
	return !view->elsewhere && view->status != CONTAINER_EXITED &&
	       view->status != CONTAINER_CREATED;
}

static int note_if_supervised(const char *name, void *arg, struct err *err)
{
	struct search *s = arg;
	struct view view;
	int r = viewer_look(&s->viewer, name, VIEW_ANY, &view, err);

	/* Which is no reason to leave the others to the power switch. */
	if (r < 0)
		warn("%s: %s", name, err->text);
	if (r <= 0)
		return 0;
	/* A container that is being started may be running by the time it is stopped. */
	if (is_up(&view) && (s->viewer.record.supervised || view.status == CONTAINER_CREATING ||
				    view.status == CONTAINER_RESTARTING))
		arena_push(s->arena, s->names, s->count, arena_strdup(s->arena, name));
	view_free(&view);
	return 0;
}

int container_supervised(const struct store *store, struct arena *arena, char ***ret_names,
	size_t *ret_count, struct err *err)
{
	struct search s = {.arena = arena};
	int r;

	viewer_init(&s.viewer, store);
	r = store_each(store, note_if_supervised, &s, err);
	viewer_close(&s.viewer);
	*ret_names = s.names;
	*ret_count = s.count;
	return r;
}
