#include "spec/spec.h"

void spec_free(struct spec *spec)
{
	arena_free(&spec->arena);
	*spec = (struct spec){.arena = {NULL}};
}

bool id_map_find(const struct id_map *maps, size_t n, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < n; i++)
		if (inside >= maps[i].inside && inside - maps[i].inside < maps[i].count) {
			*ret_outside = maps[i].outside + (inside - maps[i].inside);
			return true;
		}
	if (n == 0)
		*ret_outside = inside;
	return n == 0;
}
