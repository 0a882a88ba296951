#include "web/pages.h"

#include "web/pages_testing.h"

namespace bridgehall::web {
namespace {

using messages::ByeCode;
using messages::RefusalCode;

// -- hello --

TEST_F(PagesTest, a_hello_is_answered_by_a_welcome_and_all_that_the_seat_may_see) {
  auto page = open();
  EXPECT_FALSE(control->greeted(page.link()));
  page.say(hello("a"), moment());
  EXPECT_TRUE(control->greeted(page.link()));
  const auto all = page.read(moment());
  EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"welcome", "snapshot", "speaking"}));
  const auto& welcome = *find<messages::Welcome>(all);
  EXPECT_EQ(welcome.seat, "a");
  EXPECT_EQ(welcome.role, messages::Role::site) << "as the roster says";
  EXPECT_FALSE(welcome.resumed || welcome.joined);
  EXPECT_EQ(welcome.max_tiles, 9u);
  EXPECT_EQ(page.mirror.conference.title, "Demo");
  EXPECT_EQ(page.mirror.conference.stage, "hall");
  EXPECT_EQ(page.mirror.conference.seats.size(), 6u);
}

TEST_F(PagesTest, a_hello_that_cannot_be_accepted_is_refused_with_a_code_and_ended) {
  const auto later = std::chrono::hours{2};
  const auto signed_by = [&](const crypto::TokenKey& by, const std::string& conference, std::uint32_t serial,
                             crypto::UnixTime issued) {
    return by.sign({.conference = conference,
                    .role = "site",
                    .subject = "a",
                    .serial = serial,
                    .issued_at = issued,
                    .expires_at = issued + std::chrono::minutes{10}});
  };
  const crypto::TokenKey stranger{std::array<std::uint8_t, 32>{9}};
  struct Case {
    const char* what;
    messages::ClientMessage message;
    RefusalCode code;
  };
  const std::vector<Case> cases{
      {"expired", messages::Hello{1, signed_by(key, "demo", 1, kWall - later)}, RefusalCode::token_expired},
      {"another key", messages::Hello{1, signed_by(stranger, "demo", 1, kWall)}, RefusalCode::token_invalid},
      {"renewed", messages::Hello{1, signed_by(key, "demo", 2, kWall)}, RefusalCode::token_invalid},
      {"another conference", messages::Hello{1, signed_by(key, "other", 0, kWall)}, RefusalCode::token_invalid},
      {"no token", messages::Hello{1, "x"}, RefusalCode::token_invalid},
      {"another version", messages::Hello{2, seat_token("a")}, RefusalCode::wrong_version},
      {"another role", messages::Hello{1, token("moderator", "a")}, RefusalCode::not_allowed},
      {"no hello", messages::Lock{.id = 1, .locked = true}, RefusalCode::not_greeted},
      {"no hello", messages::Ping{}, RefusalCode::not_greeted},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    auto page = open();
    page.say(c.message, moment());
    const auto all = page.read(moment());
    EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"refused", "bye"}));
    EXPECT_EQ(refusal(all), c.code);
    EXPECT_EQ(bye(all), ByeCode::refused);
    EXPECT_FALSE(control->greeted(page.link()));
    ASSERT_TRUE(page.end());
    EXPECT_EQ(page.end()->code, 1008);
    page.say(hello("a"), moment());
    EXPECT_TRUE(page.read(moment()).empty()) << "too late";
  }
  auto page = open();
  page.say_text("{", moment());
  EXPECT_EQ(bye(page.read(moment())), ByeCode::refused);
}

TEST_F(PagesTest, who_was_not_invited_sits_on_a_new_seat_with_the_tokens_name) {
  auto chair = greeted("chair");
  auto page = open();
  page.say(messages::Hello{1, key.sign({.conference = "demo",
                                        .role = "delegate",
                                        .subject = "hoa-binh",
                                        .name = "Hòa Bình",
                                        .issued_at = kWall,
                                        .expires_at = kWall + std::chrono::hours{1}})},
           moment());
  EXPECT_TRUE(find<messages::Answer>(join(page)));
  chair.read(moment());
  EXPECT_EQ(seen(chair, "hoa-binh").name, "Hòa Bình");
  EXPECT_EQ(seen(chair, "hoa-binh").role, messages::Role::delegate);
  EXPECT_TRUE(seen(chair, "hoa-binh").present);
}

