#include "tus/suites/draft_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/http/dictionary.hpp"
#include "protocol/tus/numbers.hpp"

namespace conformance::suites::drafts {
namespace {

namespace draft = tus::draft;

/// The fewest bytes that the checks send: a server with a higher minimum is not judged.
constexpr std::int64_t least_upload = 5;
constexpr std::int64_t least_append = 3;

std::string numbers_of(const std::vector<int>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ", "));
}

std::vector<int> asked_for(const Context& c) {
  std::vector<int> numbers;
  for (const auto& [name, value] : c.target().facts().settings) {
    if (name != "draft_versions") continue;
    for (const auto text : http::split_list(value)) {
      if (const auto number = draft::parse_interop(text)) numbers.push_back(*number);
    }
  }
  if (numbers.empty()) {
    for (const auto& version : draft::versions()) numbers.push_back(version.number);
  }
  return numbers;
}

/// By a 104, or, as many gateways do not pass it on, by the version that the response names.
bool speaks(Context& c, const Version& version) {
  const auto created = post(c, version, End::no, "hello");
  return created.has_104() ||
         (created.response.status == 201 &&
          value_of(created.response, draft::header::interop) == std::to_string(version.number));
}

/// Below min-size a server need not resume, and below min-append-size it may refuse: judging it
/// there would blame the wrong rows.
std::optional<Outcome> too_small_for(Context& c, const Version& version) {
  if (version.age.empty()) return std::nullopt;
  const auto limits = limits_in(ask(c, "OPTIONS", c.target().url, version).response);
  if (!limits) return std::nullopt;
  for (const auto& [key, least] :
       {std::pair{"min-size", least_upload}, std::pair{"min-append-size", least_append}}) {
    const auto limit = limits->find(key);
    if (limit != limits->end() && limit->second > least) {
      return not_offered(
          fmt::format("Upload-Limit has {}={}, and checks send less", key, limit->second));
    }
  }
  return std::nullopt;
}

/// 0 is the best.
int weight(Outcome::Kind kind) {
  constexpr std::array order{Outcome::Kind::not_offered, Outcome::Kind::holds,
                             Outcome::Kind::observed,    Outcome::Kind::broken,
                             Outcome::Kind::broken_must, Outcome::Kind::blocked,
                             Outcome::Kind::error};
  return static_cast<int>(std::ranges::find(order, kind) - order.begin());
}

Outcome judged(Context& c, Judge judge, const Version& version) {
  Outcome outcome;
  try {
    auto small = too_small_for(c, version);
    outcome = small ? std::move(*small) : judge(c, version);
  } catch (const Stop& stop) {
    if (stop.outcome.kind == Outcome::Kind::error) throw;
    outcome = stop.outcome;
  }
  const bool red =
      outcome.kind == Outcome::Kind::broken || outcome.kind == Outcome::Kind::broken_must;
  if (red && !version.read) {
    return observed(fmt::format("{}, where {} asks for: {}", outcome.got,
                                draft::versions().back().texts, outcome.expected));
  }
  return outcome;
}

/// The worst of them, with what was seen in the versions that came out so: each text once, with its
/// versions unless all are alike.
Outcome combined(const std::vector<std::pair<int, Outcome>>& outcomes) {
  const auto worst = std::ranges::max_element(outcomes, {}, [](const auto& one) {
                       return weight(one.second.kind);
                     })->second.kind;
  std::vector<std::pair<std::string, std::vector<int>>> texts;
  Outcome whole;
  whole.kind = worst;
  for (const auto& [number, outcome] : outcomes) {
    if (outcome.kind != worst) continue;
    if (whole.expected.empty()) whole.expected = outcome.expected;
    auto same =
        std::ranges::find(texts, outcome.got, &std::pair<std::string, std::vector<int>>::first);
    if (same == texts.end()) same = texts.insert(same, {outcome.got, {}});
    same->second.push_back(number);
  }
  const bool of_all = texts.size() == 1 && texts.front().second.size() == outcomes.size();
  for (const auto& [text, numbers] : texts) {
    if (!whole.got.empty()) whole.got += "; ";
    whole.got += of_all ? text : fmt::format("interop {}: {}", numbers_of(numbers), text);
  }
  return whole;
}

}  // namespace

Outcome in_each(Context& c, Judge judge, int from) {
  std::vector<std::pair<int, Outcome>> outcomes;
  for (const auto& version : spoken_versions(c, from)) {
    outcomes.emplace_back(version.number, judged(c, judge, version));
  }
  return combined(outcomes);
}

Outcome in_newest(Context& c, Judge judge, int from) {
  return judged(c, judge, spoken_versions(c, from).back());
}

