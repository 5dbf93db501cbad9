/* What templates for docker's network inspect and network ls ask for, and what of inspect is about networks. */
#pragma once

#include "base/json.h"

/* Adds to each network of a list what the template names of docker's members; template may be NULL. */
void docker_names_networks(json_t *list, const char *template);

/* NetworkSettings, of what inspect knows of a container. */
json_t *docker_network_settings(const json_t *j);
