// Delivering again: /route/{id} (area dex-route).
#include <algorithm>

#include "dex/suites/auth.hpp"
#include "dex/vocabulary.hpp"

namespace conformance::suites {
namespace {

std::string route_of(Context& c, const std::string& id) {
  return dex_target(c).root_url + "route/" + id;
}

Request request_to(std::string method, std::string url, std::optional<std::string> body = {}) {
  Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  if (body) request.headers.add("Content-Type", "application/json");
  request.body = std::move(body);
  request.timeout = answer_timeout;
  return request;
}

/// POST of {"target": name} or, with `source`, of both.
Response post_route(Context& c, const std::string& id, const std::string& target,
                    const std::optional<std::string>& source = {}) {
  Json body{{"target", target}};
  if (source) body["source"] = *source;
  auto response = c.send(request_to("POST", route_of(c, id), body.dump()));
  return response;
}

/// Ends the check as skipped where a gateway does not publish /route: GET of it is 404 there, and
/// 400 on the server itself (DEX-RETRY-002).
void needs_route(Context& c) {
  if (!behind_gateway(c)) return;
  needs_published(c, c.get(route_of(c, "1234")), "/route");
}

std::string seen(const Response& response) {
  const auto text = text_of(response);
  return code(response) + (text.empty() ? "" : " '" + text + "'");
}

/// A complete upload that was delivered, and the name of a target that it went to.
struct Delivered {
  std::string upload, id, target;
  std::vector<Json> entries;
};
Delivered delivered_upload(Context& c) {
  Delivered made;
  made.upload = create_complete(c, letters(10));
  made.id = upload_id_of(made.upload);
  const auto entries = entries_of(await_deliveries(c, made.upload));
  made.entries = entries;
  made.target = text_at(entries.front(), "/name").value_or("");
  return made;
}

/// An id of the right shape that belongs to no upload.
std::string unknown_id(Context& c) { return upload_id_of(unknown_upload(c)); }

Outcome route_delivers_again(Context& c) {
  needs_route(c);
  const auto made = delivered_upload(c);
  const auto response = post_route(c, made.id, made.target);
  Findings findings{
      "POST /route/{id} {target} delivers again: 200 text/plain with the id, and a "
      "new entry in deliveries"};
  findings.check(
      response.status == 200 && has_type(response, "text/plain") && text_of(response) == made.id,
      code(response) + ", " + tell(response, "Content-Type") +
          (text_of(response) == made.id ? ", the id" : ", another body"));
  // By the guide there is only one entry per target, that of the last delivery.
  const auto more = [&](const SeenInfo& info) {
    const auto entries = entries_of(info);
    return by_guide(c) ? !entries.empty() && entries != made.entries
                       : entries.size() > made.entries.size();
  };
  const auto info = await_info(c, made.upload, delivery_deadline, more);
  findings.check(more(info), more(info) ? "a new entry" : "no new entry within 15 s");
  return findings.outcome();
}

Outcome route_by_other_method_is_400(Context& c) {
  needs_route(c);
  const auto id = upload_id_of(create(c));
  if (by_guide(c)) {
    Findings findings{"other methods than POST get the standard code: 405 with Allow"};
    for (const char* method : {"GET", "PUT"}) {
      const auto response = c.send(request_to(method, route_of(c, id)));
      findings.check(response.status == 405 && response.headers.has_token("Allow", "POST"),
                     std::string{method} + ": " + seen(response));
    }
    return findings.outcome();
  }
  Findings findings{"other methods than POST: 400 without a body"};
  for (const char* method : {"GET", "PUT"}) {
    const auto response = c.send(request_to(method, route_of(c, id)));
    findings.check(response.status == 400 && response.body.empty(),
                   std::string{method} + ": " + seen(response));
  }
  return findings.outcome();
}

Outcome route_without_json_is_400(Context& c) {
  needs_route(c);
  const auto id = upload_id_of(create(c));
  Findings findings{"a body that is not JSON, or none: 400"};
  for (const char* body : {"blah", "", "{\"target\":"}) {
    const auto response = c.send(request_to("POST", route_of(c, id), body));
    findings.check(response.status == 400, "'" + std::string{body} + "': " + seen(response));
  }
  return findings.outcome();
}

Outcome route_of_unknown_id_is_404(Context& c) {
  needs_route(c);
  auto targets = delivery_targets(c);
  targets.emplace_back("no-such-target");
  Findings findings{"an unknown id: 404, before the target is looked at"};
  for (const auto& target : targets) {
    for (const auto& id : {std::string{"1234"}, unknown_id(c)}) {
      const auto response = post_route(c, id, target);
      findings.check(response.status == 404, "target '" + target + "': " + seen(response));
    }
  }
  return findings.outcome();
}

Outcome route_to_unknown_target_is_400(Context& c) {
  needs_route(c);
  const auto id = upload_id_of(create_complete(c, letters(10)));
  Findings findings{"an unknown or empty target: 400 'Invalid target'"};
  for (const char* target : {"no-such-target", ""}) {
    const auto response = post_route(c, id, target);
    findings.check(response.status == 400 && text_of(response) == "Invalid target",
                   "target '" + std::string{target} + "': " + seen(response));
  }
  return findings.outcome();
}

Outcome route_without_group_is_400(Context& c) {
  needs_route(c);
  const auto targets = delivery_targets(c);
  if (targets.empty()) return not_offered("/health lists no delivery target");
  const auto upload = create_complete(c, letters(10));
  const auto info = await_info(c, upload, status_deadline, [](const SeenInfo& seen_info) {
    return !entries_of(seen_info).empty();
  });
  if (!entries_of(info).empty()) return not_offered("the manifest's stream has a routing group");
  const auto response = post_route(c, upload_id_of(upload), targets.front());
  Findings findings{"a manifest without a routing group: 400 'Invalid target for metadata'"};
  return findings
      .check(response.status == 400 && text_of(response) == "Invalid target for metadata",
             "target '" + targets.front() + "': " + seen(response))
      .outcome();
}

Outcome route_from_unknown_source_is_500(Context& c) {
  needs_route(c);
  const auto targets = delivery_targets(c);
  const auto id = upload_id_of(create_complete(c, letters(10)));
  const auto response =
      post_route(c, id, targets.empty() ? "any" : targets.front(), "no-such-source");
  Findings findings{"an unknown source: 500 'Could not find source'"};
  return findings
      .check(response.status == 500 && text_of(response) == "Could not find source", seen(response))
      .outcome();
}

Outcome route_to_target_outside_group(Context& c) {
  needs_route(c);
  const auto made = delivered_upload(c);
  std::set<std::string> group;
  for (const auto& entry : entries_of(see_info(c, made.upload))) {
    group.insert(text_at(entry, "/name").value_or(""));
  }
  for (const auto& target : delivery_targets(c)) {
    if (group.contains(target)) continue;
    const auto exchange =
        c.exchange(request_to("POST", route_of(c, made.id), Json{{"target", target}}.dump()));
    const auto after = code(c.get(dex_target(c).health_url));
    return observed("a target outside the stream's group: " + code(exchange) +
                    "; /health afterwards " + after);
  }
  return not_offered("every target of /health is in the stream's routing group");
}

Outcome route_of_unfinished_upload_is_404(Context& c) {
  needs_route(c);
  const auto targets = delivery_targets(c);
  const auto response =
      post_route(c, upload_id_of(create(c)), targets.empty() ? "any" : targets.front());
  Findings findings{"an unfinished upload: 404 'source file does not exist'"};
  return findings
      .check(response.status == 404 && text_of(response) == "source file does not exist",
             seen(response))
      .outcome();
}

Outcome route_without_a_token(Context& c) {
  needs_authorization(c);
  needs_route(c);
  const auto response = send_anonymously(
      c, request_to("POST", route_of(c, unknown_id(c)), Json{{"target", "any"}}.dump()));
  if (by_guide(c) && response.status != 401) {
    return broken_must("a token is required: 401", code(response));
  }
  return observed("POST /route/{id} without a token: " + code(response));
}

}  // namespace

std::vector<Check> dex_route() {
  return {
      {"DEX-RETRY-001", route_delivers_again, ext::creation},
      {"DEX-RETRY-002", route_by_other_method_is_400, ext::creation},
      {"DEX-RETRY-003", route_without_json_is_400, ext::creation},
      {"DEX-RETRY-004", route_of_unknown_id_is_404, ext::creation},
      {"DEX-RETRY-005", route_to_unknown_target_is_400, ext::creation},
      {"DEX-RETRY-006", route_without_group_is_400, ext::creation},
      {"DEX-RETRY-007", route_from_unknown_source_is_500, ext::creation},
      {"DEX-RETRY-008", route_to_target_outside_group, ext::creation},
      {"DEX-RETRY-009", route_of_unfinished_upload_is_404, ext::creation},
      {"DEX-RETRY-010", route_without_a_token, ext::creation},
  };
}

}  // namespace conformance::suites
