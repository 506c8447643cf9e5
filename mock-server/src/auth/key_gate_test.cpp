#include "auth/key_gate.hpp"

#include <gtest/gtest.h>

#include <array>

#include "protocol/base64.hpp"

namespace mock {
namespace {

using Kind = KeyWay::Kind;

Reply told(KeyFlaw flaw) {
  constexpr std::array words{"absent", "empty", "malformed", "unknown"};
  auto reply = json_reply(401, words.at(static_cast<std::size_t>(flaw)));
  reply.fields.set("WWW-Authenticate", "Basic realm=\"test\"");
  return reply;
}

/// A gate with these ways and the keys "first-key" and "key-two".
class Keys {
 public:
  explicit Keys(std::vector<KeyWay> ways)
      : gate_({std::move(ways), {"first-key", "key-two"}, told}) {}

  /// "passes", or the flaw.
  [[nodiscard]] std::string say(const ::http::Fields& fields, std::string query = {}) const {
    const auto reply = gate_.check(request(fields, std::move(query)));
    return reply ? reply->body : "passes";
  }
  [[nodiscard]] static Request request(const ::http::Fields& fields, std::string query = {}) {
    Request request;
    request.method = "POST";
    request.fields = fields;
    request.query = std::move(query);
    return request;
  }
  [[nodiscard]] const KeyGate& gate() const { return gate_; }

 private:
  KeyGate gate_;
};

TEST(KeyGate, TakesAKeyInAFieldOfItsOwn) {
  const Keys keys({{Kind::field, "X-API-Key"}});
  EXPECT_EQ(keys.say({{"x-api-key", "first-key"}}), "passes");
  EXPECT_EQ(keys.say({{"X-API-Key", " key-two "}}), "passes");
  EXPECT_EQ(keys.say({{"X-API-Key", "first-kez"}}), "unknown");
  EXPECT_EQ(keys.say({{"X-API-Key", "first-key2"}}), "unknown");
  EXPECT_EQ(keys.say({{"X-API-Key", "first"}}), "unknown");
  EXPECT_EQ(keys.say({{"X-API-Key", "FIRST-KEY"}}), "unknown");
  EXPECT_EQ(keys.say({{"X-API-Key", ""}}), "empty");
  EXPECT_EQ(keys.say({{"X-API-Key", "first-key"}, {"X-API-Key", "first-key"}}), "malformed");
  EXPECT_EQ(keys.say({}), "absent");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer first-key"}}), "absent");
}

TEST(KeyGate, TakesAKeyAsUserWithoutPassword) {
  const Keys keys({{Kind::basic_user}});
  const auto basic = [](const std::string& text) {
    return ::http::Fields{{"Authorization", "Basic " + base64::encode(text)}};
  };
  EXPECT_EQ(keys.say(basic("first-key:")), "passes");
  EXPECT_EQ(keys.say({{"Authorization", "basic " + base64::encode("first-key:")}}), "passes");
  EXPECT_EQ(keys.say(basic("another:")), "unknown");
  EXPECT_EQ(keys.say(basic(":")), "empty");
  EXPECT_EQ(keys.say({{"Authorization", "Basic"}}), "empty");
  EXPECT_EQ(keys.say(basic("first-key")), "malformed") << "no colon";
  EXPECT_EQ(keys.say(basic("first-key:password")), "malformed");
  EXPECT_EQ(keys.say({{"Authorization", "Basic first-key"}}), "malformed") << "no Base64";
  auto twice = basic("first-key:");
  twice.add("Authorization", "Basic " + base64::encode("first-key:"));
  EXPECT_EQ(keys.say(twice), "malformed");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer first-key"}}), "absent");
}

TEST(KeyGate, TakesAKeyAsBearer) {
  const Keys keys({{Kind::bearer}});
  EXPECT_EQ(keys.say({{"Authorization", "bearer  first-key"}}), "passes");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer"}}), "empty");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer first-key x"}}), "malformed");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer x"}}), "unknown");
  EXPECT_EQ(keys.say({{"Authorization", "first-key"}}), "absent");
  EXPECT_EQ(keys.say({{"Authorization", ""}}), "absent");
  EXPECT_EQ(keys.say({{"Authorization", "Bearer first-key"}, {"Authorization", "Basic x"}}),
            "malformed");
}