TEST_F(PagesTest, links_are_opened_for_conferences_that_there_are) {
  EXPECT_EQ(control->open_link(LinkId{900}, "nowhere", request("GET", "/"), moment())->status, 404);
  auto strange = request("GET", "/");
  strange.headers.set("Host", "evil.example");
  EXPECT_EQ(control->open_link(LinkId{901}, "demo", strange, moment())->status, 421);
  control->close_link(LinkId{901}, moment());
}

TEST_F(PagesTest, a_second_hello_and_unknown_messages_are_refused_and_the_page_stays) {
  auto page = greeted("a");
  EXPECT_EQ(refusal(said(page, hello("a"))), RefusalCode::malformed);
  page.say_text(R"({"type":"dance","id":7})", moment());
  const auto all = page.read(moment());
  EXPECT_EQ(refusal(all), RefusalCode::unknown_type);
  EXPECT_EQ(find<messages::Refused>(all)->id, 7u);
  EXPECT_TRUE(find<messages::Pong>(said(page, messages::Ping{})));
  EXPECT_FALSE(page.end());
}

// -- join --

TEST_F(PagesTest, a_join_is_answered_when_the_media_core_has_made_the_session) {
  auto page = greeted("a");
  core.willing = false;
  auto all = join(page);
  EXPECT_FALSE(find<messages::Answer>(all));
  EXPECT_TRUE(find<messages::Happened>(all)) << "it sits there already";
  EXPECT_FALSE(find<messages::Slots>(all)) << "numbers of slots that the page has not heard of yet";
  const auto& create = **core.last<std::unique_ptr<media::CreatePeer>>();
  EXPECT_EQ(create.incoming.size(), 3u);
  EXPECT_EQ(create.outgoing.size(), 14u);
  core.say(media::PeerCreated{create.peer});
  control->handle_events(moment());
  all = page.read(moment());
  EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"answer", "slots"}));
  const auto& answer = *find<messages::Answer>(all);
  EXPECT_EQ(answer.id, ids);
  EXPECT_THAT(answer.answer, testing::HasSubstr("a=ice-ufrag:" + create.transport.local.ufrag));
  ASSERT_EQ(answer.slots.size(), 14u);
  for (std::size_t i = 0; i < answer.slots.size(); ++i) {
    EXPECT_EQ(answer.slots[i].slot, i);
    EXPECT_EQ(answer.slots[i].mid, create.outgoing[i].track.mid);
  }
  EXPECT_EQ(find<messages::Slots>(all)->slots.size(), 11u) << "all but the voices";
  EXPECT_TRUE(seen(page, "a").present && seen(page, "a").microphone.open && seen(page, "a").camera.open);
}

TEST_F(PagesTest, firefox_joins_too) {
  auto page = greeted("a");
  EXPECT_TRUE(find<messages::Answer>(said(page, join_message(sdp("firefox_participant")))));
}

TEST_F(PagesTest, a_join_that_the_media_core_refuses_is_refused_and_can_be_tried_again) {
  auto page = greeted("a");
  core.refusing = true;
  EXPECT_EQ(refusal(join(page)), RefusalCode::full);
  EXPECT_TRUE(seen(page, "a").sends.empty());
  core.refusing = false;
  EXPECT_TRUE(find<messages::Answer>(join(page)));
}