std::vector<Version> spoken_versions(Context& c, int from) {
  std::vector<Version> spoken;
  std::vector<int> asked;
  for (const int number : asked_for(c)) {
    if (number < from) continue;
    asked.push_back(number);
    const auto version = draft::version_of(number);
    if (speaks(c, version)) spoken.push_back(version);
  }
  if (spoken.empty()) {
    const bool any = asked.size() == asked_for(c).size();
    throw Stop{not_offered(
        (any ? "the IETF draft is not spoken here (interop versions "
             : "no version that has the rule is spoken here (interop ") +
        (asked.empty() ? std::to_string(from) + " and later" : numbers_of(asked)) + ")")};
  }
  return spoken;
}

const transport::Interim* Answer::announcement() const {
  const auto found = std::ranges::find_if(interims, [](const auto& interim) {
    return interim.status == 104 && interim.headers.has("Location");
  });
  return found == interims.end() ? nullptr : &*found;
}

bool Answer::has_104() const {
  return std::ranges::any_of(interims, [](const auto& interim) { return interim.status == 104; });
}

Fields fields_of(Context& c, std::string_view version, const Fields& more) {
  Fields fields = c.raw_headers();
  if (!version.empty()) fields.add(std::string{draft::header::interop}, std::string{version});
  for (const auto& field : more) fields.add(field.name, field.value);
  return fields;
}

Answer ask(Context& c, std::string_view method, const std::string& url, std::string_view version,
           Fields more, std::optional<std::string> body) {
  if (body && !more.has("Transfer-Encoding")) {
    more.add("Content-Length", std::to_string(body->size()));
  }
  const auto head = head_by_hand(c, method, url, fields_of(c, version, more));
  const auto read =
      talk(c, std::string{method} + " of the draft", head, body.value_or(""), method == "HEAD");
  return {answer(read), read.interims};
}

Answer ask(Context& c, std::string_view method, const std::string& url, const Version& version,
           Fields more, std::optional<std::string> body) {
  return ask(c, method, url, std::to_string(version.number), std::move(more), std::move(body));
}

Fields end_field(const Version& version, End end) {
  return {{std::string{version.completeness},
           std::string{end == End::yes ? version.ended : version.going_on}}};
}

Answer post(Context& c, const Version& version, End end, const std::string& body,
            const Fields& more) {
  Fields fields = end_field(version, end);
  for (const auto& field : more) fields.add(field.name, field.value);
  auto created = ask(c, "POST", c.target().url, version, std::move(fields), body);
  if (const auto upload = location_of(c, created.response); upload) c.created(*upload);
  return created;
}

std::string begin(Context& c, const Version& version, const std::string& body, const Fields& more) {
  const auto created = post(c, version, End::no, body, more);
  const auto upload = location_of(c, created.response);
  if (!is_2xx(created.response) || !upload) {
    stop_blocked("an upload is created (201 with Location)", describe(created.response));
  }
  return *upload;
}

Fields append_fields(const Version& version, std::uint64_t offset, End end) {
  Fields fields{{std::string{hdr::upload_offset}, std::to_string(offset)}};
  for (const auto& field : end_field(version, end)) fields.add(field.name, field.value);
  if (version.typed_appends) fields.add("Content-Type", std::string{draft::append_type});
  return fields;
}

Answer append(Context& c, const Version& version, const std::string& upload, std::uint64_t offset,
              End end, const std::string& body) {
  return ask(c, "PATCH", upload, version, append_fields(version, offset, end), body);
}

Response look(Context& c, const Version& version, const std::string& upload) {
  return ask(c, "HEAD", upload, version).response;
}

Answer announced(Context& c, const Version& version) {
  auto created = post(c, version, End::no, "hello");
  if (!created.has_104()) {
    throw Stop{not_offered("no 104 comes through: the server or a gateway sends none (IETF-003)")};
  }
  return created;
}

std::optional<std::map<std::string, std::int64_t, std::less<>>> limits_in(
    const Response& response) {
  const auto members = http::parse_dictionary(value_of(response, draft::header::limit));
  if (!members) return std::nullopt;
  std::map<std::string, std::int64_t, std::less<>> limits;
  for (const auto& member : *members) {
    if (member.integer) limits.emplace(member.key, *member.integer);
  }
  return limits;
}

std::optional<Bytes> limit_in(const Response& response, std::string_view key) {
  const auto limits = limits_in(response);
  if (!limits) return std::nullopt;
  const auto found = limits->find(key);
  if (found == limits->end()) return std::nullopt;
  const auto limit = tus::parse_length_lenient(std::to_string(found->second));
  return limit ? std::optional{*limit} : std::nullopt;
}

}  // namespace conformance::suites::drafts
