#include "load/websocket_client.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::load {
namespace {

// The nonce of RFC 6455 section 1.3, and masks of zeros.
class SampleNonce final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    constexpr std::string_view kNonce = "the sample nonce";
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(out.size() == 16 ? kNonce[i] : 0);
  }
};

constexpr std::string_view kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nServer: x\r\nsec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n\r\n";

std::string frame(int first, std::string_view payload) {
  std::string out{static_cast<char>(first)};
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else {
    out.push_back(126);
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size()));
  }
  return out + std::string(payload);
}

TEST(WebSocketClient, ShakesHandsAsTheRfcHasItAndKeepsTextsUntilThen) {
  SampleNonce random;
  WebSocketClient client("localhost:8080", "/api/x", random);
  client.send("hello");
  EXPECT_TRUE(client.outgoing().starts_with("GET /api/x HTTP/1.1\r\nHost: localhost:8080\r\n"));
  EXPECT_TRUE(client.outgoing().ends_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
  client.take(client.outgoing().size());
  client.receive(as_bytes_view(kAnswer.substr(0, 40)));
  EXPECT_EQ(client.outgoing(), "");
  client.receive(as_bytes_view(kAnswer.substr(40)));
  EXPECT_EQ(client.outgoing(), std::string("\x81\x85\0\0\0\0hello", 11));
  EXPECT_FALSE(client.ended());
}

TEST(WebSocketClient, ARefusalAndAWrongAcceptEndIt) {
  SampleNonce random;
  WebSocketClient refused("h", "/", random);
  refused.receive(as_bytes_view("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
  ASSERT_TRUE(refused.ended());
  EXPECT_NE(refused.ended()->find("503 Service Unavailable"), std::string::npos);
  WebSocketClient wrong("h", "/", random);
  wrong.receive(as_bytes_view("HTTP/1.1 101 S\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n\r\n"));
  EXPECT_TRUE(wrong.ended());
}

TEST(WebSocketClient, TextsComeWholeHoweverTheyAreCut) {
  EXPECT_TRUE(rc::check([](std::vector<std::string> texts) {
    std::string stream(kAnswer);
    for (auto& text : texts) {
      const auto half = text.size() / 2;
      stream += frame(0x01, std::string_view(text).substr(0, half));
      stream += frame(0x89, "ping");
      stream += frame(0x80, std::string_view(text).substr(half));
    }
    SampleNonce random;
    WebSocketClient client("h", "/", random);
    while (!stream.empty()) {
      const auto piece = std::min<std::size_t>(stream.size(), *rc::gen::inRange(1, 60));
      client.receive(as_bytes_view(std::string_view(stream).substr(0, piece)));
      stream.erase(0, piece);
    }
    RC_ASSERT(!client.ended());
    for (const auto& text : texts) RC_ASSERT(client.poll_text() == text);
    RC_ASSERT(!client.poll_text());
    std::size_t pongs = 0;
    for (auto at = client.outgoing().find("ping"); at != std::string_view::npos;
         at = client.outgoing().find("ping", at + 1))
      ++pongs;
    RC_ASSERT(pongs == texts.size());
  }));
}

TEST(WebSocketClient, WhatTheProtocolForbidsEndsIt) {
  for (const auto& bad :
       {frame(0xc1, "x"), frame(0x80, "x"), frame(0x83, "x"), frame(0x09 | 0x80, std::string(126, 'x')),
        std::string("\x81\x80"), std::string("\x81\x7f\x7f\0\0\0\0\0\0\0", 10)}) {
    SampleNonce random;
    WebSocketClient client("h", "/", random);
    client.receive(as_bytes_view(kAnswer));
    client.receive(as_bytes_view(bad));
    EXPECT_TRUE(client.ended());
    EXPECT_FALSE(client.poll_text());
  }
}

TEST(WebSocketClient, AServersCloseIsAnsweredAndSaysWhy) {
  SampleNonce random;
  WebSocketClient client("h", "/", random);
  client.receive(as_bytes_view(kAnswer));
  client.take(client.outgoing().size());
  client.receive(as_bytes_view(frame(0x88,
                                     "\x03\xf0"
                                     "removed")));
  EXPECT_EQ(client.ended(), "The server closed the WebSocket: removed.");
  EXPECT_EQ(static_cast<std::uint8_t>(client.outgoing()[0]), 0x88);
}

}  // namespace
}  // namespace bridgehall::load