TEST_F(PagesTest, a_silent_media_core_is_waited_for_five_seconds) {
  auto page = greeted("a");
  core.willing = false;
  join(page);
  EXPECT_EQ(control->next_deadline(), now + kMediaTimeout);
  now += kMediaTimeout;
  control->handle_timeout(moment());
  EXPECT_EQ(refusal(page.read(moment())), RefusalCode::full);
  const auto peer = (*core.last<std::unique_ptr<media::CreatePeer>>())->peer;
  EXPECT_EQ(core.last<media::ClosePeer>()->peer, peer);
  core.say(media::PeerCreated{peer});
  core.say(media::PeerClosed{peer});
  control->handle_events(moment());
  EXPECT_EQ(count<messages::Answer>(page.read(moment())), 0u) << "too late";
  core.willing = true;
  EXPECT_TRUE(find<messages::Answer>(join(page)));
}

TEST_F(PagesTest, one_join_at_a_time_until_its_answer_was_read) {
  auto page = greeted("a");
  core.willing = false;
  join(page);
  EXPECT_EQ(refusal(join(page)), RefusalCode::busy);
  EXPECT_EQ(core.count<std::unique_ptr<media::CreatePeer>>(), 1u);
  core.say(media::PeerCreated{(*core.last<std::unique_ptr<media::CreatePeer>>())->peer});
  control->handle_events(moment());
  core.willing = true;
  page.say(join_message(sdp("chromium_participant"), 7), moment());
  EXPECT_EQ(core.count<std::unique_ptr<media::CreatePeer>>(), 1u) << "its answer lies there unread";
  page.read(moment());
  EXPECT_TRUE(find<messages::Answer>(join(page)));
  EXPECT_EQ(core.last<media::ClosePeer>()->peer, media::PeerId{1}) << "in place of the session before";
}

TEST_F(PagesTest, joins_that_ask_for_too_much_or_the_wrong_thing_are_refused_in_words) {
  auto page = greeted("a");
  const auto with = [&](auto change) {
    auto join = join_message(sdp("chromium_participant"), ++ids);
    change(join);
    now += 10s;
    const auto all = said(page, join);
    EXPECT_TRUE(find<messages::Refused>(all));
    return refusal(all);
  };
  using messages::SlotUse;
  using messages::TrackUse;
  EXPECT_EQ(with([](auto& j) { j.offer = "nothing"; }), RefusalCode::bad_offer);
  EXPECT_EQ(with([](auto& j) { j.sends[1].use = TrackUse::microphone; }), RefusalCode::bad_offer);
  EXPECT_EQ(with([](auto& j) { j.slots[4].use = SlotUse::stage; }), RefusalCode::bad_offer);
  EXPECT_EQ(with([](auto& j) { j.slots[3].use = SlotUse::voice; }), RefusalCode::bad_offer) << "a fourth voice";
  EXPECT_EQ(with([](auto& j) { j.slots[4].mid = "99"; }), RefusalCode::bad_offer);
  EXPECT_EQ(with([](auto& j) { j.slots[4].mid = "3"; }), RefusalCode::bad_offer) << "named twice";
  EXPECT_EQ(with([](auto& j) { j.slots.push_back({"16", SlotUse::tile}); }), RefusalCode::bad_offer);
  auto guest = greeted("guest");
  EXPECT_EQ(refusal(join(guest)), RefusalCode::bad_offer) << "a viewer sends nothing";
  EXPECT_TRUE(find<messages::Answer>(join(guest, false)));
  EXPECT_EQ(core.count<std::unique_ptr<media::CreatePeer>>(), 1u);
}

TEST_F(PagesTest, a_locked_conference_refuses_joins) {
  auto chair = seated("chair");
  said(chair, messages::Lock{1, true});
  auto page = greeted("a");
  EXPECT_EQ(refusal(join(page)), RefusalCode::locked);
}

