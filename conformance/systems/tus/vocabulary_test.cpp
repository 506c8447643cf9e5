#include "tus/vocabulary.hpp"

#include <gtest/gtest.h>

#include <set>

namespace conformance::suites {
namespace {

using Kind = Outcome::Kind;

Response response(int status, Fields headers = {}) {
  Response r;
  r.status = status;
  r.headers = std::move(headers);
  return r;
}

TEST(Findings, HoldsWhenEveryPartDoesAndTellsWhatItSaw) {
  Findings findings{"rule"};
  findings.check(true, "first").note("second");
  const auto outcome = findings.outcome();
  EXPECT_EQ(outcome.kind, Kind::holds);
  EXPECT_EQ(outcome.got, "first; second");
}

TEST(Findings, TellsOnlyWhatBrokeTheRule) {
  Findings findings{"rule"};
  findings.check(true, "good").check(false, "bad").check(false, "worse");
  const auto outcome = findings.outcome();
  EXPECT_EQ(outcome.kind, Kind::broken);
  EXPECT_EQ(outcome.expected, "rule");
  EXPECT_EQ(outcome.got, "bad; worse");
}

TEST(Findings, ABrokenMustOutweighsABrokenRule) {
  Findings findings{"rule"};
  findings.check(false, "bad").must(false, "stronger rule", "much worse");
  const auto outcome = findings.outcome();
  EXPECT_EQ(outcome.kind, Kind::broken_must);
  EXPECT_EQ(outcome.expected, "stronger rule");
  EXPECT_EQ(outcome.got, "much worse");
}

TEST(Findings, AReportIsObservedUnlessAMustIsBroken) {
  Findings free{""};
  EXPECT_EQ(free.note("what it does").report().kind, Kind::observed);
  Findings harmful{""};
  EXPECT_EQ(harmful.must(false, "rule", "seen").report().kind, Kind::broken_must);
}

TEST(Steps, WhatIsNotTakenBlocksTheCheck) {
  EXPECT_NO_THROW(taken(response(204), "4 bytes"));
  try {
    taken(response(507), "4 bytes");
    ADD_FAILURE() << "expected Stop";
  } catch (const Stop& stop) {
    EXPECT_EQ(stop.outcome.kind, Kind::blocked);
    EXPECT_EQ(stop.outcome.expected, "4 bytes are taken");
    EXPECT_NE(stop.outcome.got.find("507"), std::string::npos);
  }
}

TEST(Integers, AreDigitsOnly) {
  for (const char* text : {"0", "00", "9007199254740993"}) EXPECT_TRUE(is_integer(text)) << text;
  for (const char* text : {"", "-1", "+1", "1.0", "1e3", "0x1", " 1", "1 "}) {
    EXPECT_FALSE(is_integer(text)) << text;
  }
}

TEST(Numbers, AreReadFromAFieldThatIsOne) {
  EXPECT_EQ(number_in(response(200, {{"Upload-Offset", "4"}}), hdr::upload_offset), Bytes{4});
  EXPECT_EQ(number_in(response(200, {{"Upload-Offset", "4.0"}}), hdr::upload_offset), std::nullopt);
  EXPECT_EQ(number_in(response(200), hdr::upload_offset), std::nullopt);
  const auto beyond = response(200, {{"Upload-Offset", "99999999999999999999"}});
  EXPECT_EQ(number_in(beyond, hdr::upload_offset), std::nullopt);
}

TEST(Keys, AreThoseOfThePairsNotOfTheirValues) {
  const auto head = response(200, {{"Upload-Metadata", "a YQ==,flag, b Yg=="}});
  for (const char* key : {"a", "flag", "b"}) EXPECT_TRUE(lists_key(head, key)) << key;
  for (const char* key : {"YQ==", "fla", "", "B"}) EXPECT_FALSE(lists_key(head, key)) << key;
  EXPECT_FALSE(lists_key(response(200), "a"));
}

TEST(Answer, EndsTheCheckWhenThereIsNone) {
  RawConnection::Read read;
  read.seen = RawConnection::Seen::reset;
  try {
    static_cast<void>(answer(read));
    FAIL() << "no Stop";
  } catch (const Stop& stop) {
    EXPECT_EQ(stop.outcome.kind, Kind::blocked);
    EXPECT_NE(stop.outcome.got.find("reset"), std::string::npos);
  }
}

TEST(Suites, JudgeEachRequirementOnce) {
  std::set<std::string_view> seen;
  for (const auto suite : {core_version, core_options, core_headers, core_head, core_patch,
                           core_method_override, creation, creation_metadata, creation_defer_length,
                           creation_with_upload, termination, concatenation, cors, http_hygiene}) {
    const auto checks = suite();
    EXPECT_FALSE(checks.empty());
    for (const auto& check : checks) {
      EXPECT_TRUE(seen.insert(check.requirement).second) << check.requirement << " twice";
      EXPECT_NE(check.run, nullptr) << check.requirement;
    }
  }
}

// A server that told an offset beyond the end used to make a check throw.
TEST(FromOffset, HasNothingBeyondTheEnd) {
  EXPECT_EQ(from_offset("abc", Bytes{1}), "bc");
  EXPECT_EQ(from_offset("abc", Bytes{3}), "");
  EXPECT_EQ(from_offset("abc", Bytes{4}), "");
  EXPECT_EQ(from_offset("abc", Bytes{~std::uint64_t{0}}), "");
}

}  // namespace
}  // namespace conformance::suites
