// Limits count failures and unauthenticated work, never an address whose tokens are valid: a hall of 150 phones sits
// behind one address, and an attacker among them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/control_testing.h"

namespace bridgehall::web {
namespace {

const SocketAddress kHall{IpAddress::v4(198, 51, 100, 7), 40'000};

class HallTest : public ControlFixture {
 protected:
  Request from_hall(Request request) {
    request.peer = kHall;
    return request;
  }
  Request bad_join(int number) {
    return from_hall(
        request("POST", "/whep/demo/stage", "bad-token-" + std::to_string(number), "application/sdp", "v=0"));
  }
  Request bad_invitation(int number) {
    return from_hall(request("POST", "/api/invitations/exchange", {}, "application/json",
                             "{\"invitation\":\"guess-" + std::to_string(number) + "\"}"));
  }
  // As WebSocketLinks does it; true when it is welcomed.
  bool hello(std::uint64_t link, const std::string& bearer) {
    const LinkId id{link};
    EXPECT_FALSE(
        control->open_link(id, "demo", from_hall(request("GET", "/api/conferences/demo/signalling")), at(now)));
    control->handle_message(
        id, messages::to_json(messages::ClientMessage(messages::Hello{.version = messages::kVersion, .token = bearer})),
        at(now));
    return control->greeted(id);
  }
  void drop(std::uint64_t link) { control->close_link(LinkId{link}, at(now)); }
};

TEST_F(HallTest, EveryPhoneGetsInThroughAFloodFromItsOwnAddress) {
  const auto attack = [&](int number) {
    for (int i = 0; i < 10; ++i) {
      const auto join = ask(bad_join(number * 10 + i));
      EXPECT_TRUE(join.status == 401 || join.status == 429) << join.status;
      EXPECT_NE(join.caller, Caller::known);
      ask(bad_invitation(number * 10 + i));
      const auto link = static_cast<std::uint64_t>(1'000'000 + number * 10 + i);
      EXPECT_FALSE(hello(link, "not-a-token"));
      drop(link);
    }
  };
  int in = 0;
  for (int phone = 0; phone < 150; ++phone) {
    attack(phone);
    const auto bearer = token("viewer", "guest-" + std::to_string(phone));
    const auto listed = ask(from_hall(request("GET", "/api/conferences/demo/publications", bearer)));
    EXPECT_EQ(listed.status, 200u);
    EXPECT_EQ(listed.caller, Caller::known);
    in += hello(static_cast<std::uint64_t>(phone + 1), bearer);
    now += 5ms;
  }
  EXPECT_EQ(in, 150);
}

TEST_F(HallTest, FailuresAreToldInWordsUntilThereAreTooMany) {
  for (std::uint32_t i = 0; i < FailureBudget::kTerms.at_once; ++i)
    ASSERT_EQ(ask(bad_join(static_cast<int>(i))).status, 401u);
  const auto refused = ask(bad_join(0));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.caller, Caller::refused_often);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(problem(refused)["type"], "urn:bridgehall:problem:too-many-failures");
  EXPECT_EQ(ask(bad_invitation(0)).status, 429u);
  // Another address has its own; and this one is told again in a while.
  auto elsewhere = bad_join(0);
  elsewhere.peer.ip = IpAddress::v4(198, 51, 100, 8);
  EXPECT_EQ(ask(elsewhere).status, 401u);
  now += FailureBudget::kTerms.interval;
  EXPECT_EQ(ask(bad_join(0)).status, 401u);
}

TEST_F(HallTest, AnAnswerSaysWhetherItsCallerIsKnown) {
  EXPECT_EQ(ask(from_hall(request("GET", "/"))).caller, Caller::stranger);
  EXPECT_EQ(ask(from_hall(request("GET", "/metrics"))).caller, Caller::stranger);
  EXPECT_EQ(ask(bad_join(1)).caller, Caller::refused);
  EXPECT_EQ(ask(from_hall(request("GET", "/api/conferences/demo/publications", token("viewer", "v")))).caller,
            Caller::known);
}

// An attacker's question is never worth more than a few times its own length; TCP has proven its address by then.
TEST_F(HallTest, RefusalsAreShort) {
  for (const auto& bad :
       {bad_join(1), bad_invitation(1), from_hall(request("BREW", "/pot")), from_hall(request("GET", "/%"))})
    EXPECT_LT(ask(bad).body.size(), 600u);
}

}  // namespace
}  // namespace bridgehall::web
