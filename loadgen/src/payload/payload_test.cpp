#include "payload/payload.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

namespace loadgen {
namespace {

std::string read(const Payload& payload, std::uint64_t from, std::uint64_t to) {
  std::string bytes(to - from, '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const auto count =
        payload.read(Bytes{from + at}, std::as_writable_bytes(std::span(bytes)).subspan(at));
    EXPECT_GT(count, 0U);
    if (count == 0) break;
    at += count;
  }
  return bytes;
}
std::string all(const Payload& payload) { return read(payload, 0, payload.size().value); }

std::vector<std::string> split(const std::string& text, const std::string& end) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from < text.size();) {
    const auto at = text.find(end, from);
    EXPECT_NE(at, std::string::npos) << "the last record does not end";
    if (at == std::string::npos) break;
    parts.push_back(text.substr(from, at - from));
    from = at + end.size();
  }
  return parts;
}

class EveryKind : public testing::TestWithParam<PayloadKind> {};

TEST_P(EveryKind, AnyRangeIsAPieceOfTheWhole) {
  std::mt19937_64 random(11);
  for (const std::uint64_t size : {2048ULL, 16384ULL, 18431ULL, 18432ULL, 100'003ULL}) {
    if (Bytes{size} < smallest(GetParam())) continue;
    const Payload payload(GetParam(), 7, 42, Bytes{size});
    const std::string whole = all(payload);
    ASSERT_EQ(whole.size(), size);
    for (int i = 0; i < 60; ++i) {
      const auto a = random() % (size + 1);
      const auto b = random() % (size + 1);
      const auto [from, to] = std::minmax(a, b);
      ASSERT_EQ(read(payload, from, to), whole.substr(from, to - from)) << from << "-" << to;
    }
  }
}

TEST_P(EveryKind, DependsOnSeedUploadAndNothingElse) {
  const auto bytes = [](std::uint64_t seed, std::uint64_t upload) {
    return all({GetParam(), seed, upload, Bytes{20'000}});
  };
  EXPECT_EQ(bytes(1, 1), bytes(1, 1));
  EXPECT_NE(bytes(1, 1), bytes(1, 2));
  EXPECT_NE(bytes(1, 1), bytes(2, 1));
}

TEST_P(EveryKind, EndsAtItsSize) {
  const Payload payload(GetParam(), 1, 1, Bytes{5000});
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(payload.read(Bytes{5000}, buffer), 0U);
  EXPECT_EQ(payload.read(Bytes{6000}, buffer), 0U);
  EXPECT_EQ(payload.read(Bytes{4990}, buffer), 10U);
  EXPECT_EQ(payload.digest(DigestAlgorithm::sha256).size(), 64U);
}
INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind,
                         testing::Values(PayloadKind::random, PayloadKind::hl7, PayloadKind::csv,
                                         PayloadKind::fastq, PayloadKind::fastq_gz,
                                         PayloadKind::fastq_pair, PayloadKind::fastq_gz_pair,
                                         PayloadKind::compressible),
                         [](const auto& kind) {
                           std::string name(to_string(kind.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(RandomPayload, LooksRandom) {
  const std::string bytes = all({PayloadKind::random, 1, 1, Bytes{1 << 20}});
  std::array<int, 256> count{};
  for (const char c : bytes) ++count[static_cast<unsigned char>(c)];
  for (const int n : count) {
    EXPECT_GT(n, 4096 - 400);
    EXPECT_LT(n, 4096 + 400);
  }
}

TEST(RandomPayload, IsKnownWithoutBeingMade) {
  std::mt19937_64 random(5);
  const Payload payload(PayloadKind::random, 7, 42, Bytes{100'003});
  const std::string whole = all(payload);
  const auto same = [&](std::uint64_t at, const std::string& bytes) {
    return payload.same(Bytes{at}, std::as_bytes(std::span(bytes)));
  };
  for (int i = 0; i < 200; ++i) {
    const auto [from, to] = std::minmax({random() % whole.size(), random() % whole.size()});
    std::string bytes = whole.substr(from, to - from);
    EXPECT_EQ(same(from, bytes), bytes.size()) << from << "-" << to;
    if (bytes.empty()) continue;
    const auto at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    EXPECT_LE(same(from, bytes), at) << from << "-" << to;
    EXPECT_LT(at, same(from, bytes) + 4096) << from << "-" << to;
  }
  EXPECT_EQ(same(100'000, whole.substr(100'000) + "more"), 3U);
  EXPECT_EQ(same(100'003, "more"), 0U);
  EXPECT_EQ(Payload(PayloadKind::csv, 7, 42, Bytes{9000}).same({}, std::as_bytes(std::span("x"))),
            0U);
}

class Compressible : public testing::TestWithParam<double> {};
TEST_P(Compressible, LeavesWhatWasAskedFor) {
  const auto content = parse_content(fmt::format("compressible:{}", GetParam()));
  ASSERT_TRUE(content) << content.error().line();
  const std::string bytes = all({*content, 3, 5, Bytes{1 << 20}});
  for (const int level : {1, 6, 9}) {
    uLongf size = compressBound(bytes.size());
    std::string packed(size, '\0');
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                        reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), level),
              Z_OK);
    const double left = static_cast<double>(size) / static_cast<double>(bytes.size());
    EXPECT_NEAR(left, GetParam(), 0.015) << "level " << level;
  }
}
INSTANTIATE_TEST_SUITE_P(Shares, Compressible, testing::Values(0.02, 0.1, 0.3, 0.5, 0.9, 1.0));

TEST(CompressiblePayload, TakesAShareOrHalf) {
  EXPECT_EQ(to_string(*parse_content("compressible")), "compressible:0.5");
  EXPECT_EQ(to_string(*parse_content("compressible:0.25")), "compressible:0.25");
  EXPECT_EQ(to_string(*parse_content("hl7")), "hl7");
  for (const char* bad :
       {"compressible:", "compressible:0", "compressible:1.1", "compressible:nan",
        "compressible:0.5x", "compressible:-1", "hl7:0.5", "file", "file:x", ""}) {
    EXPECT_FALSE(parse_content(bad)) << bad;
  }
}

TEST(Hl7Payload, IsMadeOfWholeMessages) {
  for (const std::uint64_t size : {2048ULL, 4097ULL, 16385ULL, 65536ULL, 70'001ULL}) {
    const auto segments = split(all({PayloadKind::hl7, 3, 5, Bytes{size}}), "\r");
    std::set<std::string> controls;
    std::string previous;
    for (const auto& segment : segments) {
      ASSERT_GE(segment.size(), 4U);
      const auto name = segment.substr(0, 3);
      EXPECT_THAT(name, testing::AnyOf("MSH", "PID", "ORC", "OBR", "OBX", "SPM", "NTE"));
      EXPECT_EQ(segment[3], '|');
      EXPECT_TRUE(
          std::all_of(segment.begin(), segment.end(), [](char c) { return c >= ' ' && c < 127; }));
      if (name == "MSH") {
        EXPECT_THAT(segment, testing::StartsWith("MSH|^~\\&|"));
        EXPECT_THAT(segment, testing::HasSubstr("|ORU^R01^ORU_R01|"));
        const auto fields = split(segment + "|", "|");
        EXPECT_EQ(fields[10], "T");  // MSH-11: not production
        EXPECT_EQ(fields[11], "2.5.1");
        EXPECT_TRUE(controls.insert(fields[9]).second) << "message control id twice";
      }
      if (name == "PID") {
        EXPECT_EQ(previous, "MSH");
      }
      if (name == "NTE") {
        EXPECT_THAT(previous, testing::AnyOf("SPM", "NTE"));
      }
      previous = name;
    }
    EXPECT_FALSE(controls.empty());
  }
}

TEST(CsvPayload, HasOneHeaderAndWholeRecords) {
  for (const std::uint64_t size : {2048ULL, 16385ULL, 70'001ULL}) {
    const auto records = split(all({PayloadKind::csv, 3, 5, Bytes{size}}), "\r\n");
    EXPECT_THAT(records[0], testing::StartsWith("record_id,"));
    const auto columns = std::count(records[0].begin(), records[0].end(), ',');
    for (std::size_t i = 1; i < records.size(); ++i) {
      EXPECT_THAT(records[i], testing::Not(testing::StartsWith("record_id")));
      bool quoted = false;
      long commas = 0;
      for (const char c : records[i]) {
        if (c == '"') quoted = !quoted;
        if (c == ',' && !quoted) ++commas;
      }
      EXPECT_FALSE(quoted);
      EXPECT_EQ(commas, columns) << records[i];
    }
  }
}

constexpr PayloadKind fastq_kinds[]{PayloadKind::fastq, PayloadKind::fastq_gz,
                                    PayloadKind::fastq_pair, PayloadKind::fastq_gz_pair};

bool is_gzip(PayloadKind kind) { return file_extension(kind) == "fastq.gz"; }

/// All members of a gzip file; "" when it is not whole.
std::string unzipped(const std::string& file) {
  std::string text;
  std::string left = file;
  while (!left.empty()) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    std::string piece(80'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(left.data());
    stream.avail_in = static_cast<uInt>(left.size());
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int end = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    EXPECT_EQ(end, Z_STREAM_END);
    if (end != Z_STREAM_END) return {};
    text.append(piece, 0, stream.total_out);
    left.erase(0, stream.total_in);
  }
  return text;
}

std::vector<std::string> files_of(PayloadKind kind, std::uint64_t upload, std::uint64_t size) {
  const Payload payload(kind, 3, upload, Bytes{size});
  const auto first = first_file(kind, Bytes{size}).value;
  std::vector<std::string> files{read(payload, 0, first)};
  EXPECT_EQ(all(payload.until(Bytes{first})), files[0]);
  if (first < size) files.push_back(read(payload, first, size));
  return files;
}

/// The names of the reads; checks the records as well.
std::vector<std::string> names_in(const std::string& fastq) {
  std::vector<std::string> names;
  const auto lines = split(fastq, "\n");
  EXPECT_EQ(lines.size() % 4, 0U);
  for (std::size_t i = 0; i + 3 < lines.size(); i += 4) {
    EXPECT_THAT(lines[i],
                testing::ContainsRegex("^@SYNTH:1:[0-9A-F]{8}:[1-4]:[0-9]{4}:[0-9]+:[0-9]+ "
                                       "[12]:N:0:[ACGT]{8,12}$"));
    EXPECT_EQ(lines[i + 1].find_first_not_of("ACGT"), std::string::npos);
    EXPECT_GE(lines[i + 1].size(), 50U);
    EXPECT_EQ(lines[i + 2], "+");
    EXPECT_EQ(lines[i + 3].size(), lines[i + 1].size());
    EXPECT_EQ(lines[i + 3].find_first_not_of("F:,"), std::string::npos);
    names.push_back(lines[i].substr(0, lines[i].find(' ')));
  }
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  return names;
}

TEST(FastqPayload, IsMadeOfWholeRecords) {
  for (const auto kind : fastq_kinds) {
    for (const std::uint64_t size : {4096ULL, 4097ULL, 16'385ULL, 40'002ULL, 140'003ULL}) {
      SCOPED_TRACE(std::string(to_string(kind)) + " " + std::to_string(size));
      std::vector<std::vector<std::string>> names;
      for (const auto& file : files_of(kind, 5, size)) {
        names.push_back(names_in(is_gzip(kind) ? unzipped(file) : file));
      }
      EXPECT_FALSE(names[0].empty());
      // The ends of a fragment are at the same place in both files.
      EXPECT_EQ(names.back(), names.front());
    }
  }
}

TEST(FastqPayload, NothingOfABlockOf4KiBComesTwice) {
  std::set<std::string> blocks;
  std::size_t count = 0;
  for (const auto kind : fastq_kinds) {
    // Only a pair and its first file alone would be alike, and no run sends both.
    for (std::uint64_t upload = 0; upload < 4; ++upload) {
      const auto index = upload + 10 * static_cast<std::uint64_t>(kind);
      for (const auto& file : files_of(kind, index, 200'000)) {
        for (std::size_t at = 0; at + 4096 <= file.size(); at += 4096, ++count) {
          blocks.insert(file.substr(at, 4096));
        }
      }
    }
  }
  EXPECT_EQ(blocks.size(), count);
}

TEST(FastqPayload, IsCompressedAsItIsSaid) {
  const auto plain = files_of(PayloadKind::fastq, 0, 1U << 20U).front();
  std::string small(compressBound(plain.size()), '\0');
  auto size = static_cast<uLongf>(small.size());
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(small.data()), &size,
                      reinterpret_cast<const Bytef*>(plain.data()), plain.size(), 6),
            Z_OK);
  EXPECT_NEAR(static_cast<double>(size) / static_cast<double>(plain.size()), 0.26, 0.02);
  const auto gz = files_of(PayloadKind::fastq_gz, 0, 1U << 20U).front();
  EXPECT_NEAR(static_cast<double>(unzipped(gz).size()) / static_cast<double>(gz.size()), 3, 0.1);
}

/// A storage that keeps equal blocks of 4 KiB only once must not find any.
TEST_P(EveryKind, NoTwoUploadsShareABlock) {
  constexpr std::size_t block = 4096;
  std::set<std::string> blocks;
  std::size_t count = 0;
  for (std::uint64_t upload = 0; upload < 24; ++upload) {
    // With last blocks of many sizes.
    const std::string bytes = all({GetParam(), 1, upload, Bytes{100'000 + upload * 211}});
    for (std::size_t at = 0; at + block <= bytes.size(); at += block, ++count) {
      blocks.insert(bytes.substr(at, block));
    }
  }
  EXPECT_EQ(blocks.size(), count);
}

/// The ids that make blocks unique are never so far apart that a block of 4 KiB could have none.
TEST(TextPayload, EveryBlockHoldsAnIdOfItsOwn) {
  struct Format {
    PayloadKind kind;
    std::string before;
  };
  for (const auto& [kind, before] :
       {Format{PayloadKind::hl7, "|ORU^R01^ORU_R01|"}, Format{PayloadKind::csv, "\r\n"}}) {
    std::set<std::string> ids;
    for (std::uint64_t upload = 0; upload < 4; ++upload) {
      const std::string bytes = all({kind, 1, upload, Bytes{32 * 16384 + 2000}});
      std::size_t last = 0;
      for (std::size_t at = bytes.find(before); at != std::string::npos;
           at = bytes.find(before, at + 1)) {
        const std::string id = bytes.substr(at + before.size(), 16);
        if (id.size() < 16) break;
        EXPECT_EQ(id.find_first_not_of("0123456789ABCDEF"), std::string::npos) << id;
        EXPECT_TRUE(ids.insert(id).second) << id;
        EXPECT_LE(at + before.size() + 16 - last, 4096U);
        last = at;
      }
      EXPECT_LE(bytes.size() - last, 4096U);
    }
  }
}

TEST(ConstantPayload, IsOneByteOverAndOver) {
  EXPECT_EQ(all({PayloadKind::constant, 1, 1, Bytes{5000}}), std::string(5000, 'x'));
}

/// The samples were written by `dex-loadgen payload`; what a seed means must not change unnoticed.
TEST(Samples, AreMadeAgain) {
  struct Sample {
    const char* file;
    PayloadKind kind;
  };
  for (const auto& [file, kind] :
       {Sample{"lab-reports.hl7", PayloadKind::hl7}, Sample{"line-list.csv", PayloadKind::csv},
        Sample{"reads.fastq", PayloadKind::fastq}}) {
    std::ifstream in(std::string(DEX_FIXTURES) + "/payloads/" + file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), all({kind, 7, 0, Bytes{8192}})) << file;
  }
}

}  // namespace
}  // namespace loadgen
