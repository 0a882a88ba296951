// What is published in a conference, as JSON, and the gate that a moderator opens and closes. Pure functions over the
// host.
#pragma once

#include "conference/host.h"
#include "web/authentication.h"
#include "web/instant.h"
#include "web/message.h"

namespace bridgehall::web {

// GET /api/conferences/{conference}/publications
Response list_publications(const conference::Directory& directory, const std::string& conference,
                           const Identity& identity);
// PATCH /api/conferences/{conference}/publications/{publication} with {"open": true}
Response change_publication(conference::Host& host, const std::string& conference, const std::string& publication,
                            const Request& request, const Identity& identity, const Instant& now);

}  // namespace bridgehall::web
