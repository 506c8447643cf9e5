#include "protocol/json/decode.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace {

using json::Cursor;

template <class Read>
std::string error_line(std::string_view text, Read&& read) {
  const auto result = json::decode(text, "a.json", std::forward<Read>(read));
  return result ? "no error" : result.error().line();
}

TEST(JsonDecode, ErrorsNameTheDocumentAndThePath) {
  const auto method = [](const Cursor& root) {
    return root.at("rules").items().at(1).at("when").at("method").string();
  };
  EXPECT_EQ(error_line(R"({"rules":[{}, {"when":{"method":7}}]})", method),
            "a.json: rules[1].when.method: expected a string, found a number");
  EXPECT_EQ(error_line(R"({"rules":[{}, {"when":{}}]})", method),
            "a.json: rules[1].when: \"method\" is missing");
  EXPECT_EQ(error_line(R"({"rules":{}})", method),
            "a.json: rules: expected an array, found an object");
  EXPECT_EQ(error_line("[]", method), "a.json: expected an object, found an array");
  EXPECT_EQ(json::decode(R"({"rules":[{}, {"when":{"method":"PATCH"}}]})", "a.json", method),
            "PATCH");
}

TEST(JsonDecode, RefusesUnknownKeys) {
  EXPECT_EQ(error_line(R"({"name":"x","tiems":1})",
                       [](const Cursor& root) {
                         root.only({"name", "times"});
                         return 0;
                       }),
            "a.json: unknown key \"tiems\" (did you mean times?), expected name, times");
}

TEST(JsonDecode, SyntaxErrorsNameLineAndColumn) {
  const auto any = [](const Cursor&) { return 0; };
  EXPECT_TRUE(error_line("{\n  \"a\": tru\n}", any).starts_with("a.json:2:11: not JSON: "))
      << error_line("{\n  \"a\": tru\n}", any);
  for (const std::string_view text :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "// c\n{}", "{} {}", "nul", "NaN", "01",
        "\"\x01\"", "\"\xFF\"", "\"\\ud800\"", "[1e999]"}) {
    EXPECT_TRUE(error_line(text, any).starts_with("a.json")) << text;
  }
}

// The parser takes a NUL byte for the end of the text, and ignores what follows it.
TEST(JsonDecode, NothingFollowsTheDocument) {
  using namespace std::string_literals;
  const auto any = [](const Cursor&) { return 0; };
  for (const auto& behind : {"\0"s, "\0{\"b\":2}"s, " \n\0"s}) {
    EXPECT_TRUE(error_line("{}" + behind, any).starts_with("a.json:")) << behind.size();
  }
  EXPECT_EQ(error_line("[1,\n2]\0"s, any), "a.json:2:3: not JSON: a NUL byte");
}

TEST(JsonDecode, AnErrorIsNoLongerThanALine) {
  const auto any = [](const Cursor&) { return 0; };
  const std::string value(160'000, 'q');
  for (const std::string& text : {"{\"a\": \"" + value, "{\"a\": " + value + "}",
                                  "{\"" + value + "\":1,\"" + value + "\":2}"}) {
    EXPECT_LT(error_line(text, any).size(), 300U);
  }
  EXPECT_LT(error_line("{\"" + value + "\": 1}",
                       [&](const Cursor& root) { return root.at(value).string().size(); })
                .size(),
            300U);
}

TEST(JsonDecode, ErrorsAboutSecretsSayWhereAndNeverWhat) {
  const auto read = [](const Cursor& root) {
    root.only({"name"});
    return root.at("name").string().size();
  };
  for (const std::string_view text :
       {"{\"name\": \"hunter2", "{\"name\": hunter2}", "hunter2", "{\"name\": \"hunter2\"} hunter2",
        "{\"hunter2\": 1}", "{\"hunter2\": 1, \"hunter2\": 2}", "{\"name\": [\"hunter2\"]}",
        "[\"hunter2\"]", "{\"name\": \"hunter2\x01\"}", "{\"name\": \"hunter2\xff\"}",
        "{\"name\": 1e999}", "{\"name\": \"hunter2\\q\"}"}) {
    const auto result = json::decode(text, "a.json", read, json::Content::secret);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().line().find("hunter2"), std::string::npos) << result.error().line();
    EXPECT_TRUE(result.error().line().starts_with("a.json")) << result.error().line();
  }
  const auto cut_off =
      json::decode("{\n\"name\": \"hunter2", "a.json", read, json::Content::secret);
  EXPECT_TRUE(cut_off.error().line().starts_with("a.json:2:17: not JSON: "))
      << cut_off.error().line();
}

