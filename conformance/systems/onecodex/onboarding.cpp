#include "onecodex/onboarding.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "onboard/login.hpp"
#include "onboard/storage.hpp"
#include "onecodex/target.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"

namespace conformance {
namespace {

using namespace onboard;
using transport::Exchange;
using transport::Request;

bool is_ok(const Exchange& seen) { return seen.response && seen.response->status == 200; }

/// Random, so that hardly any file contains it; that this one does not is made sure.
std::string boundary_for(const std::string& bytes) {
  std::random_device random;
  std::string boundary;
  do {
    boundary = fmt::format("onboard-{:08x}{:08x}", random(), random());
  } while (bytes.find(boundary) != std::string::npos);
  return boundary;
}

class OneCodexJourney final : public Journey {
 public:
  OneCodexJourney(Party party, OneCodexTarget& target)
      : baggage_(*party.baggage), visit_(*party.visit), target_(target) {
    draft_.filename = baggage_.file_name;
    draft_.size = baggage_.file.size();
    if (baggage_.manifest.given()) draft_.metadata = baggage_.manifest.text;
  }

  [[nodiscard]] About about() const override {
    return {"One Codex", "your contact at One Codex",
            "Your program can send samples as the walk did."};
  }
  [[nodiscard]] std::vector<Stage> stages() override;
  [[nodiscard]] std::vector<Fact> facts() const override {
    std::vector<Fact> facts{{"Size of the file", bytes_told(baggage_.file.size())}};
    if (!begun_.id.empty()) facts.emplace_back("Id of the sample", begun_.id);
    return facts;
  }
  [[nodiscard]] std::string left() const override {
    if (begun_.id.empty()) return {};
    return fmt::format(
        "One sample stays at the service: {}. Delete it on the site "
        "when it is not wanted.",
        begun_.id);
  }

 private:
  Told find_service();
  Told compare_with_schema();
  Told announce();
  Told send();
  Told confirm();
  Told see_imported();
  Told compare_bytes();

  [[nodiscard]] std::string people() const { return about().people; }
  [[nodiscard]] Key key() const {
    return {people(), "API key", "--token-env VARIABLE",
            "Copy the key once more from the settings of your account on the site: all of it, "
            "without blanks."};
  }
  [[nodiscard]] Request harmless() const { return get("samples?per_page=1"); }
  [[nodiscard]] Request get(const std::string& call) const {
    Request request;
    request.method = "GET";
    request.url = target_.url_of(call);
    return request;
  }
  [[nodiscard]] Request post(const std::string& call, std::string json) const {
    Request request;
    request.method = "POST";
    request.url = target_.url_of(call);
    request.headers.add("Content-Type", "application/json");
    request.body = std::move(json);
    return request;
  }
  [[nodiscard]] std::string sample() const { return "samples/" + http::percent_encode(begun_.id); }

