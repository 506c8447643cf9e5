#include "dex/onboarding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "client/delivered.hpp"
#include "client/dex/endpoints.hpp"
#include "client/endpoints.hpp"
#include "dex/delivery_told.hpp"
#include "dex/manifest_findings.hpp"
#include "dex/target.hpp"
#include "onboard/login.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "transport/origins.hpp"
#include "tus/request.hpp"

namespace conformance {
namespace {

using namespace onboard;
using transport::Exchange;
using transport::Request;
using transport::Response;

constexpr std::size_t largest_piece = std::size_t{4} << 20U;
/// Breaks that a line makes on its own before the walk gives up.
constexpr int most_breaks = 3;

bool is_2xx(const Exchange& seen) { return seen.response && seen.response->status / 100 == 2; }

std::optional<std::uint64_t> offset_in(const Exchange& seen) {
  if (!seen.response) return std::nullopt;
  const auto text = seen.response->headers.find(tus::header::upload_offset);
  const auto value = text ? tus::parse_length(*text) : tl::unexpected(Error{});
  return value ? std::optional(value->value) : std::nullopt;
}

class DexJourney final : public Journey {
 public:
  DexJourney(Party party, DexTarget& target, dex::Manifest manifest,
             std::optional<dex::UploadConfig> config)
      : baggage_(*party.baggage),
        visit_(*party.visit),
        target_(target),
        manifest_(std::move(manifest)),
        config_(std::move(config)),
        piece_(std::clamp<std::size_t>((baggage_.file.size() + 3) / 4, 1, largest_piece)) {}

  [[nodiscard]] About about() const override {
    return {
        "the DEX Upload API of CDC", "your contact in CDC's DEX Upload API team",
        "Send this page to your contact in CDC's DEX Upload API team, and say that you are ready "
        "to test in their staging environment (STG)."};
  }
  [[nodiscard]] std::vector<Stage> stages() override;
  [[nodiscard]] std::vector<Fact> facts() const override;
  [[nodiscard]] std::string left() const override {
    if (id_.empty()) return {};
    return fmt::format("One upload stays at the service: {}. It is {}.", id_,
                       sent_ == baggage_.file.size() ? "your file" : "the first part of your file");
  }

 private:
  Told find_service();
  Told log_in();
  Told be_refused();
  Told compare_with_config();
  Told create();
  Told send_first();
  Told lose_and_resume();
  Told see_complete();
  Told see_delivered();
  Told compare_bytes();

  [[nodiscard]] std::string people() const { return about().people; }
  [[nodiscard]] Key key() const;
  [[nodiscard]] Request harmless() const;
  [[nodiscard]] Request piece(std::size_t size) const;
  /// Pieces until so much is stored; nullopt: it is.
  std::optional<Told> send_until(std::size_t end);
  /// What the service says is stored is taken, unless it is not what was confirmed.
  std::optional<Told> ask_offset(std::size_t at_most);
  [[nodiscard]] Told lost_bytes(std::uint64_t stored) const;
  [[nodiscard]] Told refusal(const Exchange& seen, std::string_view of) const;
  [[nodiscard]] Told at_service(std::string what) const {
    return trouble({Whose::service, std::move(what),
                    fmt::format("Send this page to {}: this is theirs to mend.", people())});
  }
  [[nodiscard]] std::string renewed_since(int before) const;

