// What the demo's start page offers to try: the links that the program prints at its start. They are secrets, so they
// are told to this machine only, by a server that nobody else reaches. Pure functions.
#pragma once

#include <string>

#include "conference/roster.h"
#include "web/message.h"

namespace bridgehall::web {

// What a seat's link has after '#'. A viewer's is for the hall's screen: nobody sits there.
std::string link_fragment(const conference::InvitedSeat& seat);

// GET /api/demo. `demo`: nullptr where there is nothing to tell, which is answered like any address that is none.
Response demo_links(const conference::Roster* demo, const Request& request);

}  // namespace bridgehall::web
