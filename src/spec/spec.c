#include "spec/spec.h"

void spec_free(struct spec *spec)
{
	arena_free(&spec->arena);
	*spec = (struct spec){.arena = {NULL}};
}
