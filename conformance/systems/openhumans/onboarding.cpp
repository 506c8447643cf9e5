#include "openhumans/onboarding.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "onboard/login.hpp"
#include "onboard/storage.hpp"
#include "openhumans/target.hpp"
#include "protocol/http/form.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/files.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "transport/origins.hpp"

namespace conformance {
namespace {

using namespace onboard;
using transport::Exchange;
using transport::Request;

bool has(const Exchange& seen, int status) {
  return seen.response && seen.response->status == status;
}

class OpenHumansJourney final : public Journey {
 public:
  OpenHumansJourney(Party party, OpenHumansTarget& target)
      : baggage_(*party.baggage), visit_(*party.visit), target_(target) {
    own_.add(target.url);
  }

  [[nodiscard]] About about() const override {
    return {"Open Humans", "your contact at Open Humans",
            "Your program can send files of your project's members as the walk did."};
  }
  [[nodiscard]] std::vector<Stage> stages() override;
  [[nodiscard]] std::vector<Fact> facts() const override {
    std::vector<Fact> facts{{"Size of the file", bytes_told(baggage_.file.size())}};
    if (created_.url) facts.emplace_back("Id of the file", std::to_string(created_.id));
    return facts;
  }
  [[nodiscard]] std::string left() const override {
    if (!created_.url) return {};
    return fmt::format(
        "One file stays at the service: {}. Delete it on "
        "the site when it is not wanted.",
        created_.id);
  }

 private:
  Told find_service();
  Told compare_with_rules();
  Told announce();
  Told send();
  Told complete();
  Told compare_bytes();

  [[nodiscard]] std::string people() const { return about().people; }
  [[nodiscard]] Key key() const {
    return {people(), "project token", "--token-env VARIABLE",
            "Copy the master access token once more from the page of your project, or refresh it "
            "there: tokens end."};
  }
  [[nodiscard]] static Request form(const std::string& url, const http::Form& fields) {
    Request request;
    request.method = "POST";
    request.url = url;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = http::format_form(fields);
    return request;
  }
  /// Deletes a file that nobody has.
  [[nodiscard]] Request harmless() const {
    return form(target_.delete_url, {{"project_member_id", target_.member},
                                     {"file_basename", "onboard-" + target_.run_id()}});
  }

