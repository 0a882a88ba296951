#include "crypto/sha256.h"

#include <gtest/gtest.h>

namespace bridgehall::crypto {
namespace {

// FIPS 180-4's examples (NIST, "SHA256.pdf").
TEST(Sha256Test, KnownTextsHaveTheKnownDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PiecesAreTheSameAsTheWhole) {
  Sha256 hash;
  for (const char letter : std::string_view("abc")) hash.update(as_bytes_view({&letter, 1}));
  EXPECT_EQ(std::move(hash).finish(), sha256_hex("abc"));
}

}  // namespace
}  // namespace bridgehall::crypto
