// DTLS records seen from outside (RFC 6347 section 4.1): enough to split datagrams, to keep what is not authenticated
// from reaching the state machine at the wrong time, and to number repeated records anew. Views; nothing is owned.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace bridgehall::crypto {

enum class DtlsContent : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };

// Handshake messages of the two roles (RFC 5246 section 7.4, RFC 6347 section 4.3.2).
enum class DtlsMessage : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  hello_verify_request = 3,
  new_session_ticket = 4,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
};

struct DtlsMessageHeader {
  static constexpr std::size_t kSize = 12;
  DtlsMessage type{};
  std::uint16_t number = 0;
  std::uint32_t fragment_offset = 0;
};

struct DtlsRecord {
  static constexpr std::size_t kHeaderSize = 13;

  DtlsContent content{};
  std::uint16_t epoch = 0;
  BytesView bytes;  // with the header

  // Of the first handshake message inside; only in epoch 0, where it is in clear.
  std::optional<DtlsMessageHeader> message() const;
};

// Takes the first record off `rest`; nothing when what is left is not a record of DTLS 1.0 or 1.2.
std::optional<DtlsRecord> take_record(BytesView& rest);

// Gives each record of epoch 0 in a datagram of ours the next number. A peer drops a number that it has seen before
// (section 4.1.2.6), also when it had to throw the message away because it came out of order, so a repeated flight
// needs new ones. Epoch 0 is not authenticated, which is what makes this possible; later epochs stay as they are.
void number_clear_records(MutableBytes datagram, std::uint64_t& next_number);

}  // namespace bridgehall::crypto
