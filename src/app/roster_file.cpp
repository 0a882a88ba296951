#include "app/roster_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/demo_roster.h"
#include "app/time_zone.h"

namespace bridgehall::app {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kModes{"discussion", "conference"};
constexpr auto kMaxName = conference::kMaxNameForPeople;
constexpr std::size_t kMaxTitle = 256;  // in characters, as above

std::string path_of(const std::string& data_folder, const std::string& conference) {
  return (fs::path(data_folder) / "conferences" / (conference + ".json")).string();
}

std::unexpected<Error> refuse(const std::string& path, std::string_view what) {
  return fail(fmt::format("The roster {} {}.", path, what));
}

std::unexpected<Error> refuse_file(const std::string& path, std::string_view what, int error) {
  return refuse(path, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

// Empty where there is no such member; nullopt where it is no text, or too long for a page to be told.
std::optional<std::string> text(const Json& object, const char* name, std::size_t most) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return std::nullopt;
  auto value = found->get<std::string>();
  const auto characters = std::count_if(value.begin(), value.end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (static_cast<std::size_t>(characters) > most) return std::nullopt;
  return value;
}

// What random_key() makes: guessing it is hopeless.
bool is_invitation(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<conference::InvitedSeat> read_seat(const std::string& path, const Json& json) {
  if (!json.is_object()) return refuse(path, "has a seat that is no object");
  const auto id = text(json, "id", conference::kMaxNameLength);
  if (!id || !conference::is_valid_name(*id))
    return refuse(path, fmt::format("has a seat with the id \"{}\"; it needs 1 to 64 letters, digits, dots, hyphens "
                                    "or underscores",
                                    id.value_or("")));
  const auto name = text(json, "name", kMaxName);
  if (!name)
    return refuse(path, fmt::format("gives seat {} a name that is no text of at most {} characters", *id, kMaxName));
  const auto place = text(json, "place", kMaxName);
  if (!place)
    return refuse(path, fmt::format("gives seat {} a place that is no text of at most {} characters", *id, kMaxName));
  const auto role = conference::parse_role(text(json, "role", kMaxName).value_or(""));
  if (!role) return refuse(path, fmt::format("gives seat {} no role that there is", *id));
  const auto invitation = text(json, "invitation", kMaxName);
  if (!invitation || !(invitation->empty() || is_invitation(*invitation)))
    return refuse(path, fmt::format("gives seat {} an invitation that is not 32 hexadecimal digits", *id));
  const auto serial = json.value("serial", Json(1u));
  if (!serial.is_number_unsigned() || serial == 0u || serial > 0xffff'ffffu)
    return refuse(path, fmt::format("gives seat {} a serial that is no number from 1 to 4294967295", *id));
  return conference::InvitedSeat{.id = *id,
                                 .name = name->empty() ? *id : *name,
                                 .place = *place,
                                 .role = *role,
                                 .invitation = *invitation,
                                 .serial = serial.get<std::uint32_t>()};
}

bool can_be_on_stage(const conference::Roster& roster, const std::string& id) {
  return std::any_of(roster.seats.begin(), roster.seats.end(), [&](const auto& seat) {
    return seat.id == id && conference::may(seat.role, conference::Action::open_own_camera);
  });
}

Result<conference::Roster> read_roster(const std::string& path, const std::string& conference, const Json& json) {
  if (!json.is_object()) return refuse(path, "is not a JSON object");
  const auto title = text(json, "title", kMaxTitle), stage = text(json, "stage", conference::kMaxNameLength);
  if (!title) return refuse(path, fmt::format("has a title that is no text of at most {} characters", kMaxTitle));
  conference::Roster roster{.id = conference, .title = title->empty() ? conference : *title};
  const auto time_zone = text(json, "time_zone", kMaxTimeZone);
  if (!time_zone || !(time_zone->empty() || is_time_zone(*time_zone)))
    return refuse(path, fmt::format("has the time_zone \"{}\", which is none that is known here; it is written as in "
                                    "the time zone database, for example Asia/Ho_Chi_Minh",
                                    time_zone.value_or("")));
  roster.time_zone = *time_zone;
  if (json.contains("mode")) {
    const auto mode = std::find(kModes.begin(), kModes.end(), text(json, "mode", kMaxName));
    if (mode == kModes.end()) return refuse(path, "has a mode that is neither discussion nor conference");
    roster.mode = static_cast<conference::Mode>(mode - kModes.begin());
  }
  const auto seats = json.find("seats");
  if (seats == json.end() || !seats->is_array()) return refuse(path, "has no list of seats");
  if (seats->size() > conference::State::kMaxSeats) return refuse(path, "has more seats than a conference may have");
  std::set<std::string> ids, invitations;
  for (const auto& entry : *seats) {
    auto seat = read_seat(path, entry);
    if (!seat) return std::unexpected(seat.error());
    if (!ids.insert(seat->id).second) return refuse(path, fmt::format("has the seat {} twice", seat->id));
    if (!seat->invitation.empty() && !invitations.insert(seat->invitation).second)
      return refuse(path, fmt::format("gives seat {} another seat's invitation", seat->id));
    roster.seats.push_back(std::move(*seat));
  }
  if (!stage || (!stage->empty() && !can_be_on_stage(roster, *stage)))
    return refuse(path, "puts on stage what is no seat of it, or a viewer");
  roster.stage = *stage;
  return roster;
}

std::string write_roster(const conference::Roster& roster) {
  auto seats = Json::array();
  for (const auto& seat : roster.seats)
    seats.push_back({{"id", seat.id},
                     {"name", seat.name},
                     {"place", seat.place},
                     {"role", conference::role_name(seat.role)},
                     {"invitation", seat.invitation},
                     {"serial", seat.serial}});
  const Json json{{"title", roster.title},
                  {"time_zone", roster.time_zone},
                  {"mode", kModes[static_cast<std::size_t>(roster.mode)]},
                  {"stage", roster.stage},
                  {"seats", std::move(seats)}};
  return json.dump(2) + "\n";
}

// 0 or errno.
int write_to(const std::string& path, const std::string& content) {
  ::unlink(path.c_str());  // one that a crash has left may be readable by others
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  std::size_t written = 0;
  int error = 0;
  while (error == 0 && written < content.size()) {
    const auto count = ::write(file, content.data() + written, content.size() - written);
    if (count < 0 && errno != EINTR) error = errno;
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  if (error == 0 && ::fsync(file) != 0) error = errno;
  ::close(file);
  return error;
}

}  // namespace

Result<conference::Roster> load_roster(const std::string& data_folder, const std::string& conference) {
  const auto path = path_of(data_folder, conference);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::error_code error;
    if (fs::exists(path, error)) return refuse(path, "cannot be read");
    return conference::Roster{.id = conference, .title = conference};
  }
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto json = Json::parse(content, nullptr, false);
  if (json.is_discarded()) return refuse(path, "is not JSON");
  return read_roster(path, conference, json);
}

Result<void> save_roster(const std::string& data_folder, const conference::Roster& roster) {
  const auto path = path_of(data_folder, roster.id);
  const auto folder = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return refuse_file(path, "cannot be written", error.value());
  const auto draft = path + ".new";
  int failed = write_to(draft, write_roster(roster));
  if (failed == 0 && ::rename(draft.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(draft.c_str());  // half a file takes room, which is what may be missing
    return refuse_file(path, "cannot be written", failed);
  }
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

Result<conference::Roster> open_demo_roster(const std::string& data_folder, RandomSource& random) {
  auto roster = load_roster(data_folder, "demo");
  if (!roster || !roster->seats.empty()) return roster;
  auto made = make_demo_roster(random);
  if (const auto saved = save_roster(data_folder, made); !saved) return std::unexpected(saved.error());
  return made;
}

}  // namespace bridgehall::app
