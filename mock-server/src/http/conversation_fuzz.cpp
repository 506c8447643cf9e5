// However a stream of bytes is cut, a conversation answers the same and its handlers see the same.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/test_talk.hpp"

namespace {

struct Outcome {
  std::string sent;
  std::vector<std::string> seen;
  std::vector<std::string> exchanges;
  bool operator==(const Outcome&) const = default;
};

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

Outcome play(const std::string& bytes, const std::vector<std::size_t>& pieces) {
  mock::test::TalkDriver driver;
  driver.begin();
  std::size_t at = 0;
  for (const auto piece : pieces) {
    const auto size = std::min(piece, bytes.size() - at);
    driver.send(std::string_view(bytes).substr(at, size));
    at += size;
  }
  driver.send(std::string_view(bytes).substr(at));
  // Several handlers in a row may answer later.
  for (int i = 0; i < 8; ++i) driver.advance(Milliseconds{1});
  if (!driver.wire_.ended && driver.held_.empty()) driver.talk_->end_of_input();
  driver.pump();
  driver.talk_->lost();
  require(driver.wire_.ended.has_value(), "every conversation ends");
  require(!driver.talk_->busy(), "no exchange outlives its connection");
  require(driver.wire_.sent.empty() || driver.wire_.sent.starts_with("HTTP/1.1 "),
          "only replies are sent");
  Outcome outcome{driver.wire_.sent, driver.log_.lines(), driver.exchanges_};
  // How a body was sliced on its way may differ, and so may what a handler has seen of one when it
  // answers in the middle.
  if (bytes.find("overrun") != std::string::npos) outcome.exchanges.clear();
  std::erase_if(outcome.seen, [](const auto& line) { return line.starts_with("got "); });
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  std::vector<std::size_t> pieces(provider.ConsumeIntegralInRange<std::size_t>(0, 12));
  for (auto& piece : pieces) piece = provider.ConsumeIntegralInRange<std::size_t>(1, 64);
  const auto bytes = provider.ConsumeRemainingBytesAsString();
  const auto whole = play(bytes, {});
  // Whether 100 Continue is said depends on what has arrived, as it should (RFC 9110 10.1.1).
  if (bytes.find("xpect") != std::string::npos || bytes.find("XPECT") != std::string::npos) {
    play(bytes, pieces);
    return 0;
  }
  require(play(bytes, pieces) == whole, "cutting the stream changes nothing");
  return 0;
}
