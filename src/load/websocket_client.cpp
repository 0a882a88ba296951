#include "load/websocket_client.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace bridgehall::load {
namespace {

constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::uint8_t kContinuation = 0, kText = 1, kClose = 8, kPing = 9, kPong = 10;
constexpr std::uint8_t kLast = 0x80, kMasked = 0x80;
constexpr std::size_t kMaxControl = 125;

std::string to_base64(BytesView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string accept_of(const std::string& key) {
  const auto text = key + std::string(kAcceptSuffix);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  BRIDGEHALL_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  return to_base64(BytesView{digest}.first(size));
}

// The value of a field of an HTTP head; empty when it is not there.
std::string_view field_of(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    const auto colon = line.find(':');
    if (colon != name.size() ||
        !std::equal(name.begin(), name.end(), line.begin(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }))
      continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return value;
  }
  return {};
}

}  // namespace

WebSocketClient::WebSocketClient(std::string_view host, std::string_view path, RandomSource& random) : random_(random) {
  std::array<std::uint8_t, 16> nonce;
  random_.fill(nonce);
  key_ = to_base64(nonce);
  outgoing_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {}\r\n\r\n",
      path, host, key_);
}

void WebSocketClient::send(std::string_view text) { write_frame(kText, text); }

void WebSocketClient::close() {
  if (closing_ || ended_) return;
  closing_ = true;
  constexpr std::string_view kNormal = "\x03\xe8";  // 1000
  write_frame(kClose, kNormal);
}

void WebSocketClient::write_frame(std::uint8_t opcode, std::string_view payload) {
  std::string frame;
  frame.push_back(static_cast<char>(kLast | opcode));
  if (payload.size() <= kMaxControl) {
    frame.push_back(static_cast<char>(kMasked | payload.size()));
  } else {
    const int size = payload.size() <= 0xffff ? 2 : 8;
    frame.push_back(static_cast<char>(kMasked | (size == 2 ? 126 : 127)));
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
      frame.push_back(static_cast<char>(payload.size() >> shift));
  }
  std::array<std::uint8_t, 4> mask;
  random_.fill(mask);
  frame.append(mask.begin(), mask.end());
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  (open_ ? outgoing_ : waiting_) += frame;
}

void WebSocketClient::receive(BytesView bytes) {
  if (ended_) return;
  incoming_ += as_text(bytes);
  if (!open_ && !read_head()) return;
  while (!ended_ && read_frame()) {
  }
}

// RFC 6455 section 4.1.
bool WebSocketClient::read_head() {
  const auto end = incoming_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (incoming_.size() > kMaxHead) fail("its answer to the handshake has no end");
    return false;
  }
  const auto head = std::string_view(incoming_).substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 101")) {
    fail(fmt::format("it answered the handshake with \"{}\"", head.substr(0, head.find("\r\n"))));
    return false;
  }
  if (field_of(head, "Sec-WebSocket-Accept") != accept_of(key_)) {
    fail("it did not understand the handshake");
    return false;
  }
  incoming_.erase(0, end + 4);
  open_ = true;
  outgoing_ += waiting_;
  waiting_.clear();
  return true;
}

// RFC 6455 section 5.2; a server's frames are not masked.
bool WebSocketClient::read_frame() {
  ByteReader in(as_bytes_view(incoming_));
  const auto first = in.u8(), second = in.u8();
  std::uint64_t size = second & 0x7f;
  if (size == 126)
    size = in.u16();
  else if (size == 127)
    size = in.u64();
  if (!in.ok()) return false;
  const std::uint8_t opcode = first & 0x0f;
  if ((first & 0x70) != 0 || (second & kMasked) != 0 || (opcode >= kClose && size > kMaxControl) || size > kMaxText) {
    fail("it sent a frame that the protocol does not allow, or a message that is too long");
    return false;
  }
  const auto payload = in.bytes(static_cast<std::size_t>(size));
  if (!in.ok()) return false;
  const auto used = in.position();
  handle_frame(opcode, (first & kLast) != 0, as_text(payload));
  incoming_.erase(0, used);
  return true;
}

void WebSocketClient::handle_frame(std::uint8_t opcode, bool last, std::string_view payload) {
  switch (opcode) {
    case kText:
    case kContinuation:
      if ((opcode == kText) == in_message_ || message_.size() + payload.size() > kMaxText)
        return fail("it sent parts of messages in a wrong order, or a message that is too long");
      message_ += payload;
      in_message_ = !last;
      if (last) texts_.push_back(std::move(message_));
      if (last) message_.clear();
      return;
    case kPing:
      return write_frame(kPong, payload);
    case kPong:
      return;
    case kClose:
      close();
      ended_ = payload.size() > 2 ? fmt::format("The server closed the WebSocket: {}.", payload.substr(2))
                                  : std::string("The server closed the WebSocket.");
      return;
    default:
      return fail("it sent a frame of an unknown kind");
  }
}

std::optional<std::string> WebSocketClient::poll_text() {
  if (texts_.empty()) return std::nullopt;
  auto text = std::move(texts_.front());
  texts_.pop_front();
  return text;
}

void WebSocketClient::fail(std::string_view why) {
  ended_ = fmt::format("The server's WebSocket cannot be used: {}.", why);
}

}  // namespace bridgehall::load
