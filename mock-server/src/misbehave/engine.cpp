#include "misbehave/engine.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "misbehave/load.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "tus/locks.hpp"

namespace mock::misbehave {
namespace {

constexpr std::array<std::string_view, 8> methods{"OPTIONS", "HEAD",  "GET",    "POST",
                                                  "PUT",     "PATCH", "DELETE", "TRACE"};

std::size_t method_slot(std::string_view method) {
  const auto found = std::find(methods.begin(), methods.end(), method);
  return static_cast<std::size_t>(found - methods.begin());
}

/// In the order in which they are looked at: the later one fails, the nearer was the request.
enum Rank : int {
  at_lane,
  at_wire_method,
  at_path,
  at_header,
  at_metadata,
  at_upload,
  at_body,
  at_reply,
  at_mark,
  at_chance
};

const std::string no_request = "no request had its method and route";
const std::string lane_text = "lane";
const std::string wire_method_text = "wire_method";
const std::string path_text = "path";
const std::string status_text = "reply status";
const std::string mark_text = "needs: the mark was not set";
const std::string chance_text = "nth, every or probability";

std::uint64_t mix(std::uint64_t h, std::string_view text) {
  for (const char c : text) {  // FNV-1a
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  return (h ^ 0xffU) * 0x100000001b3ULL;  // so that ("ab", "c") and ("a", "bc") differ
}

/// splitmix64's finaliser.
std::uint64_t scatter(std::uint64_t h) {
  h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27U)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31U);
}

std::optional<Bytes> number_in(const ::http::Fields& fields, std::string_view name) {
  const auto text = fields.find(name);
  if (!text) return std::nullopt;
  const auto number = tus::parse_length_lenient(*text);
  if (!number) return std::nullopt;
  return *number;
}

}  // namespace

Facts::Facts(const Request& request, RouteMatch match, std::string method, Services& services)
    : request_(&request),
      match_(std::move(match)),
      method_(std::move(method)),
      lane_(request.lane),
      host_(request.fields.find("Host").value_or(request.local_authority)),
      target_(request.target),
      content_length_(request.content_length),
      services_(&services) {}

const Upload* Facts::upload() const {
  if (!upload_) {
    upload_.emplace();
    if (!match_.id.empty() && is_upload_id(match_.id))
      if (auto found = services_->store.find(match_.id)) *upload_ = std::move(*found);
  }
  return *upload_ ? &**upload_ : nullptr;
}

bool Facts::creates() const { return match_.route == Route::creation; }

tus::UploadKind Facts::kind() const {
  if (const auto* known = upload()) return known->kind;
  if (const auto header = fields().find("Upload-Concat"))
    if (const auto concat = tus::parse_concat(*header)) return concat->kind;
  return tus::UploadKind::normal;
}

bool Facts::deferred() const {
  if (const auto* known = upload()) return !known->length;
  return fields().has("Upload-Defer-Length");
}

bool Facts::completing() const {
  const auto* known = upload();
  if (known == nullptr && kind() == tus::UploadKind::final) return true;
  if (known != nullptr && known->complete()) return false;
  const auto length =
      known != nullptr && known->length ? known->length : number_in(fields(), "Upload-Length");
  if (!length || (known == nullptr && !creates())) return false;
  const auto offset = known != nullptr ? known->offset : Bytes{0};
  return offset + content_length_.value_or(Bytes{0}) >= *length;
}

bool Facts::locked() const { return !match_.id.empty() && services_->locks.locked(match_.id); }

const tus::Metadata& Facts::metadata() const {
  if (!metadata_) {
    metadata_.emplace();
    if (const auto* known = upload()) {
      metadata_ = known->metadata;
    } else if (const auto header = fields().joined("Upload-Metadata")) {
      if (auto parsed = tus::parse_metadata(*header, tus::MetadataStrictness::lenient))
        metadata_ = std::move(*parsed);
    }
  }
  return *metadata_;
}

TimePoint Facts::now() const { return services_->loop.now(); }

Engine::Engine(RuleOptions options, Services& services)
    : options_(std::move(options)), services_(services) {}