TEST_F(PagesTest, ice_is_restarted_for_who_has_joined) {
  auto page = greeted("a");
  const messages::RestartIce restart{5, "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"};
  EXPECT_EQ(refusal(said(page, restart)), RefusalCode::not_joined);
  join(page);
  const auto all = said(page, restart);
  ASSERT_TRUE(find<messages::IceRestarted>(all));
  EXPECT_EQ(find<messages::IceRestarted>(all)->id, 5u);
  EXPECT_THAT(find<messages::IceRestarted>(all)->fragment,
              testing::HasSubstr("a=ice-ufrag:" + core.last<media::RestartIce>()->local.ufrag));
  EXPECT_EQ(refusal(said(page, messages::RestartIce{6, "a=ice-lite\r\n"})), RefusalCode::bad_offer);
  core.willing = false;
  said(page, messages::RestartIce{7, restart.fragment});
  core.say(media::PeerClosed{media::PeerId{1}});
  control->handle_events(moment());
  EXPECT_EQ(refusal(page.read(moment())), RefusalCode::full) << "it ended meanwhile";
  EXPECT_EQ(refusal(said(page, restart)), RefusalCode::not_joined);
}

TEST_F(PagesTest, a_demand_fills_slots_and_the_page_is_told_what_they_show) {
  auto a = seated("a");
  auto b = seated("b");
  a.read(moment());
  const auto all = said(b, messages::Demand{9, {{.slot = 2, .seat = "a", .quality = messages::Quality::low}}});
  const auto* fill = core.last<media::FillSlot>();
  ASSERT_TRUE(fill);
  EXPECT_EQ(fill->slot, 2);
  EXPECT_EQ(fill->layer, 0);
  EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"done", "slots"}));
  EXPECT_EQ(find<messages::Slots>(all)->slots,
            (std::vector<messages::SlotContent>{{2, "a", messages::SlotState::waiting, messages::Quality::low}}));
  core.say(media::SlotChanged{fill->peer, 2, fill->publication, media::SlotFlow::showing});
  control->handle_events(moment());
  EXPECT_EQ(find<messages::Slots>(b.read(moment()))->slots[0].state, messages::SlotState::showing);
  EXPECT_TRUE(a.read(moment()).empty()) << "it is no concern of others";
}

// -- commands --

TEST_F(PagesTest, a_command_is_done_after_the_event_that_it_caused_and_all_see_it) {
  auto chair = seated("chair");
  auto a = seated("a");
  chair.read(moment());
  const auto all = said(chair, messages::CloseMicrophone{4, "a"});
  EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"happened", "done"}));
  EXPECT_EQ(find<messages::Done>(all)->id, 4u);
  EXPECT_FALSE(core.last<media::SetGate>()->open);
  const auto told = a.read(moment());
  EXPECT_EQ(kinds(told), (std::vector<std::string_view>{"happened", "may_changed"}));
  EXPECT_EQ(refusal(said(a, messages::OpenMicrophone{5, "a"})), RefusalCode::needs_floor);
  EXPECT_EQ(refusal(said(a, messages::Remove{6, "chair"})), RefusalCode::not_allowed);
  EXPECT_EQ(refusal(said(chair, messages::Remove{7, "nobody"})), RefusalCode::unknown_seat);
  EXPECT_EQ(refusal(said(chair, messages::Remove{8, "b"})), RefusalCode::not_connected);
  expect_in_step(chair);
}

TEST_F(PagesTest, commands_come_after_joining) {
  auto page = greeted("chair");
  const auto all = said(page, messages::Lock{3, true});
  EXPECT_EQ(refusal(all), RefusalCode::not_joined);
  EXPECT_EQ(find<messages::Refused>(all)->id, 3u);
}

TEST_F(PagesTest, words_to_the_chair_reach_the_chair_and_their_writer_only) {
  auto chair = seated("chair");
  auto a = seated("a");
  auto b = seated("b");
  auto guest = greeted("guest");
  for (auto* page : {&chair, &a, &b, &guest}) page->read(moment());
  said(a, messages::Chat{1, "Psst", messages::Audience::chair});
  said(a, messages::RaiseHand{2, messages::HandKind::reply});
  EXPECT_EQ(count<messages::Happened>(chair.read(moment())), 2u);
  EXPECT_EQ(count<messages::Happened>(b.read(moment())), 1u);
  EXPECT_TRUE(guest.read(moment()).empty());
  for (auto* page : {&chair, &a, &b, &guest}) expect_in_step(*page);
}

