#include "session/simulcast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::session {
namespace {

using wire::RidDirection;

wire::SdpAttributes lines(const std::vector<std::string>& rids, const std::string& simulcast) {
  wire::SdpAttributes out;
  for (const auto& rid : rids) out.push_back({"rid", rid, 1});
  if (!simulcast.empty()) out.push_back({"simulcast", simulcast, 2});
  return out;
}

std::vector<Encoding> read(const wire::SdpAttributes& attributes, RidDirection direction = RidDirection::send) {
  auto encodings = read_encodings(attributes, direction);
  EXPECT_TRUE(encodings) << encodings.error();
  return encodings.value_or(std::vector<Encoding>{});
}

std::string rids(const std::vector<Encoding>& encodings) {
  std::string out;
  for (const auto& encoding : encodings)
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", encoding.paused ? "~" : "", encoding.rid);
  return out;
}

struct Case {
  std::string name;
  std::vector<std::string> rid_lines;
  std::string simulcast;
  std::string expected;
};
class ReadSimulcast : public testing::TestWithParam<Case> {};

TEST_P(ReadSimulcast, GivesTheEncodingsInTheirOrder) {
  EXPECT_EQ(rids(read(lines(GetParam().rid_lines, GetParam().simulcast))), GetParam().expected);
}

const std::vector<std::string> kThree{"l send", "m send", "h send"};
INSTANTIATE_TEST_SUITE_P(
    Table, ReadSimulcast,
    testing::Values(Case{"usual", kThree, "send l;m;h", "l m h"}, Case{"highest_first", kThree, "send h;m;l", "h m l"},
                    Case{"paused", kThree, "send l;m;~h", "l m ~h"}, Case{"alternatives", kThree, "send l,m;h", "l h"},
                    Case{"paused_alternative", kThree, "send ~l,m;h", "~l h"},
                    Case{"first_alternative_unknown", kThree, "send x,m;h", "m h"},
                    Case{"without_a_rid_line", kThree, "send l;x;h", "l h"},
                    Case{"rid_line_of_the_other_direction", {"l send", "h recv"}, "send l;h", "l"},
                    Case{"both_directions", {"l send", "a recv", "l recv"}, "recv a;l send l", "l"},
                    Case{"only_received", {"a recv"}, "recv a", ""}, Case{"rids_without_simulcast", kThree, "", ""},
                    Case{"more_than_three", {"a send", "b send", "c send", "d send"}, "send a;b;c;d", "a b c"},
                    Case{"depending", {"l send", "h send pt=96;depend=l"}, "send l;h", "l"},
                    Case{"restricted", {"l send pt=96,97;max-width=320", "h send"}, "send l;h", "l h"}),
    [](const auto& test) { return test.param.name; });

class RefuseSimulcast : public testing::TestWithParam<Case> {};

TEST_P(RefuseSimulcast, SaysWhy) {
  const auto encodings = read_encodings(lines(GetParam().rid_lines, GetParam().simulcast), RidDirection::send);
  ASSERT_FALSE(encodings);
  EXPECT_EQ(encodings.error(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefuseSimulcast,
    testing::Values(
        Case{"rid_without_direction", {"l"}, "", "a=rid on line 1 is malformed."},
        Case{"rid_too_long", {"abcdefghijklmnopq send"}, "", "a=rid on line 1 is malformed."},
        Case{"rid_of_other_letters", {"a.b send"}, "", "a=rid on line 1 is malformed."},
        Case{"two_rid_lines", {"l send", "l send"}, "", "The rid l has two a=rid lines."},
        Case{"no_direction", kThree, "l;m;h", "a=simulcast on line 2 is malformed."},
        Case{"no_list", kThree, "send", "a=simulcast on line 2 is malformed."},
        Case{"two_lists", kThree, "send l send m", "a=simulcast on line 2 is malformed."},
        Case{"draft_syntax", kThree, "send rid=l;m;h", "a=simulcast names what is no rid."},
        Case{"empty_entry", kThree, "send l;;h", "a=simulcast names what is no rid."},
        Case{"named_twice", kThree, "send l;m,l", "a=simulcast names the rid l twice."},
        Case{"payload_type_no_number", {"l send pt=x"}, "send l", "The payload types of the rid l are malformed."},
        Case{"payload_type_of_128", {"l send pt=96,128"}, "send l", "The payload types of the rid l are malformed."}),
    [](const auto& test) { return test.param.name; });

TEST(Simulcast, TwoLinesAreRefused) {
  auto attributes = lines(kThree, "send l;m");
  attributes.push_back({"simulcast", "send h", 3});
  EXPECT_EQ(read_encodings(attributes, RidDirection::send).error(), "There are two a=simulcast lines.");
}

TEST(Simulcast, TheAnswerKeepsRestrictionsAndNarrowsPayloadTypes) {
  const auto encodings = read(
      lines({"l send pt=96,97,98;max-width=320;max-fps=15", "m send max-br=500000", "h send pt=96"}, "send l;~m;h"));
  wire::SdpAttributes out;
  write_encodings(out, encodings, RidDirection::recv,
                  {.codec = wire::Codec::vp8, .payload_type = 96, .rtx_payload_type = 97});
  EXPECT_EQ(out, (wire::SdpAttributes{{"rid", "l recv pt=96,97;max-width=320;max-fps=15"},
                                      {"rid", "m recv max-br=500000"},
                                      {"rid", "h recv pt=96"},
                                      {"simulcast", "recv l;~m;h"}}));
}

TEST(Simulcast, WithoutEncodingsNothingIsWritten) {
  wire::SdpAttributes out;
  write_encodings(out, {}, RidDirection::recv, {});
  EXPECT_TRUE(out.empty());
}

TEST(SimulcastProperty, WhatIsWrittenIsReadBack) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Encoding> encodings;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i)
      encodings.push_back({.rid = fmt::format("{}{}", *rc::gen::element("l", "m", "h-1", "f_2"), i),
                           .paused = *rc::gen::arbitrary<bool>(),
                           .restrictions = *rc::gen::element("", "max-width=320", "max-fs=8160;max-fps=30")});
    wire::SdpAttributes out;
    write_encodings(out, encodings, RidDirection::send, {});
    const auto again = read_encodings(out, RidDirection::send);
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->size() == encodings.size());
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      RC_ASSERT((*again)[i].rid == encodings[i].rid);
      RC_ASSERT((*again)[i].paused == encodings[i].paused);
      RC_ASSERT((*again)[i].restrictions == encodings[i].restrictions);
    }
  }));
}

}  // namespace
}  // namespace bridgehall::session