Result<void> Engine::add(std::vector<Misbehaviour> misbehaviours, Place place) {
  std::vector<const Rule*> all;
  for (const auto& active : rules_) all.push_back(&active->rule);
  for (const auto& misbehaviour : misbehaviours)
    for (const auto& rule : misbehaviour.rules) all.push_back(&rule);
  if (auto fit = fit_together(all); !fit) return fit;

  Candidates added;
  for (auto& misbehaviour : misbehaviours) {
    for (auto& rule : misbehaviour.rules) {
      auto active = std::make_shared<ActiveRule>();
      active->rule = std::move(rule);
      active->misbehaviour = misbehaviour.name;
      active->moment = active->rule.moment();
      active->since = services_.loop.now();
      added.push_back(std::move(active));
    }
  }
  const bool first = place == Place::first && !rules_.empty();
  auto order = rules_.empty() ? 0
               : first        ? rules_.front()->order - static_cast<std::int64_t>(added.size())
                              : rules_.back()->order + 1;
  for (auto& active : added) active->order = order++;
  rules_.insert(first ? rules_.begin() : rules_.end(), added.begin(), added.end());
  index();
  return {};
}

bool Engine::remove(const std::string& name) {
  const auto removed = std::erase_if(rules_, [&](const ActivePtr& active) {
    return active->misbehaviour == name || active->rule.name == name;
  });
  index();
  return removed > 0;
}

void Engine::clear() {
  rules_.clear();
  marks_.clear();
  illusions_ = {};
  index();
}

void Engine::reset_counts() {
  for (const auto& active : rules_) {
    active->counts = {};
    active->since = services_.loop.now();
  }
  marks_.clear();
  illusions_ = {};
}

void Engine::index() {
  for (std::size_t route = 0; route < route_count; ++route) {
    const auto named = static_cast<Route>(route);
    for (std::size_t method = 0; method < method_count; ++method) {
      auto& cell = index_[route][method];
      cell.clear();
      if (named == Route::control) continue;
      for (const auto& active : rules_) {
        const auto& when = active->rule.when;
        const auto takes = [&](const std::string& name) { return method_slot(name) == method; };
        const bool routed = when.routes.empty() || std::ranges::count(when.routes, named) > 0;
        if (routed && (when.methods.empty() || std::ranges::any_of(when.methods, takes)))
          cell.push_back(active);
      }
    }
  }
}

const Engine::Candidates& Engine::candidates(Route route, std::string_view method) const {
  return index_[static_cast<std::size_t>(route)][method_slot(method)];
}

bool Engine::holds(ActiveRule& active, const Facts& facts) const {
  if (active.exhausted()) return false;
  const auto& when = active.rule.when;
  const auto fail = [&](Rank rank, const std::string& condition) {
    active.miss(rank, condition);
    return false;
  };
  if (when.lane && *when.lane != facts.lane()) return fail(at_lane, lane_text);
  if (!when.wire_methods.empty() && std::find(when.wire_methods.begin(), when.wire_methods.end(),
                                              facts.request().method) == when.wire_methods.end())
    return fail(at_wire_method, wire_method_text);
  if (when.path && !when.path->found_in(facts.request().path)) return fail(at_path, path_text);
  for (const auto& field : when.fields)
    if (!field.value.holds(facts.fields().find(field.name))) return fail(at_header, field.label);
  for (const auto& pair : when.metadata)
    if (!pair.value.holds(facts.metadata().find(pair.name))) return fail(at_metadata, pair.label);
  if (when.upload.any() && !upload_holds(active, facts)) return false;
  return true;
}

bool Engine::upload_holds(ActiveRule& active, const Facts& facts) const {
  static const std::string id = "upload id";
  static const std::string kind = "upload kind";
  static const std::string exists = "upload exists";
  static const std::string deferred = "upload deferred";
  static const std::string completing = "upload completing";
  static const std::string complete = "upload complete";
  static const std::string locked = "upload locked";
  static const std::string age = "upload age";
  const auto& wanted = active.rule.when.upload;
  const auto fail = [&](const std::string& condition) {
    active.miss(at_upload, condition);
    return false;
  };
  const auto* upload = facts.upload();
  if (wanted.id) {
    const auto named =
        facts.match().id.empty() ? std::nullopt : std::optional<std::string_view>{facts.match().id};
    if (!wanted.id->holds(named)) return fail(id);
  }
  if (wanted.exists && *wanted.exists != (upload != nullptr)) return fail(exists);
  // State is only there on an upload, or on a request that makes one.
  if (upload == nullptr && !facts.creates() &&
      (wanted.kind || wanted.deferred || wanted.completing || wanted.complete))
    return fail(exists);
  if (wanted.kind && *wanted.kind != facts.kind()) return fail(kind);
  if (wanted.deferred && *wanted.deferred != facts.deferred()) return fail(deferred);
  if (wanted.completing && *wanted.completing != facts.completing()) return fail(completing);
  if (wanted.complete && *wanted.complete != (upload != nullptr && upload->complete()))
    return fail(complete);
  if (wanted.locked && *wanted.locked != facts.locked()) return fail(locked);
  if (wanted.older_than || wanted.younger_than) {
    if (upload == nullptr) return fail(age);
    const auto lived = facts.now() - upload->created;
    if (wanted.older_than && !(lived > *wanted.older_than)) return fail(age);
    if (wanted.younger_than && !(lived < *wanted.younger_than)) return fail(age);
  }
  return true;
}