TEST(JsonDecode, RefusesDuplicateKeysAtEveryDepth) {
  const auto any = [](const Cursor&) { return 0; };
  EXPECT_EQ(error_line(R"({"a":1,"a":2})", any), "a.json: the key \"a\" is there twice");
  EXPECT_EQ(error_line(R"({"b":[{"a":1,"c":{},"a":2}]})", any),
            "a.json: the key \"a\" is there twice");
  EXPECT_EQ(error_line(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", any), "no error");
}

TEST(JsonDecode, Integers) {
  const auto integer = [](const Cursor& root) { return root.integer(); };
  const auto natural = [](const Cursor& root) { return root.unsigned_integer(); };
  EXPECT_EQ(json::decode("-9223372036854775808", "", integer),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(json::decode("9223372036854775807", "", integer),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(json::decode("18446744073709551615", "", natural),
            std::numeric_limits<std::uint64_t>::max());
  for (const std::string_view text :
       {"9223372036854775808", "1.0", "1e3", "\"1\"", "true", "null", "-9223372036854775809"}) {
    EXPECT_FALSE(json::decode(text, "", integer).has_value()) << text;
  }
  for (const std::string_view text : {"-1", "1.0", "18446744073709551616", "\"1\"", "[1]"}) {
    EXPECT_FALSE(json::decode(text, "", natural).has_value()) << text;
  }
}

TEST(JsonDecode, NumbersAndBooleans) {
  EXPECT_EQ(json::decode("1", "", [](const Cursor& c) { return c.number(); }), 1.0);
  EXPECT_EQ(json::decode("true", "", [](const Cursor& c) { return c.boolean(); }), true);
  EXPECT_EQ(error_line("0", [](const Cursor& c) { return c.boolean(); }),
            "a.json: expected true or false, found a number");
  EXPECT_EQ(error_line("true", [](const Cursor& c) { return c.number(); }),
            "a.json: expected a number, found a boolean");
}

TEST(JsonDecode, MembersComeWithTheirPaths) {
  const auto paths = json::decode(R"({"x":{"b":1,"a":2}})", "", [](const Cursor& root) {
    std::string out;
    for (const auto& [key, member] : root.at("x").members()) out += key + "=" + member.path() + " ";
    return out;
  });
  EXPECT_EQ(paths, "a=x.a b=x.b ");
}

TEST(JsonDecode, UnwrapPutsThePlaceToAnError) {
  EXPECT_EQ(error_line(R"({"size":"big"})",
                       [](const Cursor& root) {
                         const Cursor size = root.at("size");
                         return size.unwrap(Result<int>(failure("", "is not a size")));
                       }),
            "a.json: size: is not a size");
}

TEST(JsonDecode, DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const auto any = [](const Cursor&) { return 0; };
  EXPECT_EQ(error_line(nested(100), any), "no error");
  EXPECT_EQ(error_line(nested(102), any), "a.json: nested deeper than 100 levels");
  EXPECT_EQ(error_line(std::string(1'000'000, '['), any), "a.json: nested deeper than 100 levels");
}

// Once, a megabyte of them took minutes: each that ended was looked for among all before it.
TEST(JsonDecode, ManySmallElementsTakeNoLongerThanOthers) {
  std::string text = "[{}";
  for (int i = 0; i < 300'000; ++i) text += ",{}";
  std::size_t count = 0;
  const auto counted = [&](const Cursor& root) { return count = root.raw().size(); };
  EXPECT_EQ(error_line(text + "]", counted), "no error");
  EXPECT_EQ(count, 300'001U);
}

class JsonDecodeFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "decode_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(JsonDecodeFile, ReadsAFile) {
  const std::string file = folder_ / "x.json";
  std::ofstream(file) << R"({"a":"b"})";
  EXPECT_EQ(json::decode_file(file, [](const Cursor& root) { return root.at("a").string(); }), "b");
}

TEST_F(JsonDecodeFile, AMissingFileOrAFolderIsAnError) {
  const auto any = [](const Cursor&) { return 0; };
  const std::string missing = folder_ / "missing.json";
  EXPECT_EQ(json::decode_file(missing, any).error().line(),
            missing + ": cannot be read: No such file or directory");
  EXPECT_EQ(json::decode_file(folder_, any).error().line(),
            folder_.string() + ": is a directory, expected a file");
  // Opens, but its first byte cannot be read.
  EXPECT_EQ(json::decode_file("/proc/self/mem", any).error().line(),
            "/proc/self/mem: cannot be read: Input/output error");
}

}  // namespace
