#include "app/backup_files.h"

#include <algorithm>
#include <filesystem>

namespace bridgehall::app {

std::vector<std::string> files_beside_the_record(const std::string& data_folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  if (fs::exists(fs::path(data_folder) / "signing.key", error)) files.emplace_back("signing.key");
  for (fs::directory_iterator entry(fs::path(data_folder) / "conferences", error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".json" && entry->path().filename().string().front() != '.')
      files.push_back("conferences/" + entry->path().filename().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace bridgehall::app
