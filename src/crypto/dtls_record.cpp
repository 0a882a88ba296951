#include "crypto/dtls_record.h"

namespace bridgehall::crypto {

std::optional<DtlsMessageHeader> DtlsRecord::message() const {
  if (content != DtlsContent::handshake || epoch != 0) return std::nullopt;
  ByteReader reader(bytes);
  reader.skip(kHeaderSize);
  DtlsMessageHeader header;
  header.type = static_cast<DtlsMessage>(reader.u8());
  reader.u24();  // length of the whole message
  header.number = reader.u16();
  header.fragment_offset = reader.u24();
  reader.u24();  // length of the fragment
  if (!reader.ok()) return std::nullopt;
  return header;
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
