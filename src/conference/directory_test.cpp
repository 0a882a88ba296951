#include "conference/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "conference/directory_testing.h"

namespace bridgehall::conference {
namespace {

using media::PeerId;
using media::PublicationId;
using wire::Codec;

const TimePoint kStart = TimePoint{} + 1h;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    directory.add_conference("demo");
    EXPECT_EQ(commands(), Words{"room 1"});
  }

  void open(const std::string& name) {
    directory.set_microphone("demo", name, true, false);
    directory.set_camera("demo", name, true);
  }

  PeerId publish(const std::string& name, Principal who,
                 std::vector<session::NegotiatedTrack> tracks = {track(Codec::opus), track(Codec::vp8)}) {
    EXPECT_TRUE(directory.publish_terms("demo", name, who));
    return directory.publish(publisher_order(name, std::move(who), std::move(tracks)), now)->peer;
  }
  PeerId view(const Names& names) {
    const auto terms = directory.view_terms("demo", names);
    EXPECT_TRUE(terms);
    return directory.view(viewer_order(*terms), *terms, now)->peer;
  }
  std::pair<DirectoryRefusal, Names> view_refusal(const Names& names, std::string_view conference = "demo") {
    const auto terms = directory.view_terms(conference, names);
    EXPECT_FALSE(terms);
    return {terms.error().why, terms.error().names};
  }
  Words commands() { return take_commands(directory); }

  SeededRandom random{7};
  Directory directory{DirectoryLimits{}, random};
  TimePoint now = kStart;
  const Principal moderator{Role::moderator, "mod"};
  const Principal site{Role::site, "site-1"};
};

TEST_F(DirectoryTest, sessions_that_never_connected_are_counted_by_what_was_heard_of_them) {
  const auto end = [&](PeerId peer, Duration after) {
    now += after;
    directory.handle_event(media::PeerClosed{peer, session::CloseReason::connect_timeout}, now);
  };
  end(publish("site-1", site), 30s);
  auto peer = publish("site-1", site);
  directory.handle_event(media::PeerHeard{peer, media::Heard::wrong_password}, now);
  EXPECT_EQ(directory.find(peer)->heard, media::Heard::wrong_password);
  end(peer, 30s);
  peer = publish("site-1", site);
  directory.handle_event(media::PeerHeard{peer, media::Heard::checks}, now);
  directory.handle_event(media::PeerConnected{peer}, now);
  end(peer, 30s);
  end(publish("site-1", site), 1s);  // a tab that was closed again
  EXPECT_EQ(directory.tally().never_heard, 1u);
  EXPECT_EQ(directory.tally().never_connected, 1u);
  EXPECT_EQ(directory.tally().connected, 1u);
}

TEST_F(DirectoryTest, a_publication_stays_closed_until_the_conference_opens_its_gates) {
  publish("site-1", site);
  EXPECT_EQ(commands(), (Words{"add 1", "add 2", "rank 1:0", "peer 1 in:1 in:2"}));
  directory.set_microphone("demo", "site-1", true, false);
  EXPECT_EQ(commands(), (Words{"open 1"}));
  directory.set_camera("demo", "site-1", true);
  EXPECT_EQ(commands(), (Words{"open 2"}));
  directory.set_camera("other", "site-1", false);
  EXPECT_EQ(commands(), Words{});
}

TEST_F(DirectoryTest, gates_that_were_opened_for_a_name_are_open_before_its_sender_exists) {
  open("stage");
  publish("stage", moderator);
  EXPECT_EQ(commands(), (Words{"add 1", "add 2", "open 1", "open 2", "rank 1:0", "peer 1 in:1 in:2"}));
}

TEST_F(DirectoryTest, the_stage_and_those_who_were_given_the_floor_are_heard_first) {
  publish("site-1", site);
  publish("site-2", {Role::site, "site-2"});
  directory.set_stage("demo", "site-2");
  commands();
  directory.set_microphone("demo", "site-1", true, true);
  EXPECT_EQ(commands(), (Words{"open 1", "rank 1:1"}));
  directory.set_stage("demo", "site-1");
  EXPECT_EQ(commands(), (Words{"rank 3:0", "rank 1:2"}));
  directory.set_stage("demo", "");
  EXPECT_EQ(commands(), (Words{"rank 1:1"}));
}