bool Engine::holds(ActiveRule& active, const Reply& reply) const {
  const auto& wanted = active.rule.when.reply;
  const auto fail = [&](const std::string& condition) {
    active.miss(at_reply, condition);
    return false;
  };
  if (!wanted.status.empty() &&
      std::none_of(wanted.status.begin(), wanted.status.end(), [&](const StatusRange& range) {
        return reply.status >= range.first && reply.status <= range.last;
      }))
    return fail(status_text);
  for (const auto& field : wanted.fields)
    if (!field.value.holds(reply.fields.find(field.name))) return fail(field.label);
  if (wanted.json.empty()) return true;
  const auto body = nlohmann::json::parse(reply.body, nullptr, false);
  for (const auto& place : wanted.json) {
    std::optional<std::string> text;
    const nlohmann::json::json_pointer pointer{place.name};
    if (!body.is_discarded() && body.contains(pointer)) {
      const auto& value = body[pointer];
      text = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (!place.value.holds(text)) return fail(place.label);
  }
  return true;
}

std::string Engine::client_key(const Facts& facts) const {
  tus::Metadata chosen;
  for (const auto& pair : facts.metadata().pairs())
    if (!options_.server_metadata.contains(pair.key)) chosen.set(pair.key, pair.value);
  return tus::format_metadata(chosen);
}

bool Engine::chosen(ActiveRule& active, const Facts& facts) const {
  const auto& chance = active.rule.when.chance;
  auto& counts = active.counts;
  if (!chance.nth.empty() && std::ranges::count(chance.nth, counts.matched) == 0) return false;
  if (counts.matched % chance.every != 0) return false;
  if (chance.probability >= 1) return true;
  const auto key = client_key(facts);
  const auto ordinal = ++counts.by_key[key];
  auto h = scatter(options_.seed + 0x9e3779b97f4a7c15ULL);
  for (const std::string_view text :
       {std::string_view{active.rule.name}, std::string_view{facts.lane()}, std::string_view{key}})
    h = mix(h, text);
  const auto draw = scatter(h + ordinal * 0x9e3779b97f4a7c15ULL);
  return static_cast<double>(draw >> 11U) * 0x1.0p-53 < chance.probability;
}

bool Engine::fire(ActiveRule& active, const Facts& facts, const std::string& upload) {
  const auto& rule = active.rule;
  if (active.exhausted()) return false;
  if (rule.needs && !marks_.contains({*rule.needs, upload}) &&
      !marks_.contains({*rule.needs, {}})) {
    active.miss(at_mark, mark_text);
    return false;
  }
  ++active.counts.matched;
  if (!chosen(active, facts)) {
    active.miss(at_chance, chance_text);
    return false;
  }
  ++active.counts.fired;
  if (rule.sets) marks_.insert({*rule.sets, upload});
  return true;
}

std::vector<RuleReport> Engine::report() const {
  std::vector<RuleReport> reports;
  for (const auto& active : rules_) {
    const auto& counts = active->counts;
    RuleReport report;
    report.name = active->rule.name;
    report.misbehaviour = active->misbehaviour;
    report.json = active->rule.json;
    report.matched = counts.matched;
    report.fired = counts.fired;
    report.exhausted = active->exhausted();
    if (report.fired == 0)
      report.near_miss = counts.nearest_miss != nullptr ? *counts.nearest_miss : no_request;
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace mock::misbehave
