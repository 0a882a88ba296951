// A message that is read, written and read again is the same, and whatever is refused is refused in bounded words.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "messages/messages.h"

namespace {

using namespace bridgehall::messages;

template <class Parse>
void check(std::string_view text, Parse parse) {
  const auto first = parse(text);
  if (!first) {
    const auto& error = first.error();
    BRIDGEHALL_CHECK(error.field.size() <= 200 && !error.message.empty() && error.message.size() <= 1000);
    const Refused refusal{.id = error.id, .code = error.code, .message = error.message, .field = error.field};
    BRIDGEHALL_CHECK(parse_server_message(to_json(ServerMessage(refusal))).has_value());
    return;
  }
  const auto again = parse(to_json(*first));
  BRIDGEHALL_CHECK(again && *again == *first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, parse_client_message);
  check(text, parse_server_message);
  return 0;
}