TEST_F(DirectoryTest, a_viewer_is_bound_to_the_publications_tracks_with_ssrcs_of_its_own) {
  publish("stage", moderator);
  commands();
  const auto terms = directory.view_terms("demo", Names{"stage"});
  ASSERT_TRUE(terms);
  ASSERT_EQ(terms->sources.size(), 2u);
  EXPECT_EQ(terms->sources[0].rtx_ssrc, Ssrc{});
  EXPECT_EQ(terms->sources[0].line, std::nullopt) << "whichever can take it";
  EXPECT_NE(terms->sources[1].ssrc, terms->sources[1].rtx_ssrc);
  auto order = viewer_order(*terms);
  order.negotiated.tracks.erase(order.negotiated.tracks.begin());  // it does not listen
  directory.view(std::move(order), *terms, now);
  auto command = directory.poll_command();
  const auto& create = std::get<std::unique_ptr<media::CreatePeer>>(*command);
  ASSERT_EQ(create->outgoing.size(), 1u);
  EXPECT_EQ(create->outgoing[0].publication, PublicationId{2});
  EXPECT_EQ(create->outgoing[0].ssrc, terms->sources[1].ssrc);
  EXPECT_EQ(create->outgoing[0].rtx_ssrc, terms->sources[1].rtx_ssrc);
}

TEST_F(DirectoryTest, what_nobody_publishes_cannot_be_viewed) {
  const std::pair nobody{DirectoryRefusal::nobody_publishes, Names{"stage"}};
  EXPECT_EQ(view_refusal({"stage"}), nobody);
  const auto peer = publish("stage", moderator);
  EXPECT_EQ(view_refusal({"site-1", "stage", "site-2"}),
            std::pair(DirectoryRefusal::nobody_publishes, Names({"site-1", "site-2"})));
  directory.handle_event(media::PeerClosed{peer}, now);
  EXPECT_EQ(view_refusal({"stage"}), nobody);
  EXPECT_EQ(view_refusal({"stage"}, "other"), std::pair(DirectoryRefusal::unknown_conference, Names{}));
}

TEST_F(DirectoryTest, of_several_names_each_has_the_lines_of_its_place_in_one_session) {
  publish("site-1", site);
  publish("site-2", moderator, {track(Codec::vp9)});
  publish("site-3", moderator);
  commands();
  const auto terms = directory.view_terms("demo", Names{"site-3", "site-2", "site-1"});
  ASSERT_TRUE(terms);
  std::set<Ssrc> ssrcs;
  std::vector<std::string> lines;
  for (const auto& source : terms->sources) {
    EXPECT_TRUE(ssrcs.insert(source.ssrc).second);
    lines.push_back(
        fmt::format("{} {} {}", source.stream_id, source.codec == Codec::opus ? "sound" : "picture", *source.line));
  }
  EXPECT_THAT(lines, testing::ElementsAre("site-3 sound 0", "site-3 picture 0", "site-2 picture 1", "site-1 sound 2",
                                          "site-1 picture 2"));
  directory.view(viewer_order(*terms), *terms, now);
  auto command = directory.poll_command();
  const auto& create = std::get<std::unique_ptr<media::CreatePeer>>(*command);
  std::vector<std::string> tracks;
  for (const auto& out : create->outgoing)
    tracks.push_back(fmt::format("{} {}", out.publication.value(), static_cast<int>(out.use)));
  EXPECT_THAT(tracks, testing::ElementsAre("5 1", "3 3", "2 3", "4 0", "1 0")) << "video first; the first is the stage";
  EXPECT_EQ(directory.counts().viewing, 1u);
}

TEST_F(DirectoryTest, a_session_of_several_names_outlives_their_senders_and_takes_up_who_comes_back) {
  auto first = publish("site-1", site);
  const auto second = publish("site-2", moderator);
  const auto viewer = view({"site-1", "site-2"});
  directory.handle_event(media::PeerClosed{first}, now);
  directory.handle_event(media::PeerClosed{second}, now);
  EXPECT_EQ(directory.next_deadline(), kNever) << "it keeps both names";
  commands();
  first = publish("site-1", site);
  EXPECT_EQ(commands(), (Words{"rank 1:0", "peer 4 in:1 in:2"})) << "the same tracks";
  EXPECT_EQ(directory.counts().viewing, 1u);
  directory.close(viewer, now);
  EXPECT_EQ(directory.next_deadline(), now + 60s) << "nobody uses site-2 any more";
  directory.close(first, now);
  directory.handle_timeout(now + 60s);
  EXPECT_TRUE(directory.publications("demo")->empty());
}

TEST_F(DirectoryTest, a_session_of_several_names_ends_when_one_of_them_comes_back_with_another_codec) {
  publish("site-1", site);
  publish("site-2", moderator);
  const auto viewer = view({"site-2", "site-1"});
  commands();
  publish("site-1", site, {track(Codec::vp9)});
  EXPECT_THAT(commands(), testing::Contains(fmt::format("close {}", viewer.value())));
  EXPECT_EQ(directory.publication("demo", "site-2")->viewers.size(), 0u);
}

