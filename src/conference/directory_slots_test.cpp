#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/directory_testing.h"

namespace bridgehall::conference {
namespace {

using media::PeerId;
using media::PublicationId;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using wire::Codec;

constexpr media::SlotNumber kStage = 0, kSlides = 1, kTile = 2, kOtherTile = 3, kVoice = 4;

class DirectorySlotsTest : public testing::Test {
 protected:
  DirectorySlotsTest() { directory.add_conference("demo"); }

  PeerId join(ParticipantOrder order) {
    negotiate(directory, order);
    return directory.join(std::move(order), now)->peer;
  }
  PeerId join(const std::string& seat) { return join(participant_order(seat)); }
  void show(PeerId peer, media::SlotNumber slot, const std::string& seat, Quality quality = Quality::high,
            std::uint8_t camera = 0) {
    directory.demand(peer, {.slot = slot, .seat = seat, .camera = camera, .quality = quality});
  }
  Words commands() { return take_commands(directory); }
  // What the page was last told of the slot.
  SlotContent content(PeerId peer, media::SlotNumber slot) { return directory.find(peer)->slots[slot].content; }
  SlotState state(PeerId peer, media::SlotNumber slot) { return content(peer, slot).state; }

  SeededRandom random{7};
  Directory directory{DirectoryLimits{}, random};
  TimePoint now = TimePoint{} + 1h;
};

// Seat a's tracks are 1 (microphone), 2 (camera), 3 (slides); b's 4, 5, 6.

TEST_F(DirectorySlotsTest, the_stage_is_shown_to_everyone_but_itself) {
  const auto a = join("a");
  const auto b = join("b");
  commands();
  directory.set_stage("demo", "a");
  EXPECT_EQ(commands(), (Words{"rank 1:2", "fill 2.0 with 2 layer 2 as 96"}));
  EXPECT_EQ(content(a, kStage), (SlotContent{"a", SlotState::empty, Quality::high}));
  directory.set_stage("demo", "b");
  EXPECT_EQ(commands(), (Words{"rank 1:0", "rank 4:2", "fill 1.0 with 5 layer 2 as 96", "empty 2.0"}));
  directory.set_stage("demo", "");
  EXPECT_EQ(commands(), (Words{"rank 4:0", "empty 1.0"}));
  EXPECT_EQ(content(b, kStage), (SlotContent{"", SlotState::empty, Quality::high}));
}

TEST_F(DirectorySlotsTest, nobody_is_shown_in_the_place_of_another_whose_camera_is_closed) {
  join("a");
  join("b");
  const auto c = join("c");
  directory.set_camera("demo", "a", true);
  directory.set_stage("demo", "a");
  directory.handle_event(media::SlotChanged{c, kStage, PublicationId{2}, media::SlotFlow::showing}, now);
  commands();
  directory.set_stage("demo", "b");
  EXPECT_THAT(commands(), testing::IsSupersetOf({"empty 3.0", "fill 3.0 with 5 layer 2 as 96"}));
  EXPECT_EQ(state(c, kStage), SlotState::closed);
  directory.set_camera("demo", "b", true);
  EXPECT_EQ(commands(), Words{"open 5"}) << "it waits for the picture already";

  directory.set_stage("demo", "a");
  EXPECT_THAT(commands(), Not(Contains("empty 3.0"))) << "the picture of b is kept until that of a begins";
  directory.set_camera("demo", "a", false);
  EXPECT_THAT(commands(), testing::IsSupersetOf({"shut 2", "empty 3.0", "fill 3.0 with 2 layer 2 as 96"}));
}

TEST_F(DirectorySlotsTest, who_comes_sees_the_stage_at_once_and_voices_are_the_media_cores) {
  directory.set_stage("demo", "a");
  join("a");
  commands();
  join("b");
  const auto words = commands();
  EXPECT_EQ(words.back(), "fill 2.0 with 2 layer 2 as 96");
  EXPECT_THAT(words, Not(Contains(HasSubstr("fill 2.4"))));
}

TEST_F(DirectorySlotsTest, a_tile_shows_what_is_demanded_in_the_layer_of_its_quality) {
  join("a");
  const auto b = join("b");
  commands();
  show(b, kTile, "a", Quality::low);
  EXPECT_EQ(commands(), Words{"fill 2.2 with 2 layer 0 as 96"});
  show(b, kTile, "a", Quality::low);
  EXPECT_EQ(commands(), Words{}) << "nothing has changed";
  show(b, kTile, "a", Quality::medium);
  EXPECT_EQ(commands(), Words{"fill 2.2 with 2 layer 1 as 96"});
  show(b, kTile, "a", Quality::off);
  EXPECT_EQ(commands(), Words{"empty 2.2"});
  EXPECT_EQ(state(b, kTile), SlotState::empty);
  show(b, kTile, "");
  EXPECT_EQ(commands(), Words{});
}

TEST_F(DirectorySlotsTest, nobody_is_sent_the_own_picture) {
  const auto a = join("a");
  commands();
  show(a, kTile, "a");
  EXPECT_EQ(commands(), Words{});
  EXPECT_EQ(content(a, kTile), (SlotContent{"a", SlotState::empty, Quality::high}));
}

TEST_F(DirectorySlotsTest, of_stage_slides_and_voices_only_the_quality_is_the_pages_to_choose) {
  directory.set_stage("demo", "a");
  join("a");
  const auto b = join("b");
  commands();
  show(b, kStage, "b", Quality::low);
  EXPECT_EQ(commands(), Words{"fill 2.0 with 2 layer 0 as 96"});
  show(b, kVoice, "a");
  show(b, 40, "a");
  show(PeerId{99}, kTile, "a");
  EXPECT_EQ(commands(), Words{});
}

TEST_F(DirectorySlotsTest, several_cameras_of_a_room_are_told_apart) {
  join(participant_order("a", Role::site, {TrackUse::microphone, TrackUse::camera, TrackUse::camera}));
  const auto b = join("b");
  commands();
  show(b, kTile, "a", Quality::high, 1);
  EXPECT_EQ(commands(), Words{"fill 2.2 with 3 layer 2 as 96"});
  show(b, kOtherTile, "a", Quality::high, 0);
  EXPECT_EQ(commands(), Words{"fill 2.3 with 2 layer 2 as 96"});
  show(b, kTile, "a", Quality::high, 2);
  EXPECT_EQ(commands(), Words{"empty 2.2"});
  EXPECT_EQ(state(b, kTile), SlotState::not_sending);
}

TEST_F(DirectorySlotsTest, what_the_client_cannot_decode_is_said_and_not_sent) {
  join(participant_order("a", Role::site, kRoom, Codec::av1));
  const auto b = join("b");
  directory.set_camera("demo", "a", true);
  commands();
  show(b, kTile, "a");
  EXPECT_EQ(commands(), Words{});
  EXPECT_EQ(state(b, kTile), SlotState::undecodable);
}

TEST_F(DirectorySlotsTest, another_codec_of_the_same_name_is_filled_with_its_own_payload_type) {
  join("a");
  const auto b = join("b");
  show(b, kTile, "a");
  commands();
  join(participant_order("a", Role::site, kRoom, Codec::vp9));
  const auto words = commands();
  EXPECT_THAT(words, Contains("remove 2"));
  EXPECT_EQ(words.back(), "fill 2.2 with 8 layer 2 as 98");
}

TEST_F(DirectorySlotsTest, a_page_that_is_loaded_again_changes_nothing_for_those_who_watch) {
  join("a");
  const auto b = join("b");
  show(b, kTile, "a");
  commands();
  join("a");
  EXPECT_EQ(commands(), (Words{"close 1", "rank 1:0", "peer 3 in:1 in:2 in:3"})) << "neither emptied nor filled";
}

TEST_F(DirectorySlotsTest, publications_that_go_empty_their_slots_and_fill_them_when_they_return) {
  const auto a = join("a");
  const auto b = join("b");
  directory.set_camera("demo", "a", true);
  show(b, kTile, "a");
  commands();
  directory.handle_event(media::PeerClosed{a}, now);
  EXPECT_EQ(commands(), Words{"empty 2.2"});
  EXPECT_EQ(state(b, kTile), SlotState::not_sending);
  join("a");
  EXPECT_THAT(commands(), Contains("fill 2.2 with 2 layer 2 as 96"));
  directory.close(directory.sender_of("demo", "a")->peer, now);
  now += 61s;
  directory.handle_timeout(now);
  commands();
  join("a");
  EXPECT_THAT(commands(), Contains("fill 2.2 with 8 layer 2 as 96")) << "after its tracks were forgotten";
  EXPECT_EQ(state(b, kTile), SlotState::waiting);
}

TEST_F(DirectorySlotsTest, a_slot_says_why_there_is_no_picture) {
  join("a");
  const auto b = join("b");
  show(b, kTile, "a");
  EXPECT_EQ(state(b, kTile), SlotState::closed);
  directory.set_camera("demo", "a", true);
  EXPECT_EQ(state(b, kTile), SlotState::waiting);
  const auto say = [&](media::SlotFlow flow, std::uint32_t publication = 2) {
    directory.handle_event(media::SlotChanged{b, kTile, PublicationId{publication}, flow}, now);
    return state(b, kTile);
  };
  EXPECT_EQ(say(media::SlotFlow::showing, 5), SlotState::waiting) << "of what it was filled with before";
  EXPECT_EQ(say(media::SlotFlow::showing), SlotState::showing);
  EXPECT_EQ(say(media::SlotFlow::limited), SlotState::showing);
  EXPECT_EQ(say(media::SlotFlow::off_by_line), SlotState::line);
  directory.handle_event(media::FlowChanged{PublicationId{2}, false}, now);
  EXPECT_EQ(state(b, kTile), SlotState::not_sending);
  directory.handle_event(media::FlowChanged{PublicationId{2}, true}, now);
  EXPECT_EQ(say(media::SlotFlow::showing), SlotState::showing);
  directory.set_camera("demo", "a", false);
  EXPECT_EQ(state(b, kTile), SlotState::closed);
  show(b, kTile, "nobody");
  EXPECT_EQ(state(b, kTile), SlotState::not_sending);
}

TEST_F(DirectorySlotsTest, slides_have_a_gate_of_their_own) {
  join("a");
  join("b");
  const auto c = join("c");
  commands();
  directory.set_slides("demo", "a");
  EXPECT_THAT(commands(), testing::ElementsAre("open 3", "fill 2.1 with 3 layer 2 as 96", HasSubstr("fill 3.1 with 3")))
      << "although a's camera is closed";
  EXPECT_EQ(state(c, kSlides), SlotState::waiting);
  directory.set_slides("demo", "b");
  EXPECT_THAT(commands(), testing::ElementsAre("shut 3", "open 6", HasSubstr("fill 1.1 with 6"), "empty 2.1",
                                               HasSubstr("fill 3.1 with 6")));
  directory.set_slides("demo", "");
  EXPECT_THAT(commands(), testing::ElementsAre("shut 6", "empty 1.1", "empty 3.1"));
}

TEST_F(DirectorySlotsTest, a_page_is_told_of_each_slot_once_and_again_when_it_may_have_missed_it) {
  join("a");
  const auto b = join("b");
  directory.take_changed_sessions();
  directory.take_changed_slots(b);
  show(b, kTile, "a");
  EXPECT_EQ(directory.take_changed_sessions(), std::vector<PeerId>{b});
  const auto changed = directory.take_changed_slots(b);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].slot, kTile);
  EXPECT_EQ(changed[0].content, (SlotContent{"a", SlotState::closed, Quality::high}));
  EXPECT_TRUE(directory.take_changed_slots(b).empty());
  EXPECT_TRUE(directory.take_changed_sessions().empty());
  directory.tell_slots_again(b);
  EXPECT_EQ(directory.take_changed_slots(b).size(), 4u) << "voices have no content";
}

