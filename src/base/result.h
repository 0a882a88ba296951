// Results of what may be refused. Bugs are CHECKs (check.h), bad packets are counted drops; this is for the rest.
#pragma once

#include <expected>
#include <string>

namespace bridgehall {

struct Error {
  std::string message;  // a whole sentence, fit to be shown
};

template <class T, class E = Error>
using Result = std::expected<T, E>;

inline std::unexpected<Error> fail(std::string message) { return std::unexpected(Error{std::move(message)}); }

}  // namespace bridgehall
