#include "app/roster_file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/demo_roster.h"

namespace bridgehall::app {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

class RosterFileTest : public testing::Test {
 protected:
  RosterFileTest() : folder_(fs::temp_directory_path() / ("bridgehall-roster-" + std::to_string(getpid()))) {}
  ~RosterFileTest() override { fs::remove_all(folder_); }

  fs::path path() const { return folder_ / "conferences" / "demo.json"; }
  void write(const std::string& content) {
    fs::create_directories(path().parent_path());
    std::ofstream(path(), std::ios::binary) << content;
  }
  Result<conference::Roster> load() { return load_roster(folder_.string(), "demo"); }
  // The sentence that refuses it.
  std::string refused(const std::string& content) {
    write(content);
    const auto loaded = load();
    return loaded ? "" : loaded.error().message;
  }
  std::string refused_seat(const std::string& members) { return refused(R"({"seats":[{)" + members + "}]}"); }

  fs::path folder_;
};

bool same(const conference::Roster& a, const conference::Roster& b) {
  const auto seat = [](const conference::InvitedSeat& x, const conference::InvitedSeat& y) {
    return x.id == y.id && x.name == y.name && x.place == y.place && x.role == y.role && x.invitation == y.invitation &&
           x.serial == y.serial;
  };
  return a.id == b.id && a.title == b.title && a.time_zone == b.time_zone && a.mode == b.mode && a.stage == b.stage &&
         std::equal(a.seats.begin(), a.seats.end(), b.seats.begin(), b.seats.end(), seat);
}

TEST_F(RosterFileTest, what_was_saved_is_loaded_again) {
  SeededRandom random{3};
  auto roster = make_demo_roster(random);
  roster.mode = conference::Mode::conference;
  roster.seats[2].serial = 0xffff'ffffu;
  roster.seats[3].invitation.clear();
  ASSERT_TRUE(save_roster(folder_.string(), roster));
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(same(*loaded, roster));
}

TEST_F(RosterFileTest, the_file_is_ours_alone_and_replaced_as_a_whole) {
  SeededRandom random{3};
  auto roster = make_demo_roster(random);
  ASSERT_TRUE(save_roster(folder_.string(), roster));
  const auto draft = path().string() + ".new";
  std::ofstream(draft) << "left by a crash";
  fs::permissions(draft, fs::perms::owner_all | fs::perms::others_read);
  roster.title = "Another";
  ASSERT_TRUE(save_roster(folder_.string(), roster));
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(fs::exists(draft));
  EXPECT_EQ(load()->title, "Another");
}

TEST_F(RosterFileTest, what_cannot_be_written_leaves_the_file_as_it_was_and_says_why) {
  SeededRandom random{3};
  auto roster = make_demo_roster(random);
  ASSERT_TRUE(save_roster(folder_.string(), roster));
  fs::create_directories(path().string() + ".new/in the way");
  roster.title = "Another";
  const auto saved = save_roster(folder_.string(), roster);
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message, HasSubstr("cannot be written"));
  EXPECT_THAT(saved.error().message, EndsWith("."));
  EXPECT_NE(load()->title, "Another");
  EXPECT_FALSE(save_roster("/proc/none", roster));
}

TEST_F(RosterFileTest, a_conference_without_a_file_has_nobody_invited) {
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->id, "demo");
  EXPECT_EQ(loaded->title, "demo");
  EXPECT_TRUE(loaded->seats.empty());
}

TEST_F(RosterFileTest, the_demos_links_are_made_once) {
  SeededRandom random{3};
  const auto first = open_demo_roster(folder_.string(), random);
  const auto second = open_demo_roster(folder_.string(), random);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(same(*first, *second));
  EXPECT_EQ(std::count_if(first->seats.begin(), first->seats.end(),
                          [](const auto& seat) { return seat.role == conference::Role::site; }),
            14);
}

TEST_F(RosterFileTest, absent_members_have_their_defaults) {
  write(R"({"seats":[{"id":"a","role":"site"}]})");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->title, "demo");
  EXPECT_EQ(loaded->time_zone, "");
  EXPECT_EQ(loaded->seats[0].place, "");
  EXPECT_EQ(loaded->mode, conference::Mode::discussion);
  EXPECT_EQ(loaded->seats[0].name, "a");
  EXPECT_EQ(loaded->seats[0].serial, 1u);
  EXPECT_EQ(loaded->seats[0].invitation, "");
}