TEST_F(DirectoryTest, the_same_subject_replaces_its_older_session_and_viewers_stay) {
  publish("site-1", site);
  view({"site-1"});
  open("site-1");
  commands();
  publish("site-1", site);
  EXPECT_EQ(commands(), (Words{"close 1", "rank 1:0", "peer 3 in:1 in:2"})) << "the gates are open already";
  EXPECT_EQ(directory.counts().viewing, 1u);
}

TEST_F(DirectoryTest, another_subject_does_not_get_a_name_that_is_live_but_a_moderator_does) {
  publish("site-1", site);
  EXPECT_EQ(directory.publish_terms("demo", "site-1", {Role::site, "site-2"}).error(), DirectoryRefusal::name_in_use);
  EXPECT_TRUE(directory.publish_terms("demo", "site-1", moderator));
}

TEST_F(DirectoryTest, another_codec_gets_new_ids_and_sends_viewers_away) {
  publish("stage", moderator);
  view({"stage"});
  commands();
  publish("stage", moderator, {track(Codec::opus), track(Codec::vp9)});
  EXPECT_EQ(commands(),
            (Words{"close 1", "close 2", "remove 1", "remove 2", "add 3", "add 4", "rank 3:0", "peer 3 in:3 in:4"}));
}

TEST_F(DirectoryTest, another_h264_profile_counts_as_another_codec_but_opus_wishes_do_not) {
  publish("stage", moderator, {track(Codec::opus, "minptime=10"), track(Codec::h264, "profile-level-id=42e01f")});
  commands();
  publish("stage", moderator, {track(Codec::opus, "stereo=1"), track(Codec::h264, "profile-level-id=42e01f")});
  EXPECT_THAT(commands(), testing::Not(testing::Contains(testing::HasSubstr("remove"))));
  publish("stage", moderator, {track(Codec::opus), track(Codec::h264, "profile-level-id=640c1f")});
  EXPECT_THAT(commands(), testing::Contains("remove 2"));
}

TEST_F(DirectoryTest, the_codec_that_viewers_decode_is_preferred_when_a_publisher_returns) {
  publish("stage", moderator, {track(Codec::vp9)});
  const auto terms = directory.publish_terms("demo", "stage", moderator);
  EXPECT_THAT(terms->video_preference, testing::ElementsAre(Codec::vp9, Codec::vp8, Codec::h264, Codec::av1));
}

TEST_F(DirectoryTest, a_track_that_is_no_longer_sent_is_not_offered_to_new_viewers) {
  publish("stage", moderator);
  publish("stage", moderator, {track(Codec::opus)});
  ASSERT_EQ(directory.view_terms("demo", Names{"stage"})->sources.size(), 1u);
  EXPECT_EQ(directory.view_terms("demo", Names{"stage"})->sources[0].codec, Codec::opus);
}

TEST_F(DirectoryTest, an_unused_publication_is_removed_after_a_minute_and_a_used_one_is_not) {
  const auto sender = publish("stage", moderator);
  const auto viewer = view({"stage"});
  directory.handle_event(media::PeerClosed{sender}, now);
  EXPECT_EQ(directory.next_deadline(), kNever);
  now += 10s;
  directory.handle_event(media::PeerClosed{viewer}, now);
  EXPECT_EQ(directory.next_deadline(), now + 60s);
  commands();
  directory.handle_timeout(now + 59s);
  EXPECT_EQ(commands(), Words{});
  directory.handle_timeout(now + 60s);
  EXPECT_EQ(commands(), (Words{"remove 1", "remove 2"}));
  EXPECT_TRUE(directory.publications("demo")->empty());
}

TEST_F(DirectoryTest, sessions_and_publications_are_bounded) {
  Directory small({.publications = 1, .sessions = 2}, random);
  small.add_conference("demo");
  small.publish(publisher_order("stage", moderator, {track(Codec::vp8)}), now);
  EXPECT_EQ(small.publish_terms("demo", "slides", moderator).error(), DirectoryRefusal::too_many_publications);
  ParticipantOrder listener{.conference = "demo", .publication = "guest", .principal = {Role::viewer, "guest"}};
  EXPECT_TRUE(small.participant_terms(listener)) << "whoever sends nothing is no publication";
  const auto terms = small.view_terms("demo", Names{"stage"});
  small.view(viewer_order(*terms), *terms, now);
  EXPECT_EQ(small.view_terms("demo", Names{"stage"}).error().why, DirectoryRefusal::too_many_sessions);
  EXPECT_TRUE(small.publish_terms("demo", "stage", moderator)) << "replaces its own session";
}