TEST(KeyGate, TakesAKeyInTheQuery) {
  const Keys keys({{Kind::query, "access_token"}});
  EXPECT_EQ(keys.say({}, "access_token=first-key"), "passes");
  EXPECT_EQ(keys.say({}, "a=%zz&b&&access_token=first%2Dkey&c=1"), "passes");
  EXPECT_EQ(keys.say({}, "access_token=x"), "unknown");
  EXPECT_EQ(keys.say({}, "access_token="), "empty");
  EXPECT_EQ(keys.say({}, "access_token"), "empty");
  EXPECT_EQ(keys.say({}, "access_token=first+key"), "malformed");
  EXPECT_EQ(keys.say({}, "access_token=%zz"), "malformed");
  EXPECT_EQ(keys.say({}, "access_token=first-key&access_token=first-key"), "malformed");
  EXPECT_EQ(keys.say({}, "Access_token=first-key"), "absent");
  EXPECT_EQ(keys.say({}), "absent");
}

TEST(KeyGate, TheFirstWayInWhichAnythingIsPresentedCounts) {
  const Keys query_wins({{Kind::query, "access_token"}, {Kind::bearer}});
  const ::http::Fields good{{"Authorization", "Bearer first-key"}};
  EXPECT_EQ(query_wins.say(good), "passes");
  EXPECT_EQ(query_wins.say(good, "access_token=x"), "unknown");
  EXPECT_EQ(query_wins.say(good, "access_token="), "empty");
  EXPECT_EQ(query_wins.say({{"Authorization", "Bearer x"}}, "access_token=first-key"), "passes");

  const Keys any({{Kind::basic_user}, {Kind::bearer}, {Kind::field, "X-API-Key"}});
  EXPECT_EQ(any.say({{"Authorization", "Basic " + base64::encode("key-two:")}}), "passes");
  EXPECT_EQ(any.say({{"Authorization", "Bearer key-two"}}), "passes");
  EXPECT_EQ(any.say({{"X-API-Key", "key-two"}}), "passes");
  EXPECT_EQ(any.say({{"Authorization", "Digest x"}, {"X-API-Key", "key-two"}}), "passes");
  EXPECT_EQ(any.say({{"Authorization", "Bearer x"}, {"X-API-Key", "key-two"}}), "unknown");
}

TEST(KeyGate, SaysWhoseKeyItIs) {
  const Keys keys({{Kind::field, "X-API-Key"}});
  EXPECT_EQ(keys.gate().key_of(Keys::request({{"X-API-Key", "key-two"}})), "key-two");
  EXPECT_EQ(keys.gate().key_of(Keys::request({})), tl::unexpected(KeyFlaw::absent));
}

TEST(KeyGate, RefusesInTheWordsOfItsSystem) {
  const Keys keys({{Kind::field, "X-API-Key"}});
  const auto reply = keys.gate().check(Keys::request({}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 401);
  EXPECT_EQ(reply->fields.find("WWW-Authenticate"), "Basic realm=\"test\"");
}

TEST(KeyGate, WithoutKeysNobodyPasses) {
  const KeyGate closed({{{Kind::field, "X-API-Key"}}, {}, told});
  EXPECT_TRUE(closed.check(Keys::request({{"X-API-Key", "first-key"}})));
}

TEST(KeyGate, PreflightsPassAndOtherOptionsDoNot) {
  const Keys keys({{Kind::field, "X-API-Key"}});
  auto options = Keys::request({});
  options.method = "OPTIONS";
  EXPECT_TRUE(keys.gate().check(options));
  options.fields.add("Origin", "https://partner.example");
  options.fields.add("Access-Control-Request-Method", "POST");
  EXPECT_FALSE(keys.gate().check(options));
  options.addressed.overridden = true;
  EXPECT_TRUE(keys.gate().check(options));
}

}  // namespace
}  // namespace mock
