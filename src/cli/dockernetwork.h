/* What templates for docker's network inspect and network ls ask for. */
#pragma once

#include "base/json.h"

/* Adds to each network of a list what the template names of docker's members; template may be NULL. */
void docker_names_networks(json_t *list, const char *template);
