#include "cli/choice.h"
#include "base/fd.h"
#include "base/file.h"
#include "container/life.h"
#include "state/gc.h"

#include <errno.h>
#include <string.h>

enum { CIDFILE_BYTES = 4096 };

int choice_set_cidfile(void *to, const char *what, const char *value, struct err *err)
{
	struct choice *c = to;

	if (c->cidfile_count == CIDFILES_MAX)
		return err_set(err, "%s: more than %d are too many", what, CIDFILES_MAX);
	c->cidfiles[c->cidfile_count++] = value;
	return 0;
}

struct words {
	struct arena *arena;
	struct choice *choice;
	unsigned states;
	struct viewer viewer;
	char **list;
	size_t count;
	bool failed;
};

static void add(struct words *w, const char *word)
{
	arena_push(w->arena, w->list, w->count, arena_strdup(w->arena, word));
}

/* One that cannot be read is reported, and the others are chosen from. */
static int look(const char *name, void *arg, struct err *err)
{
	struct words *w = arg;
	struct view view;
	int r = viewer_look(&w->viewer, name, VIEW_ANY, &view, err);

	if (r < 0 && err->sys == ENOMEM)
		return -1;
	if (r < 0) {
		err_print(err, "ctr");
		w->failed = true;
	}
	if (r <= 0)
		return 0;
	if ((w->states & CHOICE_OF(view.status)) && filters_match(&w->choice->filters, &view))
		add(w, name);
	view_free(&view);
	return 0;
}

static int choose(struct words *w, const struct store *store, struct err *err)
{
	int r;

	viewer_init(&w->viewer, store);
	r = filters_settle(&w->choice->filters, &w->viewer, err);
	if (r == 0)
		r = store_each(store, look, w, err);
	viewer_close(&w->viewer);
	return r;
}

static int add_cidfile(struct words *w, const char *path, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read_given(path, CIDFILE_BYTES, &text, &len, err) < 0)
		return w->choice->ignore && err->sys == ENOENT ? 0 : err_wrap(err, "--cidfile");
	text[strcspn(text, "\n")] = '\0';
	if (!*text)
		return err_set(err, "--cidfile %s: it is empty", path);
	add(w, text);
	return 0;
}

int choice_words(struct cli *cli, struct choice *c, unsigned states, struct arena *a, int *argc,
	char ***argv, struct err *err)
{
	struct words w = {.arena = a, .choice = c, .states = states};
	bool chooses = c->all || c->filters.count;

	if (chooses && (*argc || c->cidfile_count))
		return err_set(err, "--%s chooses by itself: it takes no containers beside it",
			c->all ? "all" : "filter");
	for (int i = 0; i < *argc; i++)
		add(&w, (*argv)[i]);
	for (size_t i = 0; i < c->cidfile_count; i++)
		if (add_cidfile(&w, c->cidfiles[i], err) < 0)
			return -1;
	if (chooses && choose(&w, &cli->store, err) < 0)
		return -1;
	*argc = (int)w.count;
	*argv = w.list;
	return w.failed ? 1 : 0;
}
