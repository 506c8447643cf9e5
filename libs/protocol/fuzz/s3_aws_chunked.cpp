#include "fuzz.hpp"
#include "protocol/s3/aws_chunked.hpp"

namespace {

using s3::ChunkReader;

struct Outcome {
  std::string content;
  std::optional<s3::Code> refused;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view body, std::size_t step, const std::optional<s3::ChunkKey>& key) {
  using Event = ChunkReader::Event;
  ChunkReader reader(key);
  Outcome outcome;
  for (std::size_t at = 0; at < body.size(); at += step) {
    std::string_view slice = body.substr(at, step);
    Event event = Event::bytes;
    while (event == Event::bytes) {
      event = reader.next(slice);
      outcome.content += reader.bytes();
    }
    // How much came before a failure depends on the slices.
    if (event == Event::failed) return {{}, reader.refusal().code};
    fuzz::require(slice.empty(), "a slice is used up");
  }
  if (reader.finish() == Event::failed) return {{}, reader.refusal().code};
  fuzz::require(reader.decoded() == outcome.content.size(), "every byte is counted");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  const auto step = provider.ConsumeIntegralInRange<std::size_t>(1, 40);
  std::optional<s3::ChunkKey> key;
  if (provider.ConsumeBool()) key = {"key", "20130524T000000Z", "scope", "seed"};
  const std::string body = provider.ConsumeRemainingBytesAsString();
  fuzz::require(read(body, step, key) == read(body, body.size() + 1, key),
                "how a body is cut does not matter");
  char length[17];
  std::snprintf(length, sizeof length, "%zx", body.size());
  const std::string chunk = body.empty() ? "" : length + ("\r\n" + body) + "\r\n";
  fuzz::require(read(chunk + "0\r\na:b\r\n\r\n", step, {}) == Outcome{body, {}},
                "what was written comes back");
  return 0;
}
