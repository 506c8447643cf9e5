#include "fuzz.hpp"
#include "protocol/tus/checksum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  const std::string_view header = fuzz::text_of(data, size);
  const auto checksum = tus::parse_checksum(header);
  if (checksum) {
    fuzz::require(tus::format_checksum(*checksum) == header, "the bytes come back as sent");
  } else {
    fuzz::require_line(checksum.error());
  }

  // A digest does not depend on where the chunks end, and its header can be read.
  const std::string name =
      provider.PickValueInArray<const char*>({"md5", "sha1", "sha256", "crc32"});
  const auto algorithm = *tus::digest_algorithm(name);
  Digest whole(algorithm);
  Digest pieces(algorithm);
  while (provider.remaining_bytes() > 0) {
    const std::string chunk = provider.ConsumeRandomLengthString(16);
    for (const char& c : chunk) pieces.update(std::string_view(&c, 1));
    whole.update(chunk);
  }
  const tus::Checksum sum{name, whole.finish()};
  fuzz::require(pieces.finish() == sum.digest, "chunks do not matter");
  fuzz::require(tus::parse_checksum(tus::format_checksum(sum)) == sum, "a digest can be sent");
  return 0;
}
