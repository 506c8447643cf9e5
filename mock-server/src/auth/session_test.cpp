#include "auth/session.hpp"

#include <gtest/gtest.h>

#include "files/files.hpp"
#include "files/temporary_folder.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

const TimePoint start{seconds{1'800'000'000}};

Request with(const std::string& cookie) {
  Request request;
  request.fields.add("Cookie", cookie);
  return request;
}

TEST(Sessions, WhatTheySealTheyOpenAgain) {
  const auto sessions = Sessions::open(std::nullopt).value();
  const auto cookie = sessions->seal("a.b.c", start + seconds{60});
  EXPECT_EQ(cookie.rfind("phdo_session=", 0), 0U);
  EXPECT_EQ(sessions->token_in(with(cookie), start).value(), "a.b.c");
  EXPECT_EQ(sessions->token_in(with("x=1;" + cookie), start).value(), "a.b.c");
  EXPECT_EQ(sessions->token_in(with("phdo=1; phdo_session"), start).value(), std::nullopt);
  EXPECT_EQ(sessions->token_in(Request{}, start).value(), std::nullopt);
}

TEST(Sessions, EveryCharacterOfItCounts) {
  const auto sessions = Sessions::open(std::nullopt).value();
  const auto cookie = sessions->seal("a.b.c", start + seconds{60});
  for (std::size_t i = cookie.find('=') + 1; i < cookie.size(); ++i) {
    auto forged = cookie;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const auto opened = sessions->token_in(with(forged), start);
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error(), "securecookie: the value is not valid");
  }
  EXPECT_FALSE(Sessions::open(std::nullopt).value()->token_in(with(cookie), start));
}

TEST(Sessions, Expire) {
  const auto sessions = Sessions::open(std::nullopt).value();
  const auto cookie = sessions->seal("t", start + seconds{60});
  EXPECT_TRUE(sessions->token_in(with(cookie), start + seconds{59}));
  const auto late = sessions->token_in(with(cookie), start + seconds{60});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), "securecookie: expired timestamp");
}

TEST(Sessions, OutliveARestart) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "state" / "session-key";
  const auto cookie = Sessions::open(file).value()->seal("t", start + seconds{60});
  EXPECT_EQ(Sessions::open(file).value()->token_in(with(cookie), start).value(), "t");
  ASSERT_TRUE(replace_file(file, "short"));
  const auto damaged = Sessions::open(file);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().where, file.string());
}

}  // namespace
}  // namespace mock
