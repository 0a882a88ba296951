#include "web/backups_api.h"

#include "web/control_testing.h"

namespace bridgehall::web {
namespace {

class BackupsApiTest : public ControlFixture {
 protected:
  BackupsApiTest() {
    back_up = [this](BackupDone when_done) {
      if (done) return false;
      done = std::move(when_done);
      return true;
    };
    restart();
  }
  Request order(const std::string& bearer) { return request("POST", "/api/backups", bearer); }
  Response answer() {
    auto late = control->poll_answer();
    EXPECT_TRUE(late);
    return late ? std::move(late->response) : Response{};
  }

  const std::string administrator = token("administrator", "root", "*");
  BackupDone done;  // of the one that is being made
};

TEST_F(BackupsApiTest, are_made_for_administrators_only) {
  EXPECT_EQ(ask(order({})).status, 401);
  EXPECT_EQ(ask(order(token("moderator", "someone"))).status, 403);
  EXPECT_EQ(ask(request("GET", "/api/backups", administrator)).status, 405);
  EXPECT_FALSE(done);
}

TEST_F(BackupsApiTest, are_answered_when_they_are_made_one_at_a_time) {
  EXPECT_FALSE(try_ask(order(administrator)));
  ASSERT_TRUE(done);
  EXPECT_EQ(ask(order(administrator)).status, 503);
  done("/data/backups/\"one\"");
  const auto made = answer();
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(nlohmann::json::parse(made.body)["folder"], "/data/backups/\"one\"");
  done = {};
  EXPECT_FALSE(try_ask(order(administrator)));
  done(fail("The disk is full."));
  const auto failed = answer();
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(problem(failed)["detail"], "The disk is full.");
}

TEST_F(BackupsApiTest, are_not_made_where_nothing_is_recorded) {
  back_up = {};
  restart();
  EXPECT_EQ(ask(order(administrator)).status, 409);
}

}  // namespace
}  // namespace bridgehall::web
