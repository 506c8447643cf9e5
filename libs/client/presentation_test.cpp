#include "client/presentation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace client {
namespace {

using Way = Presentation::Way;

const std::vector<Presentation> every_way{
    {Way::bearer}, {Way::basic_user}, {Way::field, "X-API-Key"}, {Way::query, "access_token"}};

/// What stands in a request for http://h/up?a=1#top.
struct Asked {
  http::Fields headers;
  std::string url = "http://h/up?a=1#top";

  static Asked with(const Presentation& how, std::string_view credential) {
    Asked asked;
    how.put(credential, asked.headers, asked.url);
    return asked;
  }
  bool operator==(const Asked&) const = default;
};

TEST(Presentation, IsABearerTokenUnlessASystemSaysOtherwise) {
  const auto asked = Asked::with({}, "the-key");
  EXPECT_EQ(asked.headers, (http::Fields{{"Authorization", "Bearer the-key"}}));
  EXPECT_EQ(asked.url, "http://h/up?a=1#top");
}

TEST(Presentation, TheKeyIsTheUserOfBasic) {
  const auto asked = Asked::with({Way::basic_user}, "the-key");
  EXPECT_EQ(asked.headers, (http::Fields{{"Authorization", "Basic dGhlLWtleTo="}}));
}

TEST(Presentation, HasAFieldOfItsOwn) {
  const auto asked = Asked::with({Way::field, "X-API-Key"}, "the-key");
  EXPECT_EQ(asked.headers, (http::Fields{{"X-API-Key", "the-key"}}));
}

TEST(Presentation, IsAParameterBehindTheOthersAndBeforeTheFragment) {
  const Presentation how{Way::query, "access_token"};
  const auto asked = Asked::with(how, "a/b&c d");
  EXPECT_EQ(asked.url, "http://h/up?a=1&access_token=a%2Fb%26c%20d#top");
  EXPECT_TRUE(asked.headers.empty());
  http::Fields none;
  std::string bare = "http://h/up";
  how.put("the-key", none, bare);
  EXPECT_EQ(bare, "http://h/up?access_token=the-key");
  how.put("next", none, bare);
  EXPECT_EQ(bare, "http://h/up?access_token=next");
}

TEST(Presentation, TakesThePlaceOfAnotherAndGoesAgain) {
  for (const auto& how : every_way) {
    auto asked = Asked::with(how, "first-key");
    EXPECT_TRUE(how.is_on(asked.headers, asked.url));
    how.put("next-key", asked.headers, asked.url);
    EXPECT_EQ(asked, Asked::with(how, "next-key"));
    how.take_off(asked.headers, asked.url);
    EXPECT_EQ(asked, Asked{});
    EXPECT_FALSE(how.is_on(asked.headers, asked.url));
  }
}

TEST(Presentation, NoCredentialChangesNothing) {
  for (const auto& how : every_way) EXPECT_EQ(Asked::with(how, ""), Asked{});
}

TEST(Presentation, OtherParametersAreNoCredential) {
  const Presentation how{Way::query, "key"};
  EXPECT_FALSE(how.is_on({}, "http://h/key=1?apikey=2&b=key#key=3"));
  EXPECT_TRUE(how.is_on({}, "http://h/?b&k%65y"));
}

/// A request with the credential, as a report shows it.
std::string shown(const Presentation& how, std::string_view credential) {
  redact::Secrets secrets;
  how.hide(credential, secrets);
  const auto asked = Asked::with(how, credential);
  std::string text = asked.url;
  for (const auto& field : asked.headers) text += " " + field.name + ": " + field.value;
  return secrets.mask(text);
}

TEST(Presentation, IsShownInNoText) {
  EXPECT_EQ(shown({}, "the-key"), "http://h/up?a=1#top Authorization: Bearer the-key")
      << "short: hidden with all of Authorization, by transport::transcript";
  EXPECT_EQ(shown({}, "a-long-key/+"), "http://h/up?a=1#top Authorization: Bearer ***");
  EXPECT_EQ(shown({Way::basic_user}, "a-long-key/+"),
            "http://h/up?a=1#top Authorization: Basic ***");
  for (const std::string_view credential : {"a-long-key/+ &", "k/ 1"}) {
    EXPECT_EQ(shown({Way::field, "X-Partner"}, credential), "http://h/up?a=1#top X-Partner: ***");
    EXPECT_EQ(shown({Way::query, "auth"}, credential), "http://h/up?a=1&auth=***#top");
  }
}

}  // namespace
}  // namespace client
