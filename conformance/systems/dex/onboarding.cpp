#include "dex/onboarding.hpp"

#include <fmt/format.h>

#include <random>

#include "client/endpoints.hpp"
#include "dex/journey.hpp"
#include "dex/manifest_findings.hpp"
#include "protocol/tus/headers.hpp"
#include "transport/origins.hpp"
#include "tus/request.hpp"

namespace conformance {
namespace onboard {

using transport::Exchange;
using transport::Request;
using transport::Response;

std::vector<Stage> DexJourney::stages() {
  return {
      {"Service", "Ask what answers there whether it takes uploads.",
       [this] { return find_service(); }, true, true},
      {"Login",
       "Get a token for your user name and password, and show it. A token is a pass that is good "
       "for an hour or so.",
       [this] { return log_in(); }, true, true},
      {"Login that must fail",
       "Show a pass that was made up: who is refused has to be told, and your program will see the "
       "same when a token has ended.",
       [this] { return be_refused(); }, false},
      {"Manifest and upload config",
       "The manifest says what the file is and who sends it. Compare it with the list of fields of "
       "your data stream (the upload config).",
       [this] { return compare_with_config(); }, false},  // the service has the last word
      {"Manifest and service", "Announce the file to the service, with the manifest.",
       [this] { return create(); }},
      {"File in pieces",
       "Send the first half of the file, piece by piece. The service confirms each one.",
       [this] { return send_first(); }},
      {"Lost connection",
       "Break the connection in the middle of a piece, ask how much has arrived, and go on from "
       "there to the end.",
       [this] { return lose_and_resume(); }},
      {"Received", "Ask the service whether the file is complete, and how long it is (/info).",
       [this] { return see_complete(); }},
      {"Delivered", "Ask whether it was handed on to the program that it is for (/info).",
       [this] { return see_delivered(); }, false},
      {"Delivered bytes", "Compare what was delivered with the file, byte by byte.",
       [this] { return compare_bytes(); }},
  };
}

std::vector<Fact> DexJourney::facts() const {
  std::vector<Fact> facts;
  for (const std::string_view key :
       {dex::field::data_stream_id, dex::field::data_stream_route, dex::field::sender_id,
        dex::field::data_producer_id, dex::field::jurisdiction}) {
    const auto found = manifest_.find(std::string(key));
    if (found != manifest_.end()) facts.emplace_back(key, found->second);
  }
  facts.emplace_back("Size of the file", bytes_told(baggage_.file.size()));
  if (!id_.empty()) facts.emplace_back("Id of the upload", id_);
  return facts;
}

// ---- before the file ---------------------------------------------------------------------------

Told DexJourney::find_service() {
  const auto candidates = candidate_urls(target_.url);
  if (!candidates) return at_service(candidates.error().line());
  for (const std::string& candidate : *candidates) {
    const Exchange seen = visit_.ask(tus_request("OPTIONS", candidate), Who::nobody);
    if (!seen.response)
      return trouble({Whose::unclear, lost_told(*seen.failure),
                      "Walk again. If it stays so, ask your IT what stands "
                      "between this computer and the service."});
    const Response& answer = *seen.response;
    const bool guarded = answer.status == 401 || answer.status == 403;
    if (!answer.headers.has(tus::header::tus_version) &&
        !answer.headers.has(tus::header::tus_resumable) && !guarded) {
      continue;
    }
    if (auto ok = target_.settle(candidate); !ok) return at_service(ok.error().line());
    return done(fmt::format("An upload service answers at {}{}.", candidate,
                            guarded ? ", for those who log in" : ""));
  }
  return trouble({Whose::partner,
                  fmt::format("Something answers at {}, and it is no upload service.", target_.url),
                  fmt::format("Check the address: give it as {} told you. CDC's staging "
                              "environment is https://apistg.cdc.gov/upload.",
                              people())});
}

/// Asks for an upload that does not exist: a correct request without effect.
Request DexJourney::harmless() const {
  std::random_device random;
  Request request;
  request.method = "GET";
  request.url =
      fmt::format("{}/{:08x}-0000-4000-8000-{:08x}0000", target_.info_url, random(), random());
  return request;
}

Key DexJourney::key() const {
  if (visit_.has_credentials() && !visit_.logs_in()) {
    return {people(), "token", "--token-env VARIABLE",
            "Get a new token, or give your user name and password in its place (--username-env, "
            "--password-env), for which tokens are asked."};
  }
  return {people(), "user name and password", "--username-env VARIABLE --password-env VARIABLE",
          fmt::format("Check both for slips. If they are right, ask {} whether your SAMS account "
                      "is set up for this address; do not try often, as accounts get locked.",
                      people())};
}

Told DexJourney::log_in() {
  LetIn let = let_in(visit_, harmless(), key());
  anybody_ = let.anybody;
  return std::move(let.told);
}

Told DexJourney::be_refused() {
  if (anybody_) return not_tried("The service asks nobody who they are.");
  return turned_away(visit_, harmless(), key());
}

Told DexJourney::compare_with_config() {
  if (!config_) {
    return not_tried(fmt::format(
        "No upload config was given (--upload-config). Ask {} for that of your data stream: it "
        "lists every field and the values that are allowed.",
        people()));
  }
  by_config_ = by_config(manifest_, *config_, people());
  if (!by_config_.empty()) return troubles(by_config_);
  return done(
      fmt::format("All {} fields that it lists are as they should be.", config_->fields.size()));
}

Told DexJourney::create() {
  http::Fields headers{
      {std::string(tus::header::upload_length), std::to_string(baggage_.file.size())}};
  headers.add(std::string(tus::header::upload_metadata),
              tus::format_metadata(dex::metadata_of(manifest_)));
  const Exchange seen =
      visit_.ask(tus_request("POST", target_.url, std::move(headers), ""), Who::partner);
  if (!seen.response || seen.response->status != 201) {
    const int status = seen.response ? seen.response->status : 0;
    if (status != 400 && status != 422) return refusal(seen, "the announcement of the file");
    auto findings = by_refusal(seen.response->body, manifest_, config_, people());
    if (findings != by_config_) return troubles(std::move(findings));
    return {Outcome::trouble, "The service refuses it, for the same reason.", {}};
  }
  const auto location = seen.response->headers.find("Location");
  const auto url = location ? client::locate(target_.url, *location) : tl::unexpected(Error{});
  if (!url)
    return at_service("The service took the manifest, and did not say where to send the file.");
  transport::Origins own;
  own.add(target_.url);
  if (!own.hold(*url)) {
    return at_service(fmt::format(
        "The service wants the file at another address ({}) than the one that was called; nothing "
        "was sent there.",
        transport::origin_of(*url).value_or("one that cannot be read")));
  }
  upload_ = *url;
  id_ = client::last_segment(upload_);
  id_ = id_.substr(0, id_.find('+'));  // an S3 store appends the number of its own upload
  return done(fmt::format("The service takes it, and calls the upload {}.", id_));
}

}  // namespace onboard

Result<std::unique_ptr<onboard::Journey>> dex_journey(onboard::Party party) {
  const onboard::Document& given = party.baggage->manifest;
  if (!given.given()) {
    return failure("--manifest", "is needed: what you say of the file, a JSON object of texts",
                   R"(as in {"data_stream_id": "...", "data_stream_route": "...", ...})");
  }
  auto manifest = dex::parse_manifest_json(given.text, given.name);
  if (!manifest) return tl::unexpected(manifest.error());
  std::optional<dex::UploadConfig> config;
  if (const onboard::Document& document = party.baggage->upload_config; document.given()) {
    auto read = dex::parse_upload_config(document.text, document.name);
    if (!read) return tl::unexpected(read.error());
    config = std::move(*read);
  }
  auto& target = dynamic_cast<DexTarget&>(*party.target);
  return std::make_unique<onboard::DexJourney>(party, target, std::move(*manifest),
                                               std::move(config));
}

}  // namespace conformance