TEST_F(PagesTest, while_the_media_core_is_busy_closing_still_goes_on) {
  auto chair = seated("chair");
  auto a = seated("a");
  auto b = seated("b");
  core.full = true;
  said(chair, messages::SetStage{1, "a"});
  const auto refused = said(chair, messages::SetStage{2, "b"});
  EXPECT_EQ(refusal(refused), RefusalCode::busy);
  EXPECT_EQ(refusal(said(a, messages::Demand{3, {{.slot = 2, .seat = "b", .quality = messages::Quality::low}}})),
            RefusalCode::busy);
  EXPECT_TRUE(find<messages::Done>(said(chair, messages::CloseMicrophone{4, "a"})));
  EXPECT_TRUE(find<messages::Done>(said(a, messages::Chat{5, "Hello", messages::Audience::everyone})));
  const auto before = core.commands.size();
  EXPECT_EQ(control->next_deadline(), now + Control::kRetryPush);
  core.full = false;
  now += Control::kRetryPush;
  control->handle_timeout(moment());
  EXPECT_GT(core.commands.size(), before);
  EXPECT_FALSE(core.last<media::SetGate>()->open);
  EXPECT_TRUE(find<messages::Done>(said(chair, messages::SetStage{6, "b"})));
}

// -- coming back --

TEST_F(PagesTest, a_page_that_comes_back_follows_where_it_was) {
  auto chair = seated("chair");
  auto a = seated("a");
  const auto sequence = a.mirror.sequence;
  control->close_link(a.link(), moment());
  said(chair, messages::Chat{1, "One", messages::Audience::everyone});
  said(chair, messages::CloseMicrophone{2, "a"});
  auto back = open();
  back.mirror = a.mirror;
  back.say(hello("a", messages::Resume{a.session, sequence}), moment());
  const auto all = back.read(moment());
  EXPECT_EQ(kinds(all), (std::vector<std::string_view>{"welcome", "happened", "happened", "slots", "speaking"}));
  EXPECT_TRUE(find<messages::Welcome>(all)->resumed && find<messages::Welcome>(all)->joined);
  EXPECT_EQ(back.session, a.session);
  EXPECT_FALSE(core.count<media::ClosePeer>()) << "its media went on";
  back.read(moment());
  EXPECT_FALSE(seen(back, "a").microphone.open);
}

TEST_F(PagesTest, one_that_was_away_for_too_long_takes_a_snapshot) {
  auto chair = seated("chair");
  auto a = seated("a");
  control->close_link(a.link(), moment());
  for (std::size_t i = 0; i <= conference::EventLog::kCapacity; ++i) {
    now += 100ms;
    control->handle_message(
        chair.link(),
        messages::to_json(messages::ClientMessage(messages::Chat{1, "Word", messages::Audience::everyone})), moment());
    chair.read(moment());
    if (i % 100 != 0) continue;
    auto keeps = open();  // so that its seat does not expire
    keeps.say(hello("a", messages::Resume{a.session, a.mirror.sequence}), moment());
    control->close_link(keeps.link(), moment());
  }
  auto back = open();
  back.say(hello("a", messages::Resume{a.session, a.mirror.sequence}), moment());
  const auto all = back.read(moment());
  EXPECT_TRUE(find<messages::Welcome>(all)->resumed);
  EXPECT_EQ(count<messages::Snapshot>(all), 1u);
  EXPECT_EQ(count<messages::Happened>(all), 0u);
  EXPECT_EQ(back.mirror.conference.chat.size(), conference::State::kMaxChat);
}

