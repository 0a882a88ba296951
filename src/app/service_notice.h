// Tells the service manager that started us how we are (the protocol of sd_notify(3)); does nothing without one.
#pragma once

#include <string_view>

namespace bridgehall::app {

// "READY=1", "STOPPING=1".
void notify_service_manager(std::string_view state);

}  // namespace bridgehall::app
