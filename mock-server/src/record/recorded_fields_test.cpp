#include "record/recorded_fields.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

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
  const RecordedFields recorded({&echo, 1});
  EXPECT_EQ(recorded.spelled("echo-note"), "Echo-Note");
  EXPECT_EQ(recorded.spelled("ECHO-PLACE"), "Echo-Place");
  EXPECT_EQ(recorded.told("echo-note", "x"), "x");
  EXPECT_EQ(recorded.spelled("echo-other"), "echo-other");
  EXPECT_EQ(recorded.told("echo-other", "x"), "[redacted]") << "nobody knows what it is";
}

TEST(RecordedFields, ThoseOfHttpAndOfBrowsersAreTold) {
  const auto& recorded = RecordedFields::of_all_systems();
  for (const auto* name : {"content-type", "location", "origin", "access-control-request-headers",
                           "Access-Control-Allow-Origin", "Access-Control-Max-Age", "host",
                           "Upload-Offset", "Accept-Encoding", "X-Request-ID", "sec-fetch-mode"}) {
    EXPECT_EQ(recorded.told(name, "x"), "x") << name;
  }
  EXPECT_EQ(recorded.told("Referer", "http://h/page?password=s3cret"), "http://h/page?[redacted]");
}

TEST(RecordedFields, NoCredentialIsTold) {
  const auto& recorded = RecordedFields::of_all_systems();
  for (const auto& [name, value, kept] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"Authorization", "Bearer s3cret", "Bearer [redacted]"},
           {"authorization", "basic s3cret", "basic [redacted]"},
           {"Authorization", "s3cret", "[redacted]"},
           {"Proxy-Authorization", "Basic s3cret", "Basic [redacted]"},
           {"Cookie", "phdo_session=s3cret; b=s3cret", "phdo_session=[redacted]; b=[redacted]"},
           {"cookie", "s3cret;=s3cret", "[redacted]; =[redacted]"},
           {"Set-Cookie", "a=s3cret; Path=/; HttpOnly", "a=[redacted]; Path=/; HttpOnly"},
           {"set-cookie", "s3cret", "[redacted]"}}) {
    EXPECT_EQ(without_credentials(name, value), kept) << name;
    EXPECT_EQ(recorded.told(name, kept), kept) << name;
  }
  for (const auto* name : {"X-Api-Key", "X-Partner", "Ocp-Apim-Subscription-Key", ""}) {
    EXPECT_EQ(without_credentials(name, "s3cret"), std::nullopt) << name;
    EXPECT_EQ(recorded.told(name, "s3cret"), "[redacted]") << name;
  }
}

TEST(RecordedFields, ASystemReadsItsOffset) {
  const RecordedFields recorded({&echo, 1});
  EXPECT_EQ(recorded.offset_in({{"echo-place", "five"}}), Bytes{5});
  EXPECT_EQ(recorded.offset_in({{"Echo-Place", "six"}}), std::nullopt);
  EXPECT_EQ(recorded.offset_in({{"Upload-Offset", "5"}}), std::nullopt);
  EXPECT_EQ(RecordedFields::of_all_systems().offset_in({{"Upload-Offset", "7"}}), Bytes{7});
}

}  // namespace
}  // namespace mock
