#include "payload/own_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "payload/payload.hpp"
#include "testkit/temp_folder.hpp"

namespace loadgen {
namespace {

using testing::HasSubstr;

class OwnFilesTest : public testing::Test {
 protected:
  Content content(const std::filesystem::path& path) {
    auto opened = own_content(path.string());
    EXPECT_TRUE(opened) << opened.error().line();
    return opened.value_or(Content());
  }
  static std::string bytes_of(const Payload& payload) {
    std::string bytes(payload.size().value, '\0');
    for (std::size_t at = 0; at < bytes.size();) {
      const auto count =
          payload.read(Bytes{at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
      if (count == 0) return bytes.substr(0, at);
      at += count;
    }
    return bytes;
  }
  std::string error(const std::filesystem::path& path) {
    const auto opened = own_content(path.string());
    EXPECT_FALSE(opened) << path;
    return opened ? "" : opened.error().line();
  }
  testkit::TempFolder folder_;
};

TEST_F(OwnFilesTest, OneFileIsSentAsItIs) {
  const auto path = folder_.write("reports.csv", std::string("a,b\r\n\0x", 7));
  const Content one = content(path);
  const OwnFile& file = one.own->drawn(1, 7);
  EXPECT_EQ(file.size(), Bytes{7});
  const Payload payload(one, 1, 7, file.size());
  EXPECT_EQ(bytes_of(payload), std::string("a,b\r\n\0x", 7));
  EXPECT_EQ(one.extension(1, 7), "csv");
  EXPECT_EQ(to_string(one), "file");
  Digest digest(DigestAlgorithm::xxh128);
  digest.update(std::string_view("a,b\r\n\0x", 7));
  EXPECT_EQ(payload.digest(DigestAlgorithm::xxh128), to_hex(digest.finish()));
  EXPECT_TRUE(payload.is_own());
  EXPECT_EQ(payload.trouble(), "");
}

TEST_F(OwnFilesTest, OfAFolderEachUploadIsOneByChanceThatTheSeedRepeats) {
  for (const char* name : {"a.hl7", "b.hl7", "c.hl7", ".hidden", "sub/d.hl7"}) {
    folder_.write(name, name);
  }
  const Content all = content(folder_.path());
  EXPECT_EQ(all.own->count(), 3U);
  std::multiset<std::string> drawn;
  std::string first, again, other;
  for (std::uint64_t upload = 0; upload < 300; ++upload) {
    const auto name = [&](std::uint64_t seed, const Content& of) {
      const OwnFile& file = of.own->drawn(seed, upload);
      return bytes_of(Payload(of, seed, upload, file.size()));
    };
    drawn.insert(name(5, all));
    first += name(5, all);
    again += name(5, content(folder_.path()));
    other += name(6, all);
  }
  for (const char* name : {"a.hl7", "b.hl7", "c.hl7"}) EXPECT_GT(drawn.count(name), 60U) << name;
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST_F(OwnFilesTest, OfANameOnlyWhatSaysTheFormatIsSent) {
  for (const auto& [name, extension] : std::initializer_list<std::pair<const char*, const char*>>{
           {"r.fastq.gz", "fastq.gz"},
           {"jane.doe.pdf", "pdf"},
           {"lab", "bin"},
           {"x.J-Doe", "bin"},
           {"x.johannaerikson", "bin"},
           {"1961-04-12 Jane Doe.gz", "gz"}}) {
    EXPECT_EQ(content(folder_.write(name, "x")).extension(1, 1), extension) << name;
  }
}

TEST_F(OwnFilesTest, MistakesAreOneLineThatNamesThem) {
  EXPECT_THAT(error(folder_.path() / "nowhere"), HasSubstr("nowhere: No such file"));
  EXPECT_THAT(error(folder_.path()), HasSubstr("holds no files"));
  EXPECT_THAT(error("/dev/null"), HasSubstr("/dev/null: is no file"));
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error(folder_.path() / "pipe"), HasSubstr("pipe: is no file"));
  EXPECT_THAT(error(""), HasSubstr("No such file"));
}

// A file that changed, one replaced by another of its size and time, one removed, and one that
// became a folder.
class OtherThanItWas : public OwnFilesTest,
                       public testing::WithParamInterface<
                           std::pair<const char*, void (*)(const testkit::TempFolder&)>> {};
TEST_P(OtherThanItWas, IsNeverReadAgainAndOneLineTellsIt) {
  folder_.write("good", "as it was");
  folder_.write("own", std::string(100, 'a'));
  const Content files = content(folder_.path());
  std::uint64_t upload = 0;
  while (!files.own->drawn(1, upload).path().ends_with("/own")) ++upload;
  const Payload payload(files, 1, upload, Bytes{100});
  std::byte buffer[10];
  ASSERT_EQ(payload.read(Bytes{0}, buffer), 10U);
  GetParam().second(folder_);
  EXPECT_EQ(payload.read(Bytes{10}, buffer), 0U);
  EXPECT_THAT(payload.trouble(), HasSubstr(GetParam().first));
  EXPECT_THAT(payload.trouble(), testing::Not(HasSubstr("own")));
  // It does not become good again, not even for what was read before.
  EXPECT_EQ(payload.read(Bytes{0}, buffer), 0U);
  EXPECT_EQ(payload.digest(DigestAlgorithm::xxh128).size(), 32U) << "it ends";
  const auto troubles = files.own->troubles();
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_THAT(troubles[0].line(), HasSubstr("/own: " + std::string(GetParam().first)));
}
INSTANTIATE_TEST_SUITE_P(
    Ways, OtherThanItWas,
    testing::Values(std::pair(
                        "changed", +[](const testkit::TempFolder& f) { f.write("own", "short"); }),
                    std::pair(
                        "changed",
                        +[](const testkit::TempFolder& f) {
                          // Another file of that size and time.
                          const auto time = std::filesystem::last_write_time(f.path() / "own");
                          const auto other = f.write("sub/other", std::string(100, 'b'));
                          std::filesystem::rename(other, f.path() / "own");
                          std::filesystem::last_write_time(f.path() / "own", time);
                        }),
                    std::pair(
                        "was taken away",
                        +[](const testkit::TempFolder& f) {
                          std::filesystem::remove(f.path() / "own");
                        }),
                    std::pair(
                        "changed", +[](const testkit::TempFolder& f) {
                          std::filesystem::remove(f.path() / "own");
                          std::filesystem::create_directory(f.path() / "own");
                        })));

}  // namespace
}  // namespace loadgen
