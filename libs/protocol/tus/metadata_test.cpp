#include "protocol/tus/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tus::MetadataPair;
using Strictness = tus::MetadataStrictness;

std::vector<MetadataPair> strict(std::string_view header) {
  const auto metadata = tus::parse_metadata(header, Strictness::strict);
  EXPECT_TRUE(metadata.has_value()) << metadata.error().line();
  return metadata ? metadata->pairs() : std::vector<MetadataPair>{};
}

std::vector<MetadataPair> lenient(std::string_view header) {
  const auto metadata = tus::parse_metadata(header, Strictness::lenient);
  EXPECT_TRUE(metadata.has_value()) << metadata.error().line();
  return metadata ? metadata->pairs() : std::vector<MetadataPair>{};
}

TEST(TusMetadata, ThePairsComeInOrder) {
  const std::string_view header = "filename d29ybGQ=,a YQ==,B Yg==";
  const auto expected = ElementsAre(MetadataPair{"filename", "world"}, MetadataPair{"a", "a"},
                                    MetadataPair{"B", "b"});
  EXPECT_THAT(strict(header), expected);
  EXPECT_THAT(lenient(header), expected);
}

// TUS-META-002, -004, -005: both forms of "no value", and each comes back as it was sent.
TEST(TusMetadata, ValuelessKeysKeepTheirForm) {
  for (const std::string_view header : {"k", "k ", "k,l ,m", "k ,l", "a YQ==,k", "a YQ==,k "}) {
    for (const auto strictness : {Strictness::strict, Strictness::lenient}) {
      const auto metadata = tus::parse_metadata(header, strictness);
      ASSERT_TRUE(metadata.has_value()) << header;
      EXPECT_EQ(metadata->find("k"), "") << header;
      EXPECT_EQ(tus::format_metadata(*metadata), header);
    }
  }
  EXPECT_THAT(strict("k,l "),
              ElementsAre(MetadataPair{"k", "", true}, MetadataPair{"l", "", false}));
}

TEST(TusMetadata, ValuesAreBytes) {
  EXPECT_THAT(strict("b /wD+"), ElementsAre(MetadataPair{"b", std::string("\xFF\0\xFE", 3)}));
  EXPECT_THAT(strict("b DQpTZXQtQ29va2llOiBhPWI="),
              ElementsAre(MetadataPair{"b", "\r\nSet-Cookie: a=b"}));
}

TEST(TusMetadata, HostileKeysAreOrdinaryKeys) {
  EXPECT_THAT(strict("__proto__ YQ==,a/b Yg==,a=b"),
              ElementsAre(MetadataPair{"__proto__", "a"}, MetadataPair{"a/b", "b"},
                          MetadataPair{"a=b", "", true}));
}

struct Faulty {
  std::string_view header;
  std::string_view error;               ///< of the strict form
  std::vector<MetadataPair> remaining;  ///< of the lenient form
};

TEST(TusMetadata, FaultyPairs) {
  const MetadataPair a{"a", "a"};
  const MetadataPair b{"b", "b"};
  const Faulty cases[] = {
      {"x ???,a YQ==", R"(pair 1 ("x") has a value that is not Base64)", {a}},
      {"a YQ==,x YQ", R"(pair 2 ("x") has a value that is not Base64)", {a}},
      {"x YQ-_", R"(pair 1 ("x") has a value that is not Base64)", {}},
      {"x YQ==YQ==", R"(pair 1 ("x") has a value that is not Base64)", {}},
      {"a b YQ==", R"(pair 1 ("a") has a value that is not Base64)", {}},
      {"a  YQ==", R"(pair 1 ("a") has a value that is not Base64)", {}},
      {"a YQ== ,b Yg==", R"(pair 1 ("a") has a value that is not Base64)", {a, b}},
      {"a YQ==,a Yg==", R"(pair 2 repeats the key "a")", {{"a", "b"}}},
      {"a YQ==,b Yg==,a", R"(pair 3 repeats the key "a")", {{"a", "", true}, b}},
      {",a YQ==", "pair 1 has no key", {a}},
      {"a YQ==,", "pair 2 has no key", {a}},
      {"a YQ==,,b Yg==", "pair 2 has no key", {a, b}},
      {" ", "pair 1 has no key", {}},
      {",", "pair 1 has no key", {}},
      {"\xC3\xA9 YQ==",
       R"(pair 1 has the key "\xc3\xa9", expected visible ASCII)",
       {{"\xC3\xA9", "a"}}},
      {"a\tb YQ==", R"(pair 1 has the key "a\tb", expected visible ASCII)", {{"a\tb", "a"}}},
      {"x YR==", R"(pair 1 ("x") has a value that is not Base64)", {{"x", "a"}}},
  };
  for (const auto& c : cases) {
    const auto metadata = tus::parse_metadata(c.header, Strictness::strict);
    ASSERT_FALSE(metadata.has_value()) << c.header;
    EXPECT_EQ(metadata.error().line(), "Upload-Metadata: " + std::string(c.error)) << c.header;
    EXPECT_EQ(lenient(c.header), c.remaining) << c.header;
  }
}

// TUS-META-012: the text is silent on space after the comma; HTTP lists allow it.
TEST(TusMetadata, SpaceAfterTheCommaIsTaken) {
  const auto expected = ElementsAre(MetadataPair{"a", "a"}, MetadataPair{"b", "b"});
  EXPECT_THAT(strict("a YQ==, \tb Yg=="), expected);
  EXPECT_THAT(lenient("a YQ==, \tb Yg=="), expected);
}

// TUS-META-015
TEST(TusMetadata, EmptyHeader) {
  EXPECT_THAT(lenient(""), IsEmpty());
  EXPECT_EQ(tus::parse_metadata("", Strictness::strict).error().line(),
            "Upload-Metadata: is empty, expected \"key base64,...\"");
}

TEST(TusMetadata, SetAndRemove) {
  auto metadata = *tus::parse_metadata("a YQ==,b,c Yw==", Strictness::strict);
  metadata.set("b", "filled");
  metadata.set("a", "");
  metadata.set("d", "d");
  EXPECT_EQ(tus::format_metadata(metadata), "a,b ZmlsbGVk,c Yw==,d ZA==");
  EXPECT_TRUE(metadata.remove("c"));
  EXPECT_FALSE(metadata.remove("c"));
  EXPECT_FALSE(metadata.find("c").has_value());
  EXPECT_EQ(tus::format_metadata({}), "");
}

TEST(TusMetadata, Keys) {
  for (const std::string_view key : {"a", "filename", "!", "~", "a=b", "__proto__"}) {
    EXPECT_TRUE(tus::is_metadata_key(key)) << key;
  }
  for (const std::string_view key : {"", " ", "a b", "a,b", "a\t", "a\n", "\x7F", "\xC3\xA9"}) {
    EXPECT_FALSE(tus::is_metadata_key(key)) << key;
  }
  EXPECT_FALSE(tus::is_metadata_key(std::string_view("\0", 1)));
}

// TUS-META-011: Go's limit for all headers is a megabyte.
TEST(TusMetadata, AMegabyteOfPairs) {
  std::string header;
  for (int i = 0; i < 90'000; ++i) header += (i > 0 ? ",k" : "k") + std::to_string(i) + " YQ==";
  const auto metadata = tus::parse_metadata(header, Strictness::strict);
  ASSERT_TRUE(metadata.has_value());
  EXPECT_EQ(tus::format_metadata(*metadata), header);
}

}  // namespace