TEST_F(RosterFileTest, mistakes_are_told_in_a_sentence_that_names_the_file_and_the_seat) {
  const std::string key = "0123456789abcdef0123456789abcdef";
  const std::vector<std::pair<std::string, std::string>> table{
      {refused(""), "is not JSON"},
      {refused("{\"seats\":[]} x"), "is not JSON"},
      {refused("[]"), "is not a JSON object"},
      {refused("{}"), "has no list of seats"},
      {refused(R"({"seats":{}})"), "has no list of seats"},
      {refused(R"({"seats":[5]})"), "a seat that is no object"},
      {refused(R"({"title":5,"seats":[]})"), "a title that is no text"},
      {refused(R"({"title":")" + std::string(257, 'x') + R"(","seats":[]})"), "a title that is no text"},
      {refused(R"({"mode":"discusion","seats":[]})"), "a mode that is neither"},
      {refused(R"({"mode":1,"seats":[]})"), "a mode that is neither"},
      {refused(R"({"time_zone":"Asia/Saigonn","seats":[]})"), "the time_zone \"Asia/Saigonn\", which is none"},
      {refused(R"({"time_zone":"../etc/passwd","seats":[]})"), "the time_zone \"../etc/passwd\", which is none"},
      {refused(R"({"time_zone":7,"seats":[]})"), "the time_zone \"\", which is none"},
      {refused(R"({"stage":"a","seats":[]})"), "puts on stage"},
      {refused(R"({"stage":"a","seats":[{"id":"a","role":"viewer"}]})"), "puts on stage"},
      {refused_seat(R"("role":"site")"), "a seat with the id \"\""},
      {refused_seat(R"("id":"a b","role":"site")"), "a seat with the id \"a b\""},
      {refused_seat(R"("id":"a")"), "gives seat a no role"},
      {refused_seat(R"("id":"a","role":"king")"), "gives seat a no role"},
      {refused_seat(R"("id":"a","role":"site","name":5)"), "gives seat a a name"},
      {refused_seat(R"("id":"a","role":"site","name":")" + std::string(129, 'x') + '"'), "gives seat a a name"},
      {refused_seat(R"("id":"a","role":"site","place":5)"), "gives seat a a place"},
      {refused_seat(R"("id":"a","role":"site","place":")" + std::string(129, 'x') + '"'), "gives seat a a place"},
      {refused_seat(R"("id":"a","role":"site","invitation":"short")"), "an invitation that is not"},
      {refused_seat(R"("id":"a","role":"site","serial":0)"), "a serial that is no number"},
      {refused_seat(R"("id":"a","role":"site","serial":4294967296)"), "a serial that is no number"},
      {refused_seat(R"("id":"a","role":"site","serial":"2")"), "a serial that is no number"},
      {refused(R"({"seats":[{"id":"a","role":"site"},{"id":"a","role":"hall"}]})"), "has the seat a twice"},
      {refused(R"({"seats":[{"id":"a","role":"site","invitation":")" + key +
               R"("},{"id":"b","role":"hall","invitation":")" + key + R"("}]})"),
       "another seat's invitation"},
  };
  for (const auto& [sentence, part] : table) {
    EXPECT_THAT(sentence, HasSubstr(part));
    EXPECT_THAT(sentence, HasSubstr(path().string()));
    EXPECT_THAT(sentence, EndsWith("."));
  }
  std::string many = R"({"seats":[)";
  for (std::size_t i = 0; i <= conference::State::kMaxSeats; ++i)
    many += (i ? "," : "") + std::string(R"({"id":"s)") + std::to_string(i) + R"(","role":"site"})";
  EXPECT_THAT(refused(many + "]}"), HasSubstr("more seats"));
}

TEST_F(RosterFileTest, letters_are_counted_and_not_their_octets) {
  std::string name;
  for (int i = 0; i < 128; ++i) name += "ệ";
  write(R"({"seats":[{"id":"a","role":"site","name":")" + name + R"("}]})");
  ASSERT_TRUE(load());
  EXPECT_EQ(load()->seats[0].name, name);
}

}  // namespace
}  // namespace bridgehall::app
