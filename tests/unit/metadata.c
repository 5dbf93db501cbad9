#include "state/metadata.h"
#include "state/configfile.h"
#include "state/configlock.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A store with a container "half", which has none of its documents. */
static struct store store_make(void)
{
	char *dir = strdup("/tmp/metadata.XXXXXX");
	struct store s = {.volumes_fd = -1, .root = dir, .state = dir};

	cr_assert(mkdtemp(dir) != NULL);
	s.root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(zero(int, mkdirat(s.root_fd, "containers", 0700)));
	cr_assert(zero(int, mkdirat(s.root_fd, "state", 0700)));
	s.containers_fd = openat(s.root_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.state_fd = openat(s.root_fd, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(zero(int, mkdirat(s.containers_fd, "half", 0700)));
	return s;
}

static void store_unmake(struct store *s)
{
	unlinkat(s->containers_fd, "half", AT_REMOVEDIR);
	unlinkat(s->root_fd, "containers", AT_REMOVEDIR);
	unlinkat(s->root_fd, "state", AT_REMOVEDIR);
	close(s->state_fd);
	close(s->containers_fd);
	close(s->root_fd);
	rmdir(s->root);
	free((char *)s->root);
}

Test(metadata, a_container_that_went_since_it_was_found_is_said_to_be_gone)
{
	struct store s = store_make();
	struct config_lock lock;
	struct err err = {0};
	struct metadata m;
	struct spec spec;

	cr_expect(lt(int, config_lock(&s, "gone", CONFIG_SHARED, &lock, &err), 0));
	cr_expect(eq(str, err.text, "no container gone any more"));
	cr_expect(eq(int, err.sys, ENOENT));
	cr_expect(lt(int, container_metadata(&s, "gone", &m, &err), 0));
	cr_expect(eq(str, err.text, "no container gone any more"));
	cr_expect(lt(int, container_spec(&s, "gone", &spec, &err), 0));
	cr_expect(eq(str, err.text, "no container gone any more"));
	cr_expect(eq(int, err.sys, ENOENT));
	store_unmake(&s);
}

Test(metadata, a_document_that_is_lost_is_named)
{
	struct store s = store_make();
	struct config_lock lock;
	struct err err = {0};
	struct spec spec;

	cr_expect(lt(int, config_lock(&s, "half", CONFIG_SHARED, &lock, &err), 0));
	cr_expect(eq(str, err.text, "open config.json of half: No such file or directory"));
	cr_expect(lt(int, container_spec(&s, "half", &spec, &err), 0));
	cr_expect(strstr(err.text, "half/config.json") != NULL);
	store_unmake(&s);
}
