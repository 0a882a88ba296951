// What a backup holds besides the record.
#pragma once

#include <string>
#include <vector>

namespace bridgehall::app {

// What a server cannot do without: who is invited, and the key of all links. Named from the data folder.
std::vector<std::string> files_beside_the_record(const std::string& data_folder);

}  // namespace bridgehall::app
