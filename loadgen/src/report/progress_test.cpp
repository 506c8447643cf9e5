#include "report/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>

namespace loadgen {
namespace {
using namespace std::chrono_literals;

TEST(ProgressLine, FitsATerminal) {
  Progress p;
  p.started = 1337;
  p.uploaded = 1234;
  p.in_flight = 100;
  p.failed = 3;
  p.sent_bytes = 3U << 20U;
  p.acknowledged_bytes = 2U << 20U;
  EXPECT_EQ(progress_line(p, 2, 5000),
            "  2.0 s  1234/5000 ok, 100 open, 3 bad, 3.0 MiB sent, 2.0 MiB acked, 1.0 MiB/s");
  p.started = 1347;
  EXPECT_EQ(progress_line(p, 2, std::nullopt),
            "  2.0 s  1234 ok, 100 open, 10 awaited, 3 bad, 3.0 MiB sent, 2.0 MiB acked")
      << "what waits for a delivery is not hidden, and the rate is in seconds.csv";
  p.uploaded = 123'456'789;
  p.in_flight = 100'000;
  p.started = p.failed = 987'654'321;
  p.sent_bytes = p.acknowledged_bytes = 1023ULL << 50U;
  EXPECT_LT(progress_line(p, 123'456, 1'000'000'000).size(), 80U);
  p.verifying = true;
  p.verified = 123'456'789;
  EXPECT_LT(progress_line(p, 123'456, 1'000'000'000).size(), 80U);
}

TEST(ProgressLine, IsALineEachTenSecondsWithoutATerminal) {
  EXPECT_FALSE(pace_of(false).rewrites);
  EXPECT_EQ(pace_of(false).first, 10s);
  EXPECT_EQ(pace_of(false).then, 10s);
  EXPECT_TRUE(pace_of(true).rewrites);
  EXPECT_LE(pace_of(true).then, 1s);
}

/// What is written in the time of a few lines.
std::string written(bool rewrites) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const to = ::open_memstream(&text, &size);
  const Progress progress;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  {
    const ProgressLine line(progress, 5, {rewrites, 1ms, 1ms}, to);
    while (std::ftell(to) < 200 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
  }
  std::fclose(to);
  const std::unique_ptr<char, decltype(&std::free)> owned(text, std::free);
  return {text, size};
}

TEST(ProgressLine, IsWrittenWhileItLives) {
  const std::string lines = written(false);
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    EXPECT_THAT(line, testing::MatchesRegex(" +0\\.[0-9] s  0/5 ok, 0 open, 0 bad.*")) << line;
  }
  EXPECT_GE(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_EQ(lines.find('\x1b'), std::string::npos);
  const std::string terminal = written(true);
  EXPECT_EQ(std::count(terminal.begin(), terminal.end(), '\n'), 0);
  EXPECT_THAT(terminal, testing::StartsWith("\r\x1b[K"));
  EXPECT_THAT(terminal, testing::EndsWith("\r\x1b[K")) << "the last one is taken away";
}

}  // namespace
}  // namespace loadgen
