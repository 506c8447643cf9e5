// Who is let in, and how a refusal is told (area onecodex-auth).
#include "onecodex/vocabulary.hpp"

namespace conformance::suites {
namespace {

using client::Presentation;

Response answer_of(Exchange exchange) {
  if (!exchange.response) stop_unanswered("a request", exchange);
  return std::move(*exchange.response);
}

Request list_of_samples(const Context& c) {
  Request request;
  request.method = "GET";
  request.url = oc::target(c).url_of("samples?per_page=1");
  return request;
}

/// init_upload stores nothing: whoever is let in only gets an id.
Request begin_upload(const Context& c) {
  return oc::json_request(c, "samples/init_upload", R"({"filename": "a.fa", "size": 5})");
}

Outcome let_in(Context& c, const Presentation& how, const std::string& rule) {
  Findings findings{rule};
  const auto listed = answer_of(c.exchange_presenting(list_of_samples(c), how));
  findings.check(listed.status == 200, "GET samples: " + code(listed));
  const auto begun = answer_of(c.exchange_presenting(begin_upload(c), how));
  static_cast<void>(oc::read_initiated(c, begun));
  findings.check(begun.status == 200, "init_upload: " + code(begun));
  return findings.outcome();
}

Outcome api_key_by_basic(Context& c) {
  return let_in(c, {Presentation::Way::basic_user, {}},
                "the key as user of Basic, without a password: 200");
}
Outcome api_key_in_x_api_key(Context& c) {
  return let_in(c, {Presentation::Way::field, "X-API-Key"}, "the key as X-API-Key: 200");
}
Outcome api_key_as_bearer(Context& c) {
  return let_in(c, {Presentation::Way::bearer, {}}, "the key as Authorization: Bearer: 200");
}

Outcome refused_401(Context& c, const std::optional<std::string>& authorization,
                    const std::string& rule) {
  Findings findings{rule};
  for (auto request : {list_of_samples(c), begin_upload(c)}) {
    if (authorization) request.headers.add("Authorization", *authorization);
    const auto response = answer_of(c.exchange_anonymously(request));
    static_cast<void>(oc::read_initiated(c, response));
    findings.check(oc::is_problem(response, 401), request.method + ": " + oc::told(response));
  }
  return findings.outcome();
}

Outcome no_api_key_is_401(Context& c) {
  return refused_401(c, std::nullopt, "no key: 401 and a message");
}
Outcome unknown_api_key_is_401(Context& c) {
  // "dex-conformance-no-such-key:"
  return refused_401(c, "Basic ZGV4LWNvbmZvcm1hbmNlLW5vLXN1Y2gta2V5Og==",
                     "a key that nobody has: 401 and a message");
}

Outcome every_error_has_a_message(Context& c) {
  oc::need_init(c);
  Findings findings{"whatever is wrong: 4xx and a message, never an empty object"};
  const auto look = [&](const std::string& what, const Response& response) {
    findings.check(is_4xx(response) && !oc::message_of(response).empty(),
                   what + ": " + oc::told(response));
  };
  look("broken JSON", oc::post(c, "samples/init_upload", "{"));
  look("no members", oc::post(c, "samples/init_upload", "{}"));
  look("no JSON object", oc::post(c, "samples/confirm_upload", "[]"));
  look("an unknown sample", oc::get(c, "samples/dexconformance00"));
  look("confirming an unknown one", oc::confirm(c, "dexconformance00"));
  auto text = begin_upload(c);
  text.headers.set("Content-Type", "text/plain");
  look("text/plain", c.send(std::move(text)));
  look("another method", oc::get(c, "samples/init_upload"));
  return findings.outcome();
}

/// Few enough to be no burden to a service. A server that answers 429 need not send Retry-After.
Outcome too_many_calls_say_when(Context& c) {
  constexpr int requests = 20;
  for (int i = 0; i < requests; ++i) {
    const auto response = c.send(list_of_samples(c));
    if (response.status != 429) continue;
    return observed(oc::told(response) + ", " + tell(response, "Retry-After"));
  }
  return observed("none of 20 requests was one too many");
}

}  // namespace

std::vector<Check> onecodex_auth() {
  return {
      {"OC-AUTH-001", api_key_by_basic},        {"OC-AUTH-002", api_key_in_x_api_key},
      {"OC-AUTH-003", api_key_as_bearer},       {"OC-AUTH-004", no_api_key_is_401},
      {"OC-AUTH-005", unknown_api_key_is_401},  {"OC-AUTH-006", every_error_has_a_message},
      {"OC-AUTH-007", too_many_calls_say_when},
  };
}

}  // namespace conformance::suites
