/* The volumes of one start: named, made, and filled with what the image has at their places. */
#pragma once

#include "spec/spec.h"
#include "state/store.h"

/* Names for those that have none, and where the data of each is. Nothing is made. */
int volumes_name(struct spec *spec, const struct store *store, struct err *err);

/*
 * Makes what is missing, and copies into what is empty. store->volumes_fd is from then on locked against
 * who removes volumes. Those of the container alone are not there yet under their names: whoever dies here
 * leaves what gc removes. Without volumes, or a second time, it does
 * nothing.
 */
int volumes_prepare(struct store *store, const struct spec *spec, struct err *err);
/* Undoes that for those of the container alone. */
void volumes_abandon(const struct store *store, const struct spec *spec);

/* Once the documents of the container name them: gives the others their names, and lets go of the lock. */
int volumes_publish(const struct store *store, const struct spec *spec, struct err *err);
