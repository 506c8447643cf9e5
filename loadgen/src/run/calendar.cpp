#include "run/calendar.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "client/endpoints.hpp"
#include "client/token.hpp"
#include "payload/hash.hpp"
#include "protocol/http/form.hpp"

namespace loadgen {
namespace {

bool is_happening(const Event& event) {
  return event.kind == Event::Kind::outage || event.kind == Event::Kind::answer ||
         event.kind == Event::Kind::captive_portal;
}

}  // namespace

Calendar::Calendar(const RunPlan& plan, Time start, std::uint64_t stride)
    : plan_(plan), start_(start) {
  const Scenario& scenario = plan.scenario;
  std::map<std::string, std::shared_ptr<transport::Pacer>> uplinks;
  for (const Region& region : scenario.regions) {
    if (region.uplink.value <= 0) continue;
    const BytesPerSecond share{region.uplink.value / static_cast<double>(stride)};
    uplinks.emplace(region.name, std::make_shared<transport::Pace>(share, start));
  }
  for (const Group& group : scenario.groups) {
    concerned_.push_back(
        std::any_of(scenario.events.begin(), scenario.events.end(), [&](const Event& event) {
          return event.concerns(group) &&
                 (is_happening(event) || event.kind == Event::Kind::restart);
        }));
    const auto found = uplinks.find(group.region);
    uplinks_.push_back(found == uplinks.end() ? nullptr : found->second);
  }
}

bool Calendar::meets(std::size_t event, const Who& who) const {
  const Event& of = plan_.scenario.events[event];
  if (!of.concerns(plan_.scenario.groups[who.group])) return false;
  return of.share >= 1 ||
         unit(hash_for(Purpose::event, {plan_.settings().seed, event, who.partner})) < of.share;
}

bool Calendar::meets_account(std::size_t event, std::size_t group, std::uint64_t account) const {
  const Event& of = plan_.scenario.events[event];
  if (!of.concerns(plan_.scenario.groups[group])) return false;
  return of.share >= 1 ||
         unit(hash_for(Purpose::event, {plan_.settings().seed, event, group, account})) < of.share;
}

std::shared_ptr<const Happenings> Calendar::of(const Who& who) const {
  std::vector<Happening> all;
  for (std::size_t i = 0; i < plan_.scenario.events.size(); ++i) {
    const Event& event = plan_.scenario.events[i];
    if (!is_happening(event) || !meets(i, who)) continue;
    all.push_back({start_ + event.at, start_ + event.at + event.lasts, event.status,
                   event.kind == Event::Kind::captive_portal});
  }
  return all.empty() ? nothing_ : std::make_shared<Happenings>(std::move(all));
}

transport::LoadRequest revocation_of(const std::string& token, const std::string& revocation_url,
                                     const std::string& creation_url) {
  transport::LoadRequest request;
  request.method = "POST";
  if (!revocation_url.empty()) {
    request.url = revocation_url;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = http::format_form({{"token", token}, {"token_type_hint", "access_token"}});
    return request;
  }
  if (const auto place = client::place_of(creation_url)) {
    request.url = client::mock_revocation_url(*place);
  }
  request.headers.add("Content-Type", "application/json");
  // A token is of characters that JSON need not escape (RFC 6750 section 2.1).
  request.body = R"({"token": ")" + token + R"("})";
  return request;
}

}  // namespace loadgen
