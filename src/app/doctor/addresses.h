// Will clients find a way to the addresses that are announced?
#pragma once

#include <vector>

#include "app/configuration.h"
#include "app/doctor/words.h"
#include "base/address.h"

namespace bridgehall::app::doctor {

struct AddressFacts {
  Configuration configuration;
  std::vector<IpAddress> machine;
};

AddressFacts gather_addresses(const Configuration& configuration);
Findings check_addresses(const AddressFacts& facts);

}  // namespace bridgehall::app::doctor
