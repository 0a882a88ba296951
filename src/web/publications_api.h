// What is published in a conference, as JSON, and the gate that a moderator opens and closes. Pure functions over the
// host.
#pragma once

#include <expected>

#include "conference/host.h"
#include "web/authentication.h"
#include "web/instant.h"
#include "web/message.h"

namespace bridgehall::web {

// GET /api/conferences/{conference}/publications
Response list_publications(const conference::Directory& directory, const std::string& conference,
                           const Identity& identity);
// PATCH /api/conferences/{conference}/publications/{publication} with {"open": true}. What its answer waits for, which
// is show_publication() then; or a refusal.
std::expected<conference::Accepted, Response> change_publication(conference::Host& host, const std::string& conference,
                                                                 const std::string& publication, const Request& request,
                                                                 const Identity& identity, const Instant& now);
Response show_publication(const conference::Directory& directory, const std::string& conference,
                          const std::string& publication);

}  // namespace bridgehall::web