  const Baggage& baggage_;
  Visit& visit_;
  OneCodexTarget& target_;
  onecodex::SampleDraft draft_;
  onecodex::Initiated begun_;
};

std::vector<Stage> OneCodexJourney::stages() {
  return {
      {"Service", "Ask what answers there.", [this] { return find_service(); }, true, true},
      {"API key", "Show your key. It stands for you, as a password does.",
       [this] { return let_in(visit_, harmless(), key()).told; }, true, true},
      {"Key that must fail",
       "Show a key that was made up: who is refused has to be told, and your program will see the "
       "same when its key is wrong.",
       [this] { return turned_away(visit_, harmless(), key()); }, false},
      {"Metadata", "Compare what you say of the sample with what the service takes.",
       [this] { return compare_with_schema(); }, false},
      {"Announced", "Tell the service name and size of the file, and what you say of it.",
       [this] { return announce(); }},
      {"Lost connection",
       "Send the file to the storage as a form, break the connection in the middle, and begin "
       "again.",
       [this] { return send(); }},
      {"Confirmed", "Tell the service that the file is there.", [this] { return confirm(); }},
      {"Received", "Ask the service what it has.", [this] { return see_imported(); }, false},
      {"Stored bytes", "Read the file back, and compare it byte by byte.",
       [this] { return compare_bytes(); }},
  };
}

Told OneCodexJourney::find_service() {
  if (auto ok = target_.settle(); !ok) return at_service(ok.error().line(), people());
  const Exchange seen = visit_.ask(harmless(), Who::nobody);
  if (!seen.response) return not_taken(seen, "the first question", people());
  if (seen.response->status == 404 || seen.response->status == 405) {
    return trouble({Whose::partner,
                    fmt::format("Something answers at {}, and it is not One Codex.", target_.url),
                    "Check the address: give what stands before /api, as in "
                    "https://app.onecodex.com."});
  }
  return done(fmt::format("It answers at {}.", target_.url));
}

Told OneCodexJourney::compare_with_schema() {
  const auto taken = onecodex::parse_sample_draft(onecodex::to_json(draft_),
                                                  onecodex::Call::init_sample, target_.contract);
  if (!taken) {
    return trouble(
        {Whose::partner, fmt::format("The service does not take this: {}.", taken.error().text),
         fmt::format("Change that in {}.", baggage_.manifest.given() ? "the file of --manifest"
                                                                     : "the name of the file")});
  }
  if (!baggage_.manifest.given()) return done("None were given (--manifest), and none are needed.");
  return done("They are as the service wants them.");
}

Told OneCodexJourney::announce() {
  const Exchange seen =
      visit_.ask(post("samples/init_upload", onecodex::to_json(draft_)), Who::partner);
  if (seen.response && seen.response->status == 400) {
    const auto problem = onecodex::parse_problem(seen.response->body);
    return trouble({Whose::partner,
                    "The service does not take what was said of the sample" +
                        (problem ? "; it says: " + in_quotes(problem->message) + "." : "."),
                    "Change that in the metadata (--manifest)."});
  }
  if (!is_ok(seen)) return not_taken(seen, "the announcement of the file", people());
  auto begun = onecodex::parse_initiated(seen.response->body, onecodex::Kind::sample);
  if (!begun || begun->id.empty()) {
    return at_service("The service took the announcement, and did not say where to send the file.",
                      people());
  }
  begun_ = std::move(*begun);
  return done(fmt::format("The service calls the sample {}.", begun_.id));
}

Told OneCodexJourney::send() {
  const auto form =
      http::write_form(begun_.file.fields, {"file", baggage_.file_name, "application/octet-stream"},
                       boundary_for(baggage_.file));
  Request request;
  request.method = "POST";
  request.url = begun_.file.url;
  request.headers.add("Content-Type", form.content_type);
  request.body = form.head + baggage_.file + form.tail;
  return cut_and_begin_again(visit_, request, people());
}

Told OneCodexJourney::confirm() {
  const Exchange seen = visit_.ask(
      post("samples/confirm_upload",
           onecodex::to_json(onecodex::Confirmation{begun_.id}, onecodex::Call::confirm_sample)),
      Who::partner);
  if (!is_ok(seen)) return not_taken(seen, "the word that the file is there", people());
  const auto confirmed = onecodex::parse_confirmed(seen.response->body, onecodex::Kind::sample);
  if (!confirmed || !confirmed->success) {
    return at_service("The service does not find the file that it took.", people());
  }
  return done("The service has found it.");
}

Told OneCodexJourney::see_imported() {
  Exchange seen;
  std::optional<onecodex::Sample> told;
  const bool there = visit_.eventually([&] {
    seen = visit_.ask(get(sample()), Who::partner);
    auto parsed =
        is_ok(seen) ? onecodex::parse_sample(seen.response->body) : tl::unexpected(Error{});
    told.reset();
    if (parsed) told = std::move(*parsed);
    return told && told->visibility != "importing";
  });
  if (!is_ok(seen)) return not_taken(seen, "the question about the sample", people());
  if (!there) {
    return at_service(fmt::format("The sample was confirmed, and is not imported after {}.",
                                  ::to_string(baggage_.patience)),
                      people());
  }
  if (told->size && *told->size != baggage_.file.size()) {
    return at_service(fmt::format("The sample has {}; the file has {}.", bytes_told(*told->size),
                                  bytes_told(baggage_.file.size())),
                      people());
  }
  return done("The sample is among yours.");
}

Told OneCodexJourney::compare_bytes() {
  const Exchange asked = visit_.ask(post(sample() + "/download_uri", "{}"), Who::partner);
  const auto download =
      is_ok(asked) ? onecodex::parse_download(asked.response->body) : tl::unexpected(Error{});
  if (!download) return not_tried("The service gives no address to read the file back from.");
  Request request;
  request.method = "GET";
  request.url = download->url;
  request.body_limit = Bytes{baggage_.file.size() + (64U << 10U)};
  const Exchange seen = visit_.ask(std::move(request), Who::nobody);
  if (!is_ok(seen)) return not_taken(seen, "the wish to read the file back", people());
  if (seen.response->body != baggage_.file) {
    return at_service("Read back from the service, the file is not the one that was sent.",
                      people());
  }
  return done("They are the same.");
}

}  // namespace

Result<std::unique_ptr<Journey>> onecodex_journey(Party party) {
  const Document& given = party.baggage->manifest;
  if (given.given() && !nlohmann::json::parse(given.text, nullptr, false).is_object()) {
    return failure(given.name, "is no JSON object", "as in {\"name\": \"Sample 7\"}");
  }
  auto& target = dynamic_cast<OneCodexTarget&>(*party.target);
  return std::make_unique<OneCodexJourney>(party, target);
}

}  // namespace conformance
