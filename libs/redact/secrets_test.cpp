#include "redact/secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <thread>
#include <vector>

#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"

namespace redact {
namespace {

using testing::HasSubstr;
using testing::Not;

Secrets knowing(std::string_view value) {
  Secrets secrets;
  secrets.add(value);
  return secrets;
}

TEST(Secrets, AKnownValueIsMaskedWhereverItStands) {
  const Secrets secrets = knowing("s3cr3t-value");
  EXPECT_EQ(secrets.mask("s3cr3t-value"), "***");
  EXPECT_EQ(secrets.mask("a s3cr3t-value, s3cr3t-values"), "a ***, ***s");
  EXPECT_EQ(secrets.mask("ss3cr3t-values3cr3t-value"), "s******");
  EXPECT_EQ(secrets.mask("nothing of it"), "nothing of it");
  EXPECT_EQ(secrets.mask(""), "");
  EXPECT_EQ(Secrets().mask("s3cr3t-value"), "s3cr3t-value");
}

TEST(Secrets, ShortValuesAreWordsLikeOthers) {
  Secrets secrets = knowing("demo");
  EXPECT_EQ(secrets.mask("a demo"), "a demo");
  secrets.add_field("X-Partner", "lab-7");
  EXPECT_EQ(secrets.mask("> X-Partner: lab-7\nlab-7"), "> X-Partner: ***\nlab-7");
  secrets.add_parameter("code", "a+b");
  EXPECT_EQ(secrets.mask("/up?code=a%2Bb&x=a+b"), "/up?code=***&x=a+b");
  secrets.add_parameter("code", "long-enough");
  EXPECT_EQ(secrets.mask("long-enough"), "***");
}

TEST(Secrets, EscapesDoNotHideAValue) {
  const std::string value = "p\xc3\xa4ss /?&+\"<\\>%41=x'";
  const Secrets secrets = knowing(value);
  const std::string upper = http::percent_encode(value);
  std::string lower = upper;
  for (std::size_t i = 0; i + 2 < lower.size(); ++i) {
    if (lower[i] == '%') {
      lower[i + 1] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[i + 1])));
      lower[i + 2] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[i + 2])));
    }
  }
  std::string every;
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    every += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  for (const std::string& form :
       {value, upper, lower, every, http::percent_encode(upper), http::format_form({{"p", value}}),
        std::string("p\\u00e4ss \\/?&+\\\"<\\\\>%41=x'"),
        std::string("p\xc3\xa4ss /?\\u0026+\\\"\\u003c\\\\\\u003e%41=x'"),
        std::string("p\xc3\xa4ss /?&amp;+&quot;&lt;\\&gt;%41=x&apos;"),
        std::string("p\\xc3\\xa4ss /?&+\"<\\>%41=x'")}) {
    const std::string masked = secrets.mask("[" + form + "]");
    EXPECT_THAT(masked, testing::AnyOf("[***]", "[p=***]")) << form;
  }
}

TEST(Secrets, Base64OfAValueIsMaskedWithItsNeighbours) {
  const std::string value = "s3cr3t-value?>";
  const Secrets secrets = knowing(value);
  for (const std::string before : {"", "u", "us", "user", "user:", "a longer name of a user:"}) {
    for (const std::string after : {"", "x", "xy", "xyz"}) {
      for (const std::string& text :
           {base64::encode(before + value + after), base64::encode_url(before + value + after)}) {
        const std::string masked = secrets.mask("Basic " + text + " end");
        EXPECT_THAT(masked, testing::StartsWith("Basic ")) << masked;
        EXPECT_THAT(masked, testing::EndsWith("*** end")) << masked;
        // Nothing is left of the groups of three bytes in which the value begins and ends.
        EXPECT_LE(masked.size(), 13 + before.size() * 4 / 3 + after.size() * 4 / 3 + 2) << masked;
      }
    }
  }
  const std::string encoded = http::percent_encode(base64::encode("user:" + value));
  EXPECT_THAT(secrets.mask(encoded), HasSubstr("***"));
}

TEST(Secrets, AValueThatIsBrokenOffIsMasked) {
  const Secrets secrets = knowing("eyJhbGciOiJSUzI1NiJ9.payload.signature");
  EXPECT_EQ(secrets.mask("got \"eyJhbGciOiJSUz\"..."), "got \"***\"...");
  EXPECT_EQ(secrets.mask("eyJhbGciOiJSUz"), "***");
  EXPECT_EQ(secrets.mask("eyJhbGc"), "eyJhbGc");
  EXPECT_EQ(secrets.mask("eyJhbGciOiJSUz and more"), "eyJhbGciOiJSUz and more");
}