TEST_F(DirectorySlotsTest, those_who_speak_are_named_by_place) {
  join("a");
  join("b");
  directory.handle_event(
      media::VoicesChanged{media::RoomId{1}, {PublicationId{4}, PublicationId{1}, PublicationId{77}}, 0b111}, now);
  EXPECT_EQ(directory.take_changed_speakers(), std::vector<std::string>{"demo"});
  EXPECT_EQ(directory.speakers("demo"), (std::vector<std::string>{"b", "a"}));
  directory.handle_event(media::VoicesChanged{media::RoomId{1}, {PublicationId{4}, PublicationId{1}}, 0b10}, now);
  EXPECT_EQ(directory.speakers("demo"), (std::vector<std::string>{"a"}));
  directory.handle_event(media::VoicesChanged{media::RoomId{9}, {}, 0}, now);
  EXPECT_EQ(directory.speakers("nowhere"), (std::vector<std::string>{}));
}

TEST_F(DirectorySlotsTest, a_participants_answer_prefers_what_those_who_watch_decode) {
  directory.publish(publisher_order("a", {Role::site, "a"}, {track(Codec::vp9)}), now);
  auto order = participant_order("a");
  ASSERT_TRUE(directory.participant_terms(order));
  EXPECT_EQ(order.terms.video_preference.front(), Codec::vp9);
}

TEST_F(DirectorySlotsTest, the_stage_and_its_voice_share_a_stream_and_no_two_slots_a_track) {
  auto order = participant_order("a", Role::site, kRoom, Codec::vp8,
                                 {media::SlotUse::voice, media::SlotUse::voice, media::SlotUse::tile,
                                  media::SlotUse::stage, media::SlotUse::slides, media::SlotUse::tile});
  ASSERT_TRUE(directory.participant_terms(order));
  std::set<std::string> tracks;
  std::set<Ssrc> ssrcs;
  for (const auto& slot : order.terms.slots) {
    EXPECT_TRUE(tracks.insert(slot.stream_id + " " + slot.track_id).second);
    EXPECT_TRUE(ssrcs.insert(slot.ssrc).second);
  }
  std::vector<std::string> streams;
  for (const auto& slot : order.terms.slots) streams.push_back(slot.stream_id);
  EXPECT_EQ(streams, (std::vector<std::string>{"tile-0", "stage", "slides", "tile-1", "stage", "voice-1"}));
}

}  // namespace
}  // namespace bridgehall::conference
