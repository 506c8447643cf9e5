// What the server makes of a manifest that it takes (area dex-manifest).
#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

constexpr auto lenient = tus::MetadataStrictness::lenient;

/// The manifest as HEAD and as /info tell it.
struct Told {
  Response head;
  tus::Metadata metadata;
  SeenInfo info;

  [[nodiscard]] std::optional<std::string> by_head(std::string_view field) const {
    const auto value = metadata.find(field);
    return value ? std::optional<std::string>{*value} : std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> by_info(std::string_view field) const {
    return text_at(info.json, "/manifest/" + std::string{field});
  }
};

Told told_of(Context& c, const std::string& upload) {
  make_visible(c, upload);
  Told told{head_of(c, upload), {}, see_info(c, upload)};
  if (auto metadata = tus::parse_metadata(value_of(told.head, hdr::upload_metadata), lenient)) {
    told.metadata = std::move(*metadata);
  }
  return told;
}

std::string quoted(const std::optional<std::string>& value) {
  return value ? "'" + *value + "'" : "missing";
}

Outcome manifest_gains_upload_id(Context& c) {
  const auto upload = create(c);
  const auto told = told_of(c, upload);
  const auto id = upload_id_of(upload);
  Findings findings{"the manifest's upload_id is the id in Location"};
  for (const auto& [where, value] : {std::pair{"HEAD", told.by_head(dex::field::upload_id)},
                                     {"/info", told.by_info(dex::field::upload_id)}}) {
    findings.check(value == id,
                   std::string{where} + (value == id ? ": the same" : ": " + quoted(value)));
  }
  return findings.outcome();
}

/// Whether `time` is within 5 s of the server's own clock, as its Date tells it.
bool about(const Response& response, http::TimePoint time) {
  const auto date = http::parse_imf_fixdate(value_of(response, "Date"));
  constexpr auto margin = std::chrono::seconds{5};
  return !date || (time >= *date - margin && time <= *date + margin);
}

Outcome manifest_gains_ingest_time(Context& c) {
  const auto created = post(c, {});
  const auto told = told_of(c, url_of(c, created));
  Findings findings{
      "the manifest's dex_ingest_datetime is the time of the creation, RFC 3339 in "
      "UTC"};
  for (const auto& [where, value] :
       {std::pair{"HEAD", told.by_head(dex::field::dex_ingest_datetime)},
        {"/info", told.by_info(dex::field::dex_ingest_datetime)}}) {
    const auto time = utc_time(value);
    findings.check(time && about(created, *time),
                   std::string{where} + (!time                   ? ": " + quoted(value)
                                         : about(created, *time) ? ": now"
                                                                 : ": another time"));
  }
  return findings.outcome();
}

Outcome server_keys_overwrite_the_clients(Context& c) {
  const std::string ours = "1999-01-01T00:00:00Z";
  const auto upload = url_of(
      c,
      post_manifest(c, manifest_with(c, {{"upload_id", "hack"}, {"dex_ingest_datetime", ours}})));
  const auto told = told_of(c, upload);
  Findings findings{"upload_id and dex_ingest_datetime are the server's, whatever the client sent"};
  const auto look = [&](std::string_view field, const std::string& sent) {
    for (const auto& [where, value] :
         {std::pair{"HEAD", told.by_head(field)}, {"/info", told.by_info(field)}}) {
      findings.check(value && *value != sent, std::string{where} + ", " + std::string{field} +
                                                  (!value           ? ": missing"
                                                   : *value == sent ? ": the client's"
                                                                    : ": replaced"));
    }
  };
  look(dex::field::upload_id, "hack");
  look(dex::field::dex_ingest_datetime, ours);
  return findings.outcome();
}

Outcome manifest_values_come_back(Context& c) {
  const auto manifest = manifest_with(
      c,
      {{"dex_note", "gr\xC3\xBC\xC3\x9F <&> \"quoted\" \\ 'single'"}, {"dex_empty_tail", " x "}});
  const auto told = told_of(c, url_of(c, post_manifest(c, manifest)));
  Findings findings{"/info tells every manifest value as it was sent"};
  for (const auto& [field, sent] : manifest) {
    const auto value = told.by_info(field);
    findings.check(value == sent, field + (value == sent ? ": the same" : ": " + quoted(value)));
  }
  return findings.outcome();
}

}  // namespace

std::vector<Check> dex_manifest() {
  return {
      {"DEX-MANI-001", manifest_gains_upload_id, ext::creation},
      {"DEX-MANI-002", manifest_gains_ingest_time, ext::creation},
      {"DEX-MANI-003", server_keys_overwrite_the_clients, ext::creation},
      {"DEX-MANI-004", manifest_values_come_back, ext::creation},
  };
}

}  // namespace conformance::suites