  const Baggage& baggage_;
  Visit& visit_;
  OpenHumansTarget& target_;
  transport::Origins own_;
  bool fits_ = true;  ///< the metadata are as the documents ask
  openhumans::Created created_;
};

std::vector<Stage> OpenHumansJourney::stages() {
  return {
      {"Service", "Ask what answers there.", [this] { return find_service(); }, true, true},
      {"Token", "Show the token of your project. It stands for the project, as a password does.",
       [this] { return let_in(visit_, harmless(), key()).told; }, true, true},
      {"Token that must fail",
       "Show a token that was made up: who is refused has to be told, and your program will see "
       "the same when its token has ended.",
       [this] { return turned_away(visit_, harmless(), key()); }, false},
      {"Metadata", "Compare what you say of the file with what the documents of Open Humans ask.",
       [this] { return compare_with_rules(); }, false},
      {"Announced", "Tell the service whose file it is, its name, and what you say of it.",
       [this] { return announce(); }},
      {"Lost connection",
       "Send the file to the storage, break the connection in the middle, and begin again.",
       [this] { return send(); }},
      {"Received", "Tell the service that the file is there, and ask how long it is.",
       [this] { return complete(); }},
      {"Stored bytes", "Find the file in the member's list, read it back, and compare it.",
       [this] { return compare_bytes(); }},
  };
}

Told OpenHumansJourney::find_service() {
  if (auto ok = target_.settle(); !ok) return at_service(ok.error().line(), people());
  const Exchange seen = visit_.ask(harmless(), Who::nobody);
  if (!seen.response) return not_taken(seen, "the first question", people());
  if (has(seen, 404) || has(seen, 405)) {
    return trouble(
        {Whose::partner,
         fmt::format("Something answers at {}, and it is not Open Humans.", target_.origin),
         "Check the address: give what stands before /api, as in "
         "https://www.openhumans.org."});
  }
  return done(fmt::format("It answers at {}.", target_.origin));
}

Told OpenHumansJourney::compare_with_rules() {
  const auto good = openhumans::parse_metadata(baggage_.manifest.text, openhumans::Contract::guide);
  fits_ = good.has_value();
  if (good) return done("They are as the documents ask, tags and description among them.");
  return trouble({Whose::partner,
                  fmt::format("The metadata are not as the documents ask: {}.", good.error().text),
                  "Change that in the file of --manifest."});
}

Told OpenHumansJourney::announce() {
  const Exchange seen = visit_.ask(form(target_.direct_url, {{"project_member_id", target_.member},
                                                             {"metadata", baggage_.manifest.text},
                                                             {"filename", baggage_.file_name}}),
                                   Who::partner);
  if (has(seen, 400)) {
    std::vector<Finding> findings;
    const auto problems = openhumans::parse_problems(seen.response->body);
    for (const auto& [field, sentence] : problems.value_or(openhumans::Problems{})) {
      if (field == "metadata" && !fits_) continue;  // that was said before
      findings.push_back(
          {Whose::partner,
           fmt::format("The service does not take {}; it says: {}", in_quotes(field), sentence),
           field == "project_member_id"
               ? "Give the number of a member of your project with --member."
               : "Change that in the file of --manifest."});
    }
    if (findings.empty() && problems && !problems->empty()) {
      return {onboard::Outcome::trouble, "The service refuses it, for the same reason.", {}};
    }
    if (!findings.empty()) return troubles(std::move(findings));
  }
  if (!has(seen, 201)) return not_taken(seen, "the announcement of the file", people());
  auto created = openhumans::parse_created(seen.response->body);
  if (!created || !created->url) {
    return at_service("The service took the announcement, and did not say where to send the file.",
                      people());
  }
  created_ = std::move(*created);
  return done(fmt::format("The service calls the file {}.", created_.id));
}

Told OpenHumansJourney::send() {
  Request request;
  request.method = "PUT";
  request.url = *created_.url;
  request.body = baggage_.file;
  return cut_and_begin_again(visit_, request, people());
}

Told OpenHumansJourney::complete() {
  const Exchange seen = visit_.ask(
      form(target_.complete_url,
           {{"project_member_id", target_.member}, {"file_id", std::to_string(created_.id)}}),
      Who::partner);
  if (!has(seen, 200)) return not_taken(seen, "the word that the file is there", people());
  const auto told = openhumans::parse_completed(seen.response->body);
  if (!told) return at_service("The service does not say how long the file is.", people());
  if (told->size != baggage_.file.size()) {
    return at_service(fmt::format("The service has {}; the file has {}.", bytes_told(told->size),
                                  bytes_told(baggage_.file.size())),
                      people());
  }
  return done(fmt::format("The service has it, with {}.", bytes_told(told->size)));
}

Told OpenHumansJourney::compare_bytes() {
  std::string url = target_.exchange_member_url + "?" +
                    http::format_form({{"project_member_id", target_.member}});
  std::string found;
  constexpr int most_pages = 100;
  for (int page = 0; page < most_pages && found.empty(); ++page) {
    Request request;
    request.method = "GET";
    request.url = url;
    const Exchange seen = visit_.ask(std::move(request), Who::partner);
    const auto files = has(seen, 200) ? openhumans::parse_member_files(seen.response->body)
                                      : tl::unexpected(Error{});
    if (!files) return not_taken(seen, "the question for the member's files", people());
    const auto mine = std::find_if(files->data.begin(), files->data.end(),
                                   [&](const auto& file) { return file.id == created_.id; });
    if (mine != files->data.end()) found = mine->download_url;
    // The token goes to no other origin.
    if (!files->next || !own_.hold(*files->next)) break;
    url = *files->next;
  }
  if (found.empty()) {
    return at_service("The file was completed, and is not among those of the member.", people());
  }
  Request request;
  request.method = "GET";
  request.url = found;
  request.body_limit = Bytes{baggage_.file.size() + (64U << 10U)};
  const Exchange seen = visit_.ask(std::move(request), Who::nobody);
  if (!has(seen, 200)) return not_taken(seen, "the wish to read the file back", people());
  if (seen.response->body != baggage_.file) {
    return at_service("Read back from the service, the file is not the one that was sent.",
                      people());
  }
  return done("They are the same.");
}

}  // namespace

Result<std::unique_ptr<Journey>> openhumans_journey(Party party) {
  if (!party.baggage->manifest.given()) {
    return failure("--manifest", "is needed: the metadata of the file, a JSON object",
                   R"(as in {"tags": ["genome"], "description": "..."})");
  }
  auto& target = dynamic_cast<OpenHumansTarget&>(*party.target);
  return std::make_unique<OpenHumansJourney>(party, target);
}

}  // namespace conformance