TEST_F(PagesTest, a_sequence_that_has_not_happened_gets_a_snapshot) {
  auto a = seated("a");
  auto back = open();
  back.say(hello("a", messages::Resume{a.session, 1'000'000}), moment());
  EXPECT_EQ(count<messages::Snapshot>(back.read(moment())), 1u);
  a.read(moment());
  ASSERT_TRUE(a.end());
  EXPECT_EQ(a.end()->code, 1000) << "the socket before is closed without words: its page has this one";
  control->close_link(a.link(), moment());
  now += conference::Host::kGrace;
  control->handle_timeout(moment());
  EXPECT_FALSE(back.end());
  EXPECT_TRUE(find<messages::Done>(said(back, messages::RaiseHand{1, {}})));
}

TEST_F(PagesTest, after_a_restart_of_the_server_a_returning_microphone_stays_closed) {
  auto before = seated("a");
  EXPECT_TRUE(seen(before, "a").microphone.open);
  restart_server();
  auto page = open();
  page.say(hello("a", messages::Resume{before.session, before.mirror.sequence}), moment());
  EXPECT_FALSE(find<messages::Welcome>(page.read(moment()))->resumed);
  core.refusing = true;
  join(page);
  core.refusing = false;
  EXPECT_TRUE(find<messages::Answer>(join(page)));
  EXPECT_FALSE(seen(page, "a").microphone.open) << "also after an attempt that failed";
  EXPECT_TRUE(seen(page, "a").camera.open);
  EXPECT_TRUE(find<messages::Done>(said(page, messages::OpenMicrophone{1, "a"})));
  EXPECT_TRUE(seen(page, "a").microphone.open);
}

TEST_F(PagesTest, a_page_that_falls_silent_leaves_its_seat_after_the_grace) {
  auto chair = seated("chair");
  auto a = seated("a");
  control->close_link(a.link(), moment());
  chair.read(moment());
  EXPECT_TRUE(seen(chair, "a").present);
  now += conference::Host::kGrace;
  control->handle_timeout(moment());
  chair.read(moment());
  EXPECT_FALSE(seen(chair, "a").present);
}

// -- being sent away --

TEST_F(PagesTest, a_second_page_of_a_seat_replaces_the_first) {
  auto first = seated("a");
  auto second = greeted("a");
  const auto all = first.read(moment());
  EXPECT_EQ(bye(all), ByeCode::replaced);
  EXPECT_EQ(first.end()->code, 1008);
  control->close_link(first.link(), moment());
  EXPECT_FALSE(find<messages::Slots>(second.read(moment()))) << "the first one's slots are nothing to it";
  EXPECT_TRUE(find<messages::Answer>(join(second)));
  EXPECT_TRUE(seen(second, "a").present);
}

TEST_F(PagesTest, who_is_removed_hears_so_and_sees_nothing_after) {
  auto chair = seated("chair");
  auto a = seated("a");
  a.read(moment());
  said(chair, messages::Remove{1, "a"});
  said(chair, messages::Chat{2, "Now that they are gone", messages::Audience::everyone});
  const auto all = a.read(moment());
  EXPECT_EQ(kinds(all), std::vector<std::string_view>{"bye"});
  EXPECT_EQ(bye(all), ByeCode::removed);
  EXPECT_EQ(core.count<media::ClosePeer>(), 1u);
}

TEST_F(PagesTest, whose_invitation_is_renewed_hears_so) {
  auto a = seated("a");
  const auto renewed = ask(request("POST", "/api/conferences/demo/seats/a/invitation", seat_token("mod")));
  EXPECT_EQ(renewed.status, 201);
  EXPECT_EQ(bye(a.read(moment())), ByeCode::revoked);
  auto again = open();
  again.say(hello("a"), moment());
  EXPECT_EQ(refusal(again.read(moment())), RefusalCode::token_invalid);
}

TEST_F(PagesTest, a_publisher_by_whip_takes_the_seat_from_its_page) {
  auto a = seated("a");
  ASSERT_EQ(ask(request("POST", "/whip/demo/a", seat_token("a"), "application/sdp", sdp("chromium_publisher"))).status,
            201);
  EXPECT_EQ(bye(a.read(moment())), ByeCode::replaced);
}

