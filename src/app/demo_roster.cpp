#include "app/demo_roster.h"

#include "base/random_text.h"

namespace bridgehall::app {
namespace {

using conference::Role;

struct DemoSeat {
  const char* id;
  const char* name;
  Role role;
};

constexpr DemoSeat kSeats[] = {
    {"hall", "Hội trường", Role::hall},
    {"chair", "Chủ tọa", Role::chair},
    {"moderator", "Điều phối kỹ thuật", Role::moderator},
    {"presenter", "Báo cáo viên", Role::presenter},
    {"ha-giang", "Hà Giang", Role::site},
    {"cao-bang", "Cao Bằng", Role::site},
    {"bac-kan", "Bắc Kạn", Role::site},
    {"lang-son", "Lạng Sơn", Role::site},
    {"tuyen-quang", "Tuyên Quang", Role::site},
    {"thai-nguyen", "Thái Nguyên", Role::site},
    {"phu-tho", "Phú Thọ", Role::site},
    {"bac-giang", "Bắc Giang", Role::site},
    {"lao-cai", "Lào Cai", Role::site},
    {"yen-bai", "Yên Bái", Role::site},
    {"dien-bien", "Điện Biên", Role::site},
    {"lai-chau", "Lai Châu", Role::site},
    {"son-la", "Sơn La", Role::site},
    {"hoa-binh", "Hòa Bình", Role::site},
    {"delegate-1", "Đại biểu 1", Role::delegate},
    {"delegate-2", "Đại biểu 2", Role::delegate},
    {"delegate-3", "Đại biểu 3", Role::delegate},
};

}  // namespace

conference::Roster make_demo_roster(RandomSource& random) {
  conference::Roster roster{
      .id = "demo", .title = "Hội nghị tập huấn trực tuyến", .mode = conference::Mode::discussion, .stage = "hall"};
  for (const auto& seat : kSeats)
    roster.seats.push_back(
        {.id = seat.id, .name = seat.name, .role = seat.role, .invitation = random_hex(random, conference::kKeyBytes)});
  return roster;
}

}  // namespace bridgehall::app
