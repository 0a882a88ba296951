#include "app/time_zone.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace bridgehall::app {
namespace {

namespace fs = std::filesystem;

class TimeZoneTest : public testing::Test {
 protected:
  TimeZoneTest() : folder_(fs::temp_directory_path() / ("bridgehall-zones-" + std::to_string(getpid()))) {
    for (const auto* zone : {"Asia/Ho_Chi_Minh", "UTC", "Etc/GMT+7", "posix/UTC", "localtime"}) write(zone, "TZif2");
    write("leapseconds", "# not a zone");
  }
  ~TimeZoneTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  bool is_one(std::string_view name) { return is_time_zone(name, folder_.string()); }

  fs::path folder_;
};

TEST_F(TimeZoneTest, zones_are_those_that_the_system_has) {
  for (const auto* zone : {"Asia/Ho_Chi_Minh", "UTC", "Etc/GMT+7"}) EXPECT_TRUE(is_one(zone)) << zone;
  for (const auto* other : {"", "Asia", "Asia/Saigonn", "asia/ho_chi_minh", "leapseconds", "posix/UTC", "localtime",
                            "../zones/UTC", "/etc/localtime", "Asia/Ho Chi Minh", "UTC\n"})
    EXPECT_FALSE(is_one(other)) << other;
}

TEST_F(TimeZoneTest, without_zone_data_the_spelling_decides) {
  EXPECT_TRUE(is_time_zone("Asia/Saigonn", "/proc/none"));
  EXPECT_FALSE(is_time_zone("../UTC", "/proc/none"));
  EXPECT_FALSE(is_time_zone(std::string(65, 'a'), "/proc/none"));
}

}  // namespace
}  // namespace bridgehall::app