TEST(Secrets, AFieldIsTakenApart) {
  Secrets secrets;
  secrets.add_field("Authorization", "Bearer the-bearer-token");
  secrets.add_field("Proxy-Authorization", "Basic " + base64::encode("someone:the-password"));
  secrets.add_field("Cookie", "a=the-first-cookie; b=the-second-cookie");
  secrets.add_field("Ocp-Apim-Subscription-Key", "the-api-key");
  secrets.add_field("X-Partner", "not-on-any-list");
  secrets.add_field("User-Agent", "my-own-agent/7");
  for (const char* value : {"the-bearer-token", "the-password", "the-first-cookie",
                            "the-second-cookie", "the-api-key", "not-on-any-list"}) {
    EXPECT_EQ(secrets.mask(value), "***") << value;
  }
  EXPECT_EQ(secrets.mask("my-own-agent/7"), "my-own-agent/7");
  EXPECT_EQ(secrets.mask("someone"), "someone");
}

TEST(Secrets, AUrlIsTakenApart) {
  Secrets secrets;
  secrets.add_url("https://me:pass%2Fphrase@h.example/files?code=in-the-query&v=1&sig=ab%2Bcdefgh");
  for (const char* value :
       {"pass%2Fphrase", "pass/phrase", "in-the-query", "ab%2Bcdefgh", "ab+cdefgh"}) {
    EXPECT_EQ(secrets.mask(value), "***") << value;
  }
  EXPECT_EQ(secrets.mask("https://h.example/files"), "https://h.example/files");
}

TEST(ShownUrl, HidesUserInformationAndQuery) {
  EXPECT_EQ(shown_url("http://127.0.0.1:80/files"), "http://127.0.0.1:80/files");
  EXPECT_EQ(shown_url("http://u:p@h/x?a=1&b=&flag&c=2#f"), "http://***@h/x?a=***&b=&***&c=***#f");
  EXPECT_EQ(shown_url("http://u:pa/ss@h/x"), "http://***@h/x");
  EXPECT_EQ(shown_url("u:p@h/x"), "***@h/x");
  EXPECT_EQ(shown_url("http://h:80/@me"), "http://h:80/@me");
  EXPECT_EQ(shown_url("http://[::1]:80/@me"), "http://[::1]:80/@me");
  EXPECT_EQ(shown_url(""), "");
}

TEST(Secrets, TokensAreLearntFromWhateverATokenEndpointSays) {
  for (const char* document :
       {R"({"access_token":"the-issued-token","token_type":"Bearer"})",
        R"({"access_token" : "the-issued-token)", "access_token=the-issued-token&x=y",
        R"({"refresh_token":"the-issued-token"})", R"({'id_token': 'the-issued-token'})",
        R"(\"access_token\":\"the-issued-token\")"}) {
    Secrets secrets;
    secrets.learn_tokens(document);
    EXPECT_EQ(secrets.mask("the-issued-token"), "***") << document;
  }
  Secrets secrets;
  secrets.learn_tokens(R"({"error_description":"access_token is not understood"})");
  secrets.learn_tokens("access_token: required, refresh_token = required");
  EXPECT_EQ(secrets.mask("is not understood, required"), "is not understood, required");
  secrets.learn_cookie("session=the-session-cookie; Path=/; HttpOnly");
  EXPECT_EQ(secrets.mask("the-session-cookie; Path=/"), "***; Path=/");
}

TEST(Secrets, ALongValueGoesWhole) {
  const std::string value(160'000, 'q');
  const Secrets secrets = knowing(value);
  EXPECT_EQ(secrets.mask("{\"" + value + "\"}"), "{\"***\"}");
}

TEST(Secrets, CopiesShareWhatTheyKnow) {
  Secrets secrets;
  const Secrets copy = secrets;
  secrets.add("learnt-later");
  EXPECT_EQ(copy.mask("learnt-later"), "***");
}

TEST(Secrets, ThreadsLearnAndMaskAtOnce) {
  Secrets secrets;
  std::vector<std::thread> threads;
  std::atomic<int> leaks{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([secrets, t, &leaks]() mutable {
      for (int i = 0; i < 100; ++i) {
        const std::string value = "secret-" + std::to_string(t) + "-" + std::to_string(i) + "!";
        secrets.add(value);
        if (secrets.mask("x " + value) != "x ***") ++leaks;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(leaks, 0);
}

TEST(Secrets, MegabytesAreMaskedInNoTime) {
  Secrets secrets;
  for (int i = 0; i < 300; ++i) {
    secrets.add("eyJhbGciOiJSUzI1NiJ9." + std::to_string(i) + ".signature");
  }
  std::string text;
  while (text.size() < (1U << 20U)) text += "> PATCH /files/1 HTTP/1.1 eyJh %2F and \\u0041\n";
  // CPU time, as other tests may run beside this one.
  const std::clock_t start = std::clock();
  EXPECT_TRUE(secrets.mask(text) == text);
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 20);
}

}  // namespace
}  // namespace redact
