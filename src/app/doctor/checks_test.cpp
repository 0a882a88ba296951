// Every check with facts of machines that we do not have.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/doctor/addresses.h"
#include "app/doctor/buffers.h"
#include "app/doctor/certificate.h"
#include "app/doctor/clock.h"
#include "app/doctor/descriptors.h"
#include "app/doctor/examination.h"
#include "app/doctor/live.h"
#include "app/doctor/offload.h"
#include "app/doctor/ports.h"
#include "app/doctor/processor.h"
#include "app/doctor/rosters.h"
#include "app/doctor/storage.h"
#include "app/doctor/turn.h"

namespace bridgehall::app::doctor {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kNow = sys_seconds{seconds{1'800'000'000}};  // 2027-01-15

// "problem port.taken", in order.
std::vector<std::string> told(const Findings& findings) {
  std::vector<std::string> all;
  for (const auto& each : findings) all.push_back(std::string(web::level_name(each.level)) + " " + each.code);
  return all;
}

std::vector<IpAddress> ips(std::initializer_list<const char*> texts) {
  std::vector<IpAddress> list;
  for (const auto* text : texts) list.push_back(*IpAddress::parse(text));
  return list;
}

TEST(DoctorOnPorts, TellsAServerOfOursFromAStranger) {
  PortsFacts facts{.ports = {{Protocol::tcp, 8080, "http.port", PortState::taken},
                             {Protocol::udp, 8443, "media.port", PortState::taken}}};
  const auto strange = check_ports(facts);
  EXPECT_THAT(told(strange), ElementsAre("problem port.taken", "problem port.taken"));
  EXPECT_THAT(strange[1].sentence, HasSubstr("ss -lunp 'sport = :8443'"));
  facts.bridgehall_runs = true;
  EXPECT_THAT(told(check_ports(facts)), ElementsAre("ok port.ours", "ok port.ours"));
  facts.ports = {{Protocol::tcp, 443, "http.port", PortState::forbidden}, {Protocol::udp, 8443, "", PortState::free}};
  EXPECT_THAT(told(check_ports(facts)), ElementsAre("problem port.forbidden", "ok port.free"));
}

TEST(DoctorOnAddresses, KnowsFromWhereTheyAreReached) {
  Configuration c;
  c.media_port = 8443;
  EXPECT_THAT(told(check_addresses({c, ips({"127.0.0.1", "::1"})})), ElementsAre("problem address.loopback"));
  EXPECT_THAT(told(check_addresses({c, ips({"127.0.0.1", "10.0.0.7"})})),
              ElementsAre("attention address.private", "ok address.ipv4only"));
  EXPECT_THAT(told(check_addresses({c, ips({"203.0.113.7", "2001:db8::7"})})),
              ElementsAre("ok address.public", "ok address.ipv6"));
}

TEST(DoctorOnAddresses, HoldsSettingsAgainstTheMachine) {
  Configuration c;
  c.media_port = 443;
  c.media_external_addresses = {"203.0.113.7/10.0.0.7", "203.0.113.9/10.0.0.9"};
  const auto findings = check_addresses({c, ips({"10.0.0.7"})});
  EXPECT_THAT(told(findings), ElementsAre("ok address.public", "problem address.unmatched", "problem port.ignored",
                                          "ok address.ipv4only"));
  EXPECT_THAT(findings[1].sentence, HasSubstr("10.0.0.9 is no address of this machine"));
  c.media_port = 8443;
  c.media_external_addresses = {};
  c.media_addresses = {"203.0.113.7"};
  EXPECT_THAT(told(check_addresses({c, ips({"10.0.0.7"})})),
              ElementsAre("ok address.public", "attention address.foreign", "ok address.ipv4only"));
}

TEST(DoctorOnCertificates, FindsWhatBrowsersWouldRefuse) {
  EXPECT_THAT(told(check_certificate(std::nullopt, kNow)), ElementsAre("ok certificate.none"));
  CertificateFacts good{.file = "a.pem",
                        .key_file = "a.key",
                        .key_belongs = true,
                        .valid_from = kNow - std::chrono::days{10},
                        .valid_until = kNow + std::chrono::days{80},
                        .names = {"bridge.example.org"}};
  EXPECT_THAT(check_certificate(good, kNow)[0].sentence,
              "The certificate in a.pem is valid until 2027-04-05, for bridge.example.org.");
  auto bad = good;
  bad.mistake = "a.pem cannot be read: Permission denied.";
  EXPECT_THAT(check_certificate(bad, kNow)[0].sentence, HasSubstr("Permission denied. Correct http.certificate_file"));
  bad = good;
  bad.key_belongs = false;
  bad.self_signed = true;
  bad.uncovered = {"b.example.org"};
  EXPECT_THAT(told(check_certificate(bad, kNow)),
              ElementsAre("problem certificate.mismatch", "attention certificate.own", "problem certificate.names"));
  EXPECT_THAT(told(check_certificate(good, kNow + std::chrono::days{80})), ElementsAre("problem certificate.expired"));
  EXPECT_THAT(told(check_certificate(good, kNow - std::chrono::days{11})), ElementsAre("problem certificate.future"));
  const auto soon = check_certificate(good, kNow + std::chrono::days{70});
  EXPECT_THAT(told(soon), ElementsAre("attention certificate.expiring"));
  EXPECT_THAT(soon[0].sentence, HasSubstr("in 10 days"));
}

TEST(DoctorOnClocks, TakesOneThatIsBehindItsOwnFilesForWrong) {
  EXPECT_THAT(told(check_clock({kNow, kNow - seconds{60}, true})), ElementsAre("ok clock.synchronised"));
  EXPECT_THAT(told(check_clock({kNow, kNow + seconds{60}, false})), ElementsAre("attention clock.free"));
  const auto wrong = check_clock({sys_seconds{}, kNow, true});
  EXPECT_THAT(told(wrong), ElementsAre("problem clock.wrong", "ok clock.synchronised"));
  EXPECT_THAT(wrong[0].sentence, HasSubstr("1970-01-01 00:00 UTC"));
}

TEST(DoctorOnBuffers, NamesTheLineThatIsMissing) {
  const auto small = check_buffers({8388608, 212992, 8388608, 8388608});
  EXPECT_THAT(told(small), ElementsAre("attention buffer.small"));
  EXPECT_THAT(small[0].sentence, HasSubstr("\"net.core.rmem_max = 8388608\""));
  EXPECT_THAT(told(check_buffers({1, 1, 1, 1})), ElementsAre("ok buffer.ok"));
  EXPECT_THAT(told(check_buffers({8388608, 0, 8388608, 0})), ElementsAre("ok buffer.ok"));  // not known
}

TEST(DoctorOnTheKernelAndTheProcessor, SaysWhatCosts) {
  EXPECT_THAT(told(check_offload({true, true})), ElementsAre("ok offload.ok"));
  EXPECT_THAT(told(check_offload({false, true})), ElementsAre("attention offload.send"));
  EXPECT_THAT(told(check_offload({true, false})), ElementsAre("attention offload.receive"));
  EXPECT_EQ(check_processor({4, "fpu aes pclmulqdq avx vaes avx512f"})[0].sentence,
            "4 processors for media, with AES-NI, VAES, AVX-512.");
  const auto plain = check_processor({1, "fpu vaes avx512f"});
  EXPECT_THAT(told(plain), ElementsAre("attention processor.plain"));
  EXPECT_THAT(plain[0].sentence, HasSubstr("without AES-NI, PCLMULQDQ, AVX"));
}

TEST(DoctorOnLimits, AsksForAsManyDescriptorsAsTheSettingsNeed) {
  EXPECT_THAT(told(check_descriptors({6000, 6000})), ElementsAre("ok descriptors.ok"));
  const auto low = check_descriptors({1024, 5152});
  EXPECT_THAT(told(low), ElementsAre("attention descriptors.low"));
  EXPECT_THAT(low[0].sentence, HasSubstr("LimitNOFILE=5152"));
}

TEST(DoctorOnTheDataFolder, KnowsAbsentUnwritableAndFull) {
  EXPECT_THAT(told(check_storage({"/d", true, "", 1ull << 40})), ElementsAre("ok storage.ok"));
  EXPECT_THAT(told(check_storage({"/d", false, "", 1ull << 40})), ElementsAre("ok storage.absent"));
  EXPECT_THAT(told(check_storage({"/d", true, "Read-only file system", 1ull << 40})),
              ElementsAre("problem storage.unwritable"));
  EXPECT_THAT(told(check_storage({"/d", true, "", 100 << 20})), ElementsAre("attention storage.low"));
  const auto full = check_storage({"/d", true, "", 3 << 20});
  EXPECT_THAT(told(full), ElementsAre("problem storage.full"));
  EXPECT_THAT(full[0].sentence, HasSubstr("3 MiB free"));
}

TEST(DoctorOnOtherServersAndFiles, RepeatsTheReason) {
  EXPECT_THAT(told(check_turn({})), ElementsAre("ok turn.none"));
  EXPECT_THAT(told(check_turn({{"turn:a", "", true}, {"turn:b", "", false}, {"turn:c", "Name not known", false}})),
              ElementsAre("ok turn.answers", "problem turn.silent", "problem turn.unknown"));
  EXPECT_THAT(told(check_rosters({{"main", 3, ""}, {"other", 0, "main.json:3: no."}})),
              ElementsAre("ok roster.ok", "problem roster.bad"));
}

TEST(DoctorOnTheRunningServer, TellsLossesHereFromWhatOthersSend) {
  media::ShardCounters counters{.datagrams_received = 7, .datagrams_sent = 9};
  counters.drops[static_cast<std::size_t>(media::Drop::rtp_duplicate)] = 5;
  EXPECT_THAT(told(check_live({.shard = &counters}, 8443)), ElementsAre("ok live.quiet", "ok live.drops"));
  counters.drops[static_cast<std::size_t>(media::Drop::pool_exhausted)] = 2;
  counters.receive_overflows = 3;
  counters.send_errors = 4;
  counters.segmentation = false;
  const auto bad = check_live({.shard = &counters}, 8443);
  EXPECT_THAT(told(bad), ElementsAre("attention live.overflow", "attention live.refused", "attention live.segmentation",
                                     "attention live.overload", "ok live.drops"));
  EXPECT_THAT(bad[3].sentence, HasSubstr("pool_exhausted 2"));
  EXPECT_THAT(told(check_live({.shard = nullptr}, 8443)), ElementsAre("problem live.core"));
}

TEST(DoctorOnTheRunningServer, TakesItForItsOwnProblemWhenNobodyGetsThrough) {
  const media::ShardCounters counters;
  EXPECT_THAT(told(check_live({&counters, 0, 3, 0}, 8443)), ElementsAre("ok live.quiet", "problem live.unheard"));
  EXPECT_THAT(told(check_live({&counters, 50, 3, 2}, 8443)),
              ElementsAre("ok live.quiet", "attention live.unheard", "attention live.unconnected"));
}

TEST(DoctorsWords, AreSentencesEachWithItsOwnCode) {
  std::set<std::string_view> codes;
  for (const auto& each : words()) {
    EXPECT_TRUE(codes.insert(each.code).second) << each.code;
    EXPECT_TRUE(each.text.ends_with(".") || each.text.find(": ") != std::string_view::npos) << each.text;
  }
  EXPECT_EQ(to_text({make_finding(Level::ok, "clock.synchronised")}), "ok         The clock is synchronised.\n");
}

}  // namespace
}  // namespace bridgehall::app::doctor