  const Baggage& baggage_;
  Visit& visit_;
  DexTarget& target_;
  dex::Manifest manifest_;
  std::optional<dex::UploadConfig> config_;
  std::size_t piece_;
  std::vector<Finding> by_config_;
  bool anybody_ = false;  ///< the service asks nobody who they are
  std::string upload_;
  std::string id_;
  std::size_t sent_ = 0;  ///< bytes that the service confirmed
  int breaks_ = 0;
};

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

/// Asks for an upload that there is not: right, and without effect.
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
    return {onboard::Outcome::trouble, "The service refuses it, for the same reason.", {}};
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

// ---- the file ----------------------------------------------------------------------------------

Request DexJourney::piece(std::size_t size) const {
  return tus_request("PATCH", upload_,
                     {{std::string(tus::header::upload_offset), std::to_string(sent_)},
                      {"Content-Type", std::string(tus::offset_media_type)}},
                     baggage_.file.substr(sent_, size));
}

std::string DexJourney::renewed_since(int before) const {
  if (visit_.renewals() == before) return {};
  return " The token ended on the way; a new one was asked for, and the upload went on. Your "
         "program has to do the same.";
}

Told DexJourney::lost_bytes(std::uint64_t stored) const {
  return trouble({Whose::service,
                  fmt::format("The service lost bytes: it had confirmed {}, and now has {}.",
                              bytes_told(sent_), bytes_told(stored)),
                  fmt::format("Send this page to {}, and no real data before they have mended it.",
                              people())});
}

/// Of an answer that is none that goes on. Nothing of what the service says is repeated: it has
/// bytes of the file by now.
Told DexJourney::refusal(const Exchange& seen, std::string_view of) const {
  if (!seen.response) {
    return trouble(
        {Whose::network,
         fmt::format("{} It was lost at {}.", seen.failure ? lost_told(*seen.failure) : "", of),
         "Walk again. If it stays so, ask your IT whether a firewall or a proxy limits "
         "how much may be sent at once, or how long a connection may last."});
  }
  const int status = seen.response->status;
  if (status == 401 || status == 403) {
    if (visit_.logs_in()) {
      return at_service(fmt::format(
          "The service took your token at first, and refuses {} with a new one ({}).", of, status));
    }
    return trouble(
        {Whose::partner,
         fmt::format("The token ended on the way: the service took it at first, and refused it at "
                     "{} ({}).",
                     of, status),
         "Give your user name and password in place of a token (--username-env, --password-env), "
         "and let your program ask for a new token when one is refused, and go on with the same "
         "upload."});
  }
  if (status == 413) {
    return trouble({Whose::partner, "The file is too large for the service.",
                    fmt::format("Ask {} how large a file may be.", people())});
  }
  if (status == 404 || status == 410) {
    return at_service(
        fmt::format("The service does not know the upload any more, at {} ({}).", of, status));
  }
  return at_service(fmt::format("The service does not take {} (its answer: {}).", of, status));
}

std::optional<Told> DexJourney::ask_offset(std::size_t at_most) {
  const Exchange seen = visit_.ask(tus_request("HEAD", upload_), Who::partner);
  if (!is_2xx(seen)) return refusal(seen, "the question how much has arrived");
  const auto stored = offset_in(seen);
  if (!stored) return at_service("The service does not say how much has arrived.");
  if (*stored < sent_) return lost_bytes(*stored);
  if (*stored > at_most) {
    return at_service(fmt::format("The service says that {} have arrived, and {} were sent.",
                                  bytes_told(*stored), bytes_told(at_most)));
  }
  sent_ = *stored;
  return std::nullopt;
}

std::optional<Told> DexJourney::send_until(std::size_t end) {
  while (sent_ < end) {
    const std::size_t size = std::min(piece_, end - sent_);
    const Exchange seen = visit_.ask(piece(size), Who::partner, std::chrono::minutes{5});
    if (!seen.response && ++breaks_ <= most_breaks) {
      if (auto told = ask_offset(sent_ + size)) return told;
      continue;
    }
    // What it says then is another number than it had said before.
    if (seen.response && seen.response->status == 409) {
      if (auto told = ask_offset(sent_)) return told;
    }
    if (!is_2xx(seen)) return refusal(seen, "a piece of the file");
    const auto stored = offset_in(seen);
    if (stored && *stored < sent_) return lost_bytes(*stored);
    if (stored != sent_ + size) {
      return at_service(fmt::format(
          "The service took a piece of {} and confirms {} in all, where {} were sent.",
          bytes_told(size), stored ? bytes_told(*stored) : "nothing", bytes_told(sent_ + size)));
    }
    sent_ += size;
  }
  return std::nullopt;
}

Told DexJourney::send_first() {
  const int before = visit_.renewals();
  if (auto told = send_until(baggage_.file.size() / 2)) return *told;
  if (auto told = ask_offset(sent_)) return *told;
  if (sent_ == 0) return done("The file is so small that it goes in one piece.");
  return done(fmt::format("{} of {} are there, in pieces of {}.{}", bytes_told(sent_),
                          bytes_told(baggage_.file.size()), bytes_told(piece_),
                          renewed_since(before)));
}

Told DexJourney::lose_and_resume() {
  const int before = visit_.renewals();
  const std::size_t size = std::min(piece_, baggage_.file.size() - sent_);
  const std::size_t from = sent_;
  const auto cut = visit_.cut(piece(size), Who::partner, size / 2);
  std::string seen = "The connection could not be broken from here (a proxy keeps it).";
  if (cut) {
    if (auto told = ask_offset(sent_ + size / 2)) return *told;
    seen = fmt::format(
        "With {} confirmed, the connection was broken in the middle of the next piece. The service "
        "had kept {}, and the upload went on from there.",
        bytes_told(from), bytes_told(sent_));
  }
  if (auto told = send_until(baggage_.file.size())) return *told;
  const std::size_t all = sent_;
  if (auto told = ask_offset(all)) return *told;
  seen += fmt::format(" All {} are confirmed.{}", bytes_told(all), renewed_since(before));
  return cut ? done(std::move(seen)) : remark(std::move(seen));
}

// ---- behind the file ---------------------------------------------------------------------------

Told DexJourney::see_complete() {
  Request request;
  request.method = "GET";
  request.url = target_.info_url + "/" + id_;
  Exchange seen;
  InfoTold info;
  const bool complete = visit_.eventually([&] {
    seen = visit_.ask(request, Who::partner);
    info = is_2xx(seen) ? read_info(seen.response->body) : InfoTold{};
    return info.complete;
  });
  if (!complete && !is_2xx(seen)) return refusal(seen, "the question about the upload (/info)");
  if (!complete) {
    return at_service(
        fmt::format("The file was sent whole, and {} later /info still does not call it Complete.",
                    ::to_string(baggage_.patience)));
  }
  if (info.size && *info.size != baggage_.file.size()) {
    return at_service(fmt::format("/info says Complete with {}; the file has {}.",
                                  bytes_told(*info.size), bytes_told(baggage_.file.size())));
  }
  return done(info.size ? fmt::format("/info says Complete, with {}.", bytes_told(*info.size))
                        : std::string("/info says Complete; it does not tell the size."));
}

Told DexJourney::see_delivered() {
  Request request;
  request.method = "GET";
  request.url = target_.info_url + "/" + id_;
  Exchange seen;
  InfoTold info;
  const bool delivered = visit_.eventually([&] {
    seen = visit_.ask(request, Who::partner);
    info = is_2xx(seen) ? read_info(seen.response->body) : InfoTold{};
    return info.delivered();
  });
  if (delivered) {
    return done(info.targets == 1 ? "It was handed on to the one place that it is for."
                                  : fmt::format("It was handed on to all {} places that it is for.",
                                                info.targets));
  }
  if (!is_2xx(seen)) return refusal(seen, "the question about the delivery (/info)");
  if (info.failed > 0) {
    return at_service(fmt::format(
        "The file arrived whole and could not be handed on: {} of {} deliveries failed. The "
        "people of the service see why in /info of the upload.",
        info.failed, info.targets));
  }
  return trouble(
      {Whose::service,
       fmt::format("The file arrived whole, and was not handed on within {}.",
                   ::to_string(baggage_.patience)),
       fmt::format("Send this page to {}, and ask whether deliveries of your data stream "
                   "are set up there.",
                   people())});
}

Told DexJourney::compare_bytes() {
  if (!target_.delivered_dir.empty()) {
    const auto equal = delivered_equals_file(target_.delivered_dir, id_, baggage_.file);
    if (!equal) return at_service("Where deliveries can be read there is no file of this upload.");
    if (*equal) return done("They are the same.");
    return at_service("What was delivered is not the file that was sent.");
  }
  Request request = tus_request("GET", upload_);
  request.body_limit = Bytes{baggage_.file.size() + (64U << 10U)};
  const Exchange seen = visit_.ask(std::move(request), Who::partner);
  // Another length would be a page about the upload as well.
  if (is_2xx(seen) && seen.response->body == baggage_.file) {
    return done("Read back from the service, they are the same.");
  }
  if (is_2xx(seen) && seen.response->body.size() == baggage_.file.size()) {
    return at_service("Read back from the service, the file is not the one that was sent.");
  }
  return not_tried(
      fmt::format("They cannot be read from here. Ask {} to confirm that the upload "
                  "has {}.",
                  people(), bytes_told(baggage_.file.size())));
}

}  // namespace

Result<std::unique_ptr<Journey>> dex_journey(Party party) {
  const Document& given = party.baggage->manifest;
  if (!given.given()) {
    return failure("--manifest", "is needed: what you say of the file, a JSON object of texts",
                   R"(as in {"data_stream_id": "...", "data_stream_route": "...", ...})");
  }
  auto manifest = dex::parse_manifest_json(given.text, given.name);
  if (!manifest) return tl::unexpected(manifest.error());
  std::optional<dex::UploadConfig> config;
  if (const Document& document = party.baggage->upload_config; document.given()) {
    auto read = dex::parse_upload_config(document.text, document.name);
    if (!read) return tl::unexpected(read.error());
    config = std::move(*read);
  }
  auto& target = dynamic_cast<DexTarget&>(*party.target);
  return std::make_unique<DexJourney>(party, target, std::move(*manifest), std::move(config));
}

}  // namespace conformance