TEST_F(DirectoryTest, a_refused_peer_leaves_no_trace) {
  const auto peer = publish("stage", moderator);
  directory.handle_event(media::PeerRefused{peer}, now);
  EXPECT_TRUE(directory.quiet());
  EXPECT_EQ(directory.next_deadline(), now + 60s);
}

TEST_F(DirectoryTest, it_is_quiet_only_when_the_shard_has_said_so_of_every_session) {
  const auto first = publish("stage", moderator);
  const auto second = view({"stage"});
  directory.close_all(now);
  directory.handle_event(media::PeerClosed{first}, now);
  EXPECT_FALSE(directory.quiet());
  directory.handle_event(media::PeerClosed{second}, now);
  EXPECT_TRUE(directory.quiet());
}

TEST_F(DirectoryTest, a_restart_counts_the_ice_generation) {
  const auto peer = publish("stage", moderator);
  commands();
  const auto key = [&] {
    Directory& d = directory;
    return d.publications("demo")->at("stage").sender;
  }();
  EXPECT_EQ(key, peer);
  directory.restart_ice(peer, {"newufrag", "pw"}, {"theirs", "pw"});
  EXPECT_EQ(commands(), Words{"restart 1"});
}

// Whatever people do in whatever order, the shard is never told of a publication or peer that it does not know, and all
// ends in nothing.
TEST(DirectoryProperties, commands_always_refer_to_what_the_shard_knows) {
  EXPECT_TRUE(rc::check([] {
    SeededRandom random{*rc::gen::arbitrary<std::uint64_t>()};
    Directory directory({.publications = 4, .sessions = 6}, random);
    directory.add_conference("demo");
    std::set<PublicationId> publications;
    std::set<PeerId> peers;
    auto now = kStart;
    const auto carry_out = [&] {
      while (auto command = directory.poll_command()) {
        if (const auto* add = std::get_if<media::AddPublication>(&*command))
          RC_ASSERT(publications.insert(add->publication).second);
        else if (const auto* gate = std::get_if<media::SetGate>(&*command))
          RC_ASSERT(publications.contains(gate->publication));
        else if (const auto* remove = std::get_if<media::RemovePublication>(&*command))
          RC_ASSERT(publications.erase(remove->publication) == 1);
        else if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&*command)) {
          RC_ASSERT(peers.insert((*create)->peer).second);
          for (const auto& in : (*create)->incoming) RC_ASSERT(publications.contains(in.publication));
          for (const auto& out : (*create)->outgoing) RC_ASSERT(publications.contains(out.publication));
        } else if (const auto* close = std::get_if<media::ClosePeer>(&*command)) {
          if (peers.erase(close->peer)) directory.handle_event(media::PeerClosed{close->peer}, now);
        }
      }
    };
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
      now += 1s * *rc::gen::inRange(0, 40);
      const auto name = "site-" + std::to_string(*rc::gen::inRange(0, 6));
      const Principal who{*rc::gen::element(Role::moderator, Role::site), *rc::gen::element<std::string>("mod", name)};
      SessionOrder order;
      order.conference = "demo";
      order.publication = name;
      order.principal = who;
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
        case 1:
          if (directory.publish_terms("demo", name, who)) {
            order.negotiated.tracks = {track(*rc::gen::element(Codec::vp8, Codec::vp9))};
            if (*rc::gen::arbitrary<bool>()) order.negotiated.tracks.push_back(track(Codec::opus));
            directory.publish(std::move(order), now);
          }
          break;
        case 2:
          if (const auto terms =
                  directory.view_terms("demo", *rc::gen::element(Names{name}, Names{"site-0", "site-1"})))
            directory.view(viewer_order(*terms), *terms, now);
          break;
        case 3:
          if (!peers.empty()) {
            const auto peer = *peers.begin();
            peers.erase(peer);
            directory.handle_event(media::PeerClosed{peer}, now);
          }
          break;
        case 4:
          directory.set_microphone("demo", name, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>());
          directory.set_camera("demo", name, *rc::gen::arbitrary<bool>());
          break;
        case 5:
          directory.handle_timeout(now);
          break;
      }
      carry_out();
      const auto counts = directory.counts();
      RC_ASSERT(counts.publishing + counts.viewing == peers.size());
      RC_ASSERT(counts.publishing + counts.viewing <= 6u);
      RC_ASSERT(counts.publications <= 4u);
    }
    directory.close_all(now);
    carry_out();
    directory.handle_timeout(now + 61s);
    carry_out();
    RC_ASSERT(directory.next_deadline() == kNever);
    RC_ASSERT(directory.quiet());
    RC_ASSERT(publications.empty());
    RC_ASSERT(peers.empty());
  }));
}

}  // namespace
}  // namespace bridgehall::conference
