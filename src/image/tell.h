/* Tells of an image, in the events of the store (base/eventlog.h). */
#pragma once

/* id: in hex, or NULL. */
void image_tell(int root_fd, const char *name, const char *id, const char *action);
