#include "app/demo_roster.h"

#include "base/random_text.h"

namespace bridgehall::app {
namespace {

using conference::Role;

struct DemoSeat {
  const char* id;
  const char* name;
  const char* place;
  Role role;
};

constexpr DemoSeat kSeats[] = {
    {"hall", "Hội trường", "Hà Nội", Role::hall},
    {"screen", "Màn chiếu", "Hội trường", Role::viewer},
    {"chair", "Chủ tọa", "Hội trường", Role::chair},
    {"moderator", "Điều phối kỹ thuật", "Hội trường", Role::moderator},
    {"presenter", "Báo cáo viên", "Hội trường", Role::presenter},
    {"ha-giang", "Hà Giang", "TP. Hà Giang", Role::site},
    {"cao-bang", "Cao Bằng", "TP. Cao Bằng", Role::site},
    {"bac-kan", "Bắc Kạn", "TP. Bắc Kạn", Role::site},
    {"lang-son", "Lạng Sơn", "TP. Lạng Sơn", Role::site},
    {"tuyen-quang", "Tuyên Quang", "TP. Tuyên Quang", Role::site},
    {"thai-nguyen", "Thái Nguyên", "TP. Thái Nguyên", Role::site},
    {"phu-tho", "Phú Thọ", "TP. Việt Trì", Role::site},
    {"bac-giang", "Bắc Giang", "TP. Bắc Giang", Role::site},
    {"lao-cai", "Lào Cai", "TP. Lào Cai", Role::site},
    {"yen-bai", "Yên Bái", "TP. Yên Bái", Role::site},
    {"dien-bien", "Điện Biên", "TP. Điện Biên Phủ", Role::site},
    {"lai-chau", "Lai Châu", "TP. Lai Châu", Role::site},
    {"son-la", "Sơn La", "TP. Sơn La", Role::site},
    {"hoa-binh", "Hòa Bình", "TP. Hòa Bình", Role::site},
    {"delegate-1", "Đại biểu 1", "Huyện Đồng Văn, Hà Giang", Role::delegate},
    {"delegate-2", "Đại biểu 2", "Thị xã Sa Pa, Lào Cai", Role::delegate},
    {"delegate-3", "Đại biểu 3", "Huyện Na Hang, Tuyên Quang", Role::delegate},
};

}  // namespace

conference::Roster make_demo_roster(RandomSource& random) {
  conference::Roster roster{.id = "demo",
                            .title = "Hội nghị tập huấn trực tuyến",
                            .time_zone = "Asia/Ho_Chi_Minh",
                            .mode = conference::Mode::discussion,
                            .stage = "hall"};
  for (const auto& seat : kSeats)
    roster.seats.push_back({.id = seat.id,
                            .name = seat.name,
                            .place = seat.place,
                            .role = seat.role,
                            .invitation = random_hex(random, conference::kKeyBytes)});
  return roster;
}

}  // namespace bridgehall::app
