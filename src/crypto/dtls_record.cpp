#include "crypto/dtls_record.h"

namespace bridgehall::crypto {

std::optional<DtlsMessage> DtlsRecord::message() const {
  if (content != DtlsContent::handshake || epoch != 0 || bytes.size() < kHeaderSize + kMessageHeaderSize) return {};
  return static_cast<DtlsMessage>(bytes[kHeaderSize]);
}

bool DtlsRecord::starts_message() const {
  ByteReader reader(bytes);
  reader.skip(kHeaderSize + 6);  // type, length, message sequence
  const auto fragment_offset = reader.u24();
  return reader.ok() && fragment_offset == 0;
}

std::optional<DtlsRecord> take_record(BytesView& rest) {
  ByteReader reader(rest);
  DtlsRecord record;
  const auto type = reader.u8();
  const auto version = reader.u16();
  record.epoch = reader.u16();
  reader.u48();  // sequence number
  const auto size = reader.u16();
  reader.skip(size);
  if (!reader.ok() || type < 20 || type > 23 || (version != 0xfeff && version != 0xfefd)) return std::nullopt;
  record.content = static_cast<DtlsContent>(type);
  record.bytes = rest.first(reader.position());
  rest = rest.subspan(reader.position());
  return record;
}

void number_clear_records(MutableBytes datagram, std::uint64_t& next_number) {
  BytesView rest = datagram;
  std::size_t position = 0;
  while (const auto record = take_record(rest)) {
    if (record->epoch == 0) {
      ByteWriter writer(datagram.subspan(position + 5, 6));
      writer.u48(next_number++);
    }
    position += record->bytes.size();
  }
}

}  // namespace bridgehall::crypto
