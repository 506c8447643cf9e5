#include "tus/suites/checksum_words.hpp"

#include "protocol/digest.hpp"
#include "protocol/tus/checksum.hpp"

namespace conformance::suites {

std::string checksum_of(const std::string& algorithm, std::string_view bytes) {
  Digest digest{tus::digest_algorithm(algorithm).value()};
  digest.update(bytes);
  return tus::format_checksum({algorithm, digest.finish()});
}

std::optional<std::string> known_algorithm(const Context& c) {
  std::optional<std::string> found;
  for (const auto& name : tus_target(c).discovery.checksum_algorithms) {
    if (name == "sha1") return name;
    if (!found && tus::digest_algorithm(name)) found = name;
  }
  return found;
}

std::string usable_algorithm(const Context& c) {
  const auto name = known_algorithm(c);
  if (!name) stop_blocked("Tus-Checksum-Algorithm lists an algorithm that we compute", "none");
  return *name;
}

RawConnection::Read patch_trailing(Context& c, RawConnection& connection, const std::string& upload,
                                   std::string_view body, const std::string& checksum,
                                   Announced announced) {
  auto fields = patch_fields("0");
  fields.add("Transfer-Encoding", "chunked");
  if (announced == Announced::yes) fields.add("Trailer", std::string{hdr::upload_checksum});
  std::string bytes = body.empty() ? "" : transport::chunk(body);
  bytes += "0\r\n" + std::string{hdr::upload_checksum} + ": " + checksum + "\r\n\r\n";
  return talk(c, connection, "a PATCH whose Upload-Checksum is a trailer",
              raw_head(c, "PATCH", upload, fields), bytes);
}

RawConnection::Read patch_trailing(Context& c, const std::string& upload, std::string_view body,
                                   const std::string& checksum, Announced announced) {
  auto connection = c.raw();
  return patch_trailing(c, connection, upload, body, checksum, announced);
}

}  // namespace conformance::suites
