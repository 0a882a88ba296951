// Between the conference's own types and those of the signalling messages. Pure. Enumerations have the same names in
// the same order on both sides, which page_messages_test.cpp holds.
#pragma once

#include <optional>

#include "conference/host.h"
#include "messages/messages.h"

namespace bridgehall::web {

// As the seat sees it: already reduced to what it may see.
messages::Conference to_message(const conference::State& state);
messages::Event to_message(const conference::Event& event);
messages::SlotContent to_message(const conference::Directory::ChangedSlot& slot);
std::vector<messages::Action> to_message(const std::vector<conference::Action>& actions);
messages::RecordingTrouble to_message(const conference::RecordReport& report);
messages::RefusalCode to_message(conference::RefusalCode code);
messages::ByeCode to_message(conference::LeaveReason reason);

// A command to the conference; nullopt where the message is none.
std::optional<conference::Command> to_command(const messages::ClientMessage& message);

}  // namespace bridgehall::web
