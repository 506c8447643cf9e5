// Which manifests are taken, and what becomes of them (area dex-metadata).
#include "dex/suites/metadata.hpp"
#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

/// Checks that `created` took the manifest, and /info tells the fields of `kept` as they were sent.
Findings& expect_taken(Context& c, Findings& findings, const std::string& label,
                       const Response& created, const Changes& kept = {}) {
  const auto upload = location_of(c, created);
  if (created.status != 201 || !upload) {
    return findings.check(false, label + ": " + refusal_of(c, created).summary());
  }
  findings.check(true, label + ": 201");
  if (!kept.empty()) make_visible(c, *upload);
  const auto info = kept.empty() ? SeenInfo{} : see_info(c, *upload);
  for (const auto& [field, value] : kept) {
    const auto told = text_at(info.json, "/manifest/" + field);
    findings.check(told == value, field + " in /info: " + (told ? "'" + *told + "'" : "missing"));
  }
  return findings;
}

/// A manifest with more fields.
Outcome with_more(Context& c, std::string rule, const std::string& label, const Changes& more) {
  Findings findings{std::move(rule)};
  const auto created = post_manifest(c, manifest_with(c, more));
  return expect_taken(c, findings, label, created, more).outcome();
}

Outcome version_1_fields_are_kept(Context& c) {
  return with_more(c, "fields of version 1 beside those of version 2 are kept as they are",
                   "with fields of version 1",
                   {{"meta_destination_id", "dextesting"}, {"meta_ext_event", "testevent1"}});
}

Outcome unknown_fields_are_kept(Context& c) {
  return with_more(c, "unknown fields are taken and kept", "with custom=1", {{"custom", "1"}});
}

/// The guide says "Enter null": a value that is not known is the text null, and not empty.
Outcome meta_016_by_guide(Context& c) {
  Findings findings{"an unknown value is 'null'; an empty one is refused: 400"};
  const auto empty = post_refused(c, {{"data_producer_id", ""}});
  findings.check(empty.response.status == 400, "an empty data_producer_id: " + empty.summary());
  const auto created = post_manifest(c, manifest_with(c, {{"data_producer_id", "null"}}));
  return expect_taken(c, findings, "data_producer_id 'null'", created).outcome();
}

Outcome empty_value_counts_as_present(Context& c) {
  if (by_guide(c)) return meta_016_by_guide(c);
  Findings findings{"an empty value counts as present"};
  const auto rest =
      tus::format_metadata(dex::metadata_of(manifest_with(c, {{"sender_id", std::nullopt}})));
  for (const auto& [label, value] : {std::pair{"sender_id without a value", "sender_id," + rest},
                                     {"sender_id with an empty value", "sender_id ," + rest}}) {
    Creation creation;
    creation.raw_metadata = value;
    expect_taken(c, findings, label, post(c, creation));
  }
  return findings.outcome();
}

Outcome version_is_not_required(Context& c) {
  if (by_guide(c)) {
    Findings findings{"version is required"};
    return expect_refusal(findings, "without version", post_refused(c, {{"version", std::nullopt}}),
                          "Missing required metadata 'version'")
        .outcome();
  }
  Findings findings{"version is not required"};
  const auto created = post_manifest(c, manifest_with(c, {{"version", std::nullopt}}));
  return expect_taken(c, findings, "without version", created).outcome();
}

}  // namespace

std::vector<Check> dex_metadata_taken() {
  return {
      {"DEX-META-014", version_1_fields_are_kept, ext::creation},
      {"DEX-META-015", unknown_fields_are_kept, ext::creation},
      {"DEX-META-016", empty_value_counts_as_present, ext::creation},
      {"DEX-META-019", version_is_not_required, ext::creation},
  };
}

}  // namespace conformance::suites
