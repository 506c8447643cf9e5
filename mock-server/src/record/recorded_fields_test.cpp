#include "record/recorded_fields.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

constexpr std::string_view echo_request[]{"Echo-Note", "Content-Type"};
constexpr std::string_view echo_reply[]{"Echo-Place"};

Result<Bytes> read_place(std::string_view value) {
  if (value != "five") return failure({}, "is no place");
  return Bytes{5};
}

constexpr RegisteredSystem echo{
    "echo",
    {},
    {.request = echo_request, .reply = echo_reply, .offset = {"Echo-Place", read_place}}};

TEST(RecordedFields, ASystemBringsItsOwn) {
  const RecordedFields kept({&echo, 1});
  EXPECT_EQ(kept.in_request("echo-note"), "Echo-Note");
  EXPECT_EQ(kept.in_reply("echo-note"), "");
  EXPECT_EQ(kept.in_reply("ECHO-PLACE"), "Echo-Place");
  EXPECT_EQ(kept.in_trailers("Echo-Note"), "");
  EXPECT_EQ(kept.in_request("Upload-Offset"), "") << "another system's";
}

TEST(RecordedFields, HttpsOwnAreKeptOfAllSystems) {
  const RecordedFields kept({&echo, 1});
  EXPECT_EQ(kept.in_request("content-type"), "Content-Type");
  EXPECT_EQ(kept.in_reply("location"), "Location");
}

TEST(RecordedFields, NoCredentialIsAmongThem) {
  const auto& kept = RecordedFields::of_all_systems();
  for (const auto* name : {"Authorization", "Cookie", "Set-Cookie", "X-Api-Key", ""}) {
    EXPECT_EQ(kept.in_request(name), "") << name;
    EXPECT_EQ(kept.in_reply(name), "") << name;
    EXPECT_EQ(kept.in_trailers(name), "") << name;
  }
}

TEST(RecordedFields, ASystemReadsItsOffset) {
  const RecordedFields kept({&echo, 1});
  EXPECT_EQ(kept.offset_in({{"echo-place", "five"}}), Bytes{5});
  EXPECT_EQ(kept.offset_in({{"Echo-Place", "six"}}), std::nullopt);
  EXPECT_EQ(kept.offset_in({{"Upload-Offset", "5"}}), std::nullopt);
  EXPECT_EQ(RecordedFields::of_all_systems().offset_in({{"Upload-Offset", "7"}}), Bytes{7});
}

}  // namespace
}  // namespace mock