TEST_F(PagesTest, a_seat_that_a_moderator_publishes_as_is_not_taken) {
  ASSERT_EQ(
      ask(request("POST", "/whip/demo/a", seat_token("mod"), "application/sdp", sdp("chromium_publisher"))).status,
      201);
  auto a = greeted("a");
  EXPECT_EQ(refusal(join(a)), RefusalCode::not_allowed);
}

TEST_F(PagesTest, who_leaves_is_let_go) {
  auto chair = seated("chair");
  auto a = seated("a");
  const auto all = said(a, messages::Leave{9});
  EXPECT_EQ(find<messages::Done>(all)->id, 9u);
  EXPECT_EQ(a.end()->code, 1000);
  control->close_link(a.link(), moment());
  chair.read(moment());
  EXPECT_FALSE(seen(chair, "a").present);
}

TEST_F(PagesTest, draining_tells_everyone_to_come_back) {
  auto a = seated("a");
  auto b = greeted("b");
  auto silent = open();
  control->drain(moment());
  for (auto* page : {&a, &b, &silent}) {
    EXPECT_EQ(bye(page->read(moment())), ByeCode::draining);
    EXPECT_EQ(page->end()->code, 1012);
  }
  EXPECT_EQ(control->open_link(LinkId{999}, "demo", request("GET", "/"), moment())->status, 503);
  control->handle_events(moment());
  EXPECT_TRUE(control->drained());
}

TEST_F(PagesTest, a_page_that_does_not_read_its_answers_is_ended) {
  auto page = greeted("a");
  for (std::size_t i = 0; i <= Pages::kMaxReplies; ++i) {
    now += 100ms;
    page.say(messages::Ping{}, moment());
  }
  const auto all = page.read(moment());
  EXPECT_EQ(kinds(all), std::vector<std::string_view>{"bye"});
  EXPECT_EQ(bye(all), ByeCode::too_slow);
}

TEST_F(PagesTest, a_page_that_asks_too_fast_is_told_to_wait_and_then_ended) {
  auto page = greeted("a");
  std::size_t told = 0;
  Messages all;
  for (int i = 0; i < 200 && !page.end(); ++i) {
    all = said(page, messages::RaiseHand{static_cast<std::uint32_t>(i), {}});
    told += refusal(all) == RefusalCode::too_fast;
  }
  EXPECT_GE(told, 50u);
  EXPECT_EQ(bye(all), ByeCode::too_fast);
  auto patient = greeted("b");
  for (int i = 0; i < 200; ++i) {
    now += 100ms;
    EXPECT_NE(refusal(said(patient, messages::RaiseHand{1, {}})), RefusalCode::too_fast);
  }
  auto long_winded = greeted("chair");
  for (int i = 0; i < 12; ++i) long_winded.say_text(std::string(LinkHost::kMaxText, 'x'), moment());
  EXPECT_EQ(bye(long_winded.read(moment())), ByeCode::too_fast) << "long texts count as many";
}

TEST_F(PagesTest, speakers_are_told_to_everyone) {
  auto a = seated("a");
  auto guest = greeted("guest");
  core.say(media::VoicesChanged{media::RoomId{1}, {media::PublicationId{1}}, 1});
  control->handle_events(moment());
  for (auto* page : {&a, &guest}) {
    const auto all = page->read(moment());
    ASSERT_TRUE(find<messages::Speaking>(all));
    EXPECT_EQ(find<messages::Speaking>(all)->seats, std::vector<std::string>{"a"});
  }
}

TEST_F(PagesTest, only_links_that_may_have_something_are_ready) {
  auto a = seated("a");
  auto b = greeted("b");
  while (control->poll_ready()) continue;
  EXPECT_FALSE(control->poll_ready());
  said(a, messages::RaiseHand{1, {}});
  std::set<LinkId> ready;
  while (const auto link = control->poll_ready()) EXPECT_TRUE(ready.insert(*link).second);
  EXPECT_EQ(ready, (std::set<LinkId>{a.link(), b.link()}));
}

}  // namespace
}  // namespace bridgehall::web
