#include "tus/foundations.hpp"

#include <fmt/format.h>

#include <utility>

#include "client/endpoints.hpp"
#include "protocol/tus/discovery.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "transport/origins.hpp"
#include "transport/url.hpp"
#include "tus/request.hpp"

namespace conformance {
namespace {

using transport::Exchange;
using transport::Request;
using transport::Response;

constexpr Milliseconds least_time{500};
constexpr std::string_view silence = "silence";
constexpr std::string_view endless = ", and no end of its body";

std::string_view without_query(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::string status_of(const Response& response) {
  return response.reason.empty() ? std::to_string(response.status)
                                 : fmt::format("{} {}", response.status, response.reason);
}

std::string lacks_offset(const Exchange& seen) {
  if (auto lacks = lacks_success(seen); !lacks.empty()) return lacks;
  const auto offset = seen.response->headers.find(tus::header::upload_offset);
  if (!offset) return status_of(*seen.response) + " without Upload-Offset";
  if (tus::parse_length(*offset)) return {};
  return status_of(*seen.response) + " with an Upload-Offset that is no number";
}

std::string lacks_location(const std::string& creation_url, const Exchange& seen) {
  if (auto lacks = lacks_success(seen); !lacks.empty()) return lacks;
  const Response& response = *seen.response;
  if (response.status != 201) return status_of(response);
  const auto location = response.headers.find("Location");
  if (!location || location->empty()) return status_of(response) + " without Location";
  if (client::locate(creation_url, *location)) return {};
  return status_of(response) + " with a Location that is no URL";
}

std::string lacks_discovery(const Exchange& seen) {
  if (auto lacks = lacks_success(seen); !lacks.empty()) return lacks;
  const Response& response = *seen.response;
  if (!response.headers.has(tus::header::tus_version)) {
    return status_of(response) + " without Tus-Version";
  }
  const auto told = tus::parse_discovery(response.headers);
  if (told) return {};
  return fmt::format("{}: {} {}", status_of(response), told.error().where, told.error().what);
}

// ---- trials ------------------------------------------------------------------------------------

/// At offset 0.
Request patch_of(const std::string& upload, std::string bytes) {
  return tus_request("PATCH", upload,
                     {{std::string(tus::header::upload_offset), "0"},
                      {"Content-Type", std::string(tus::offset_media_type)}},
                     std::move(bytes));
}

Request on_its_own(Request request) {
  request.fresh_connection = true;
  return request;
}

/// What clients send about a file that a browser gave them.
tus::Metadata usual_metadata() {
  tus::Metadata usual;
  usual.set("filename", "dex-conformance.txt");
  usual.set("filetype", "text/plain");
  return usual;
}

/// What to do, when the answer itself shows it; empty: the foundation's remedy applies.
std::string remedy_of(std::string_view foundation, std::string_view lacks) {
  if (lacks == silence) {
    return fmt::format(
        "look why the server, or what stands before it, keeps {} without an answer: a lock that "
        "is held, a backend that hangs",
        foundation);
  }
  if (lacks.ends_with(endless)) {
    return fmt::format(
        "let the answer to {} end: Content-Length (0 without a body), chunks with a last one, or "
        "Connection: close",
        foundation);
  }
  if (lacks.find(tus::header::tus_max_size) != std::string_view::npos) {
    return "let OPTIONS tell Tus-Max-Size as a number of bytes, or leave it out";
  }
  if (lacks.starts_with('5')) {
    return fmt::format("look into the log of the server, and of what stands before it: {} at {}",
                       lacks, foundation);
  }
  return {};
}

/// What the answer says to people, in one line. All of it or nothing: half a token is secret too.
std::string said_in(const Response& response) {
  constexpr std::size_t longest = 300;
  std::string text = transport::redact(response.body);
  const auto type = response.headers.find("Content-Type").value_or("");
  const bool of_people =
      type.empty() || type.starts_with("text/plain") || type.find("json") != std::string_view::npos;
  if (text.size() > longest || !of_people) return {};
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

/// One trial while it runs.
class Trying {
 public:
  Trying(const TusTrials& how, const Foundation& foundation, Prober& prober,
         std::vector<std::string>& created)
      : how_(how), prober_(prober), created_(created) {
    trial_.foundation = &foundation;
  }

  std::optional<Trial> login();
  std::optional<Trial> creation();
  std::optional<Trial> location();
  std::optional<Trial> head();
  std::optional<Trial> patch();
  std::optional<Trial> options();

 private:
  Request creation_of(std::size_t length, const tus::Metadata& metadata) const;
  /// Sends `request` and keeps what came as one try; whether it held.
  bool attempt(std::string what, Request request);
  /// The same for a creation; its upload is in `made_` then.
  bool create(std::string what, Request request);
  /// The upload that a creation made, which is deleted in the end.
  std::optional<std::string> made_by(const Exchange& creation);
  /// Whether this creation is taken; it does not count as a try.
  bool takes(Request request);
  /// A new upload, to try another foundation with.
  std::optional<std::string> upload_of(std::size_t length);
  std::optional<Trial> done();

  const TusTrials& how_;
  Prober& prober_;
  std::vector<std::string>& created_;
  Trial trial_;
  Exchange last_;
  std::string made_;
  std::string said_;  ///< by the first answer that was not good
};

Request Trying::creation_of(std::size_t length, const tus::Metadata& metadata) const {
  http::Fields headers{{std::string(tus::header::upload_length), std::to_string(length)}};
  if (!metadata.empty()) {
    headers.add(std::string(tus::header::upload_metadata), tus::format_metadata(metadata));
  }
  return tus_request("POST", how_.creation_url, std::move(headers), "");
}

bool Trying::attempt(std::string what, Request request) {
  // With too little time left a try would prove nothing.
  if (!trial_.tries.empty() && prober_.time_for_one() < least_time) return false;
  last_ = prober_.exchange(std::move(request), true);
  auto step = tus_step_of(how_.creation_url, last_);
  std::string lacks = step ? step->lacks : lacks_success(last_);
  const bool held = lacks.empty();
  if (!held && last_.response && said_.empty()) said_ = said_in(*last_.response);
  if (!held && step) trial_.met.push_back(*std::move(step));
  trial_.tries.push_back({std::move(what), std::move(lacks), transport::transcript(last_) + "\n"});
  return held;
}

std::optional<std::string> Trying::made_by(const Exchange& creation) {
  // Also when the rest of the answer is cut off or has no end: the upload exists, to be deleted.
  if (!creation.response || creation.response->status != 201) return std::nullopt;
  const auto location = creation.response->headers.find("Location");
  if (!location || location->empty()) return std::nullopt;
  auto url = client::locate(how_.creation_url, *location);
  if (!url) return std::nullopt;
  created_.push_back(*url);
  return std::move(*url);
}

bool Trying::create(std::string what, Request request) {
  const bool held = attempt(std::move(what), std::move(request));
  if (auto url = made_by(last_)) made_ = std::move(*url);
  return held;
}

std::optional<std::string> Trying::upload_of(std::size_t length) {
  const Exchange seen = prober_.exchange(creation_of(length, how_.metadata), true);
  auto url = made_by(seen);
  const bool held = lacks_location(how_.creation_url, seen).empty();
  return held && url && how_.entrusted(*url) ? url : std::nullopt;
}

bool Trying::takes(Request request) {
  const Exchange seen = prober_.exchange(std::move(request), true);
  static_cast<void>(made_by(seen));
  return lacks_location(how_.creation_url, seen).empty();
}

std::optional<Trial> Trying::done() {
  if (trial_.remedy.empty() && trial_.broken()) {
    trial_.remedy = remedy_of(trial_.foundation->name, trial_.tries.front().lacks);
    trial_.said = said_;
  }
  return std::move(trial_);
}

std::optional<Trial> Trying::login() {
  for (const char* how : {"a creation", "another one, on a connection of its own"}) {
    Request request = creation_of(10, how_.metadata);
    request.fresh_connection = !trial_.tries.empty();
    create(how, std::move(request));
    const bool refused = last_.response && last_.response->status == 401;
    trial_.tries.back().lacks = refused ? "401" : "";
    if (!refused) break;
  }
  trial_.met = {{&foundation::login, "401"}};
  return done();
}

std::optional<Trial> Trying::creation() {
  if (create("as every check sends it", creation_of(10, how_.metadata))) return done();
  create("once more, on a connection of its own", on_its_own(creation_of(10, how_.metadata)));
  create("of another length", creation_of(1000, how_.metadata));
  // Not one of the tries: other metadata makes another request, whose answer shows what to do.
  if (!how_.metadata.empty()) {
    if (takes(creation_of(10, {}))) trial_.remedy = refuses_this_metadata;
  } else if (takes(creation_of(10, usual_metadata()))) {
    trial_.remedy = wants_metadata;
  }
  return done();
}

/// A Location at another origin fails this foundation, and not the one of creation.
std::optional<Trial> Trying::location() {
  const auto leads_back = [&](const std::string& what, Request request) {
    made_.clear();
    create(what, std::move(request));
    if (made_.empty() || how_.entrusted(made_)) return !made_.empty();
    const auto origin = transport::origin_of(made_);
    Step step{&foundation::location, "another origin: " + (origin ? *origin : quote(made_))};
    trial_.tries.back().lacks = step.lacks;
    trial_.met.push_back(std::move(step));
    return false;
  };
  if (leads_back("of a creation as every check sends it", creation_of(10, how_.metadata))) {
    return done();
  }
  const std::string elsewhere = made_;
  leads_back("of another creation, on a connection of its own",
             on_its_own(creation_of(20, how_.metadata)));
  const auto there = transport::parse_url(elsewhere);
  const auto asked = transport::parse_url(how_.creation_url);
  if (!there || !asked) return done();
  const std::string here = asked->origin() + there->target;
  const Exchange seen = prober_.exchange(tus_request("HEAD", here), true);
  if (lacks_offset(seen).empty()) {
    trial_.remedy = fmt::format(
        "the upload is there under {}: {} in Location (Host, or X-Forwarded-Host, -Port and "
        "-Proto behind a proxy), or let the other origin in with --trust-origin {}",
        here,
        there->host == asked->host && there->port != asked->port
            ? fmt::format("let the server name its port {}", asked->port)
            : "let the server name the address that it is asked by",
        there->origin());
  }
  return done();
}

std::optional<Trial> Trying::head() {
  const auto upload = upload_of(10);
  if (!upload) return std::nullopt;
  if (attempt("of a new upload", tus_request("HEAD", *upload))) return done();
  attempt("once more, on a connection of its own", on_its_own(tus_request("HEAD", *upload)));
  if (const auto other = upload_of(1000)) {
    attempt("of another one, of another length", tus_request("HEAD", *other));
  }
  if (!trial_.broken() || !last_.response || last_.response->status != 404) return done();
  // When neither HEAD nor PATCH finds the upload, Location is wrong.
  const Exchange patched = prober_.exchange(patch_of(*upload, "a"), true);
  const auto step = tus_step_of(how_.creation_url, patched);
  if (step && patched.response && patched.response->status == 404) {
    trial_.foundation = &foundation::location;
    trial_.met.push_back(*step);
    trial_.remedy =
        fmt::format("let Location name where the upload is: HEAD and PATCH of {} are 404", *upload);
  }
  return done();
}

std::optional<Trial> Trying::patch() {
  const auto upload = upload_of(10);
  if (!upload) return std::nullopt;
  if (attempt("of all bytes of a new upload", patch_of(*upload, std::string(10, 'a')))) {
    return done();
  }
  if (const auto other = upload_of(10)) {
    attempt("of another one, on a connection of its own",
            on_its_own(patch_of(*other, std::string(10, 'b'))));
  }
  if (const auto other = upload_of(1000)) {
    attempt("of one byte of a longer one", patch_of(*other, "c"));
  }
  return done();
}

std::optional<Trial> Trying::options() {
  if (attempt("of the creation URL", tus_request("OPTIONS", how_.creation_url))) return done();
  attempt("once more, on a connection of its own",
          on_its_own(tus_request("OPTIONS", how_.creation_url)));
  return done();
}

}  // namespace

std::string lacks_success(const Exchange& seen) {
  using Kind = transport::Failure::Kind;
  if (!seen.response) {
    const auto kind = seen.failure ? seen.failure->kind : Kind::other;
    return kind == Kind::timeout ? std::string(silence)
                                 : fmt::format("no answer ({})", transport::to_string(kind));
  }
  if (seen.failure && seen.failure->kind == Kind::timeout) {
    return status_of(*seen.response) + std::string(endless);
  }
  if (seen.failure) {
    return fmt::format("{}, cut off ({})", status_of(*seen.response),
                       transport::to_string(seen.failure->kind));
  }
  return seen.response->status / 100 == 2 ? "" : status_of(*seen.response);
}

std::optional<Step> tus_step_of(const std::string& creation_url, const Exchange& seen) {
  const bool collection = without_query(seen.sent.url) == without_query(creation_url);
  // The method that the server has to act by (core protocol, X-HTTP-Method-Override).
  const std::string method(
      seen.sent.headers.find("X-HTTP-Method-Override").value_or(seen.sent.method));
  if (collection && method == "POST") {
    return Step{&foundation::creation, lacks_location(creation_url, seen)};
  }
  if (collection && method == "OPTIONS") {
    return Step{&foundation::options, lacks_discovery(seen)};
  }
  if (collection) return std::nullopt;
  if (method == "HEAD") return Step{&foundation::head, lacks_offset(seen)};
  if (method == "PATCH") return Step{&foundation::patch, lacks_offset(seen)};
  return std::nullopt;
}

std::optional<Trial> try_tus(const TusTrials& how, const Foundation& foundation, Prober& prober,
                             std::vector<std::string>& created) {
  Trying trying(how, foundation, prober, created);
  if (&foundation == &foundation::login) return trying.login();
  if (&foundation == &foundation::creation) return trying.creation();
  if (&foundation == &foundation::location) return trying.location();
  if (&foundation == &foundation::head) return trying.head();
  if (&foundation == &foundation::patch) return trying.patch();
  if (&foundation == &foundation::options) return trying.options();
  return std::nullopt;
}

}  // namespace conformance
