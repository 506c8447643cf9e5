// What all requests of a lane share: the rules, their counts, marks, lies that last.
// Private to interceptor.cpp and rule_intercept.cpp.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "misbehave/interceptor.hpp"
#include "misbehave/ruled_store.hpp"
#include "services.hpp"

namespace mock::misbehave {

/// What is known of one request before its body. Refers to the request until `detach`.
class Facts {
 public:
  Facts(const Request& request, RouteMatch match, std::string method, Services& services);

  [[nodiscard]] const ::http::Fields& fields() const { return own_ ? *own_ : request_->fields; }
  /// Keeps fields and upload as they are now, before a rule or the handler changes them.
  void detach() {
    own_ = request_->fields;
    static_cast<void>(upload());
  }
  [[nodiscard]] const Request& request() const { return *request_; }
  [[nodiscard]] const RouteMatch& match() const { return match_; }
  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const std::string& lane() const { return lane_; }
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] const std::string& target() const { return target_; }
  /// As stored when first asked for; nullptr when the request names none, or an unknown one.
  [[nodiscard]] const Upload* upload() const;
  [[nodiscard]] bool creates() const;
  [[nodiscard]] tus::UploadKind kind() const;
  [[nodiscard]] bool deferred() const;
  [[nodiscard]] bool completing() const;
  [[nodiscard]] bool locked() const;
  [[nodiscard]] const tus::Metadata& metadata() const;
  [[nodiscard]] std::optional<Bytes> content_length() const { return content_length_; }
  [[nodiscard]] TimePoint now() const;

 private:
  const Request* request_;
  RouteMatch match_;
  std::string method_;
  std::string lane_;
  std::string host_;
  std::string target_;
  std::optional<Bytes> content_length_;
  Services* services_;
  std::optional<::http::Fields> own_;
  mutable std::optional<std::optional<Upload>> upload_;
  mutable std::optional<tus::Metadata> metadata_;
};

/// A rule that is loaded, and what became of it. A request keeps those it began with.
struct ActiveRule {
  Rule rule;
  std::string misbehaviour;  ///< the name it was loaded under
  Moment moment = Moment::request;
  std::int64_t order = 0;  ///< the lowest wins
  TimePoint since;         ///< loaded, or counted from zero again

  struct Counts {
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;
    std::unordered_map<std::string, std::uint64_t> by_key;
    int nearest_rank = -1;
    const std::string* nearest_miss = nullptr;
    std::map<std::string, Reply> first_replies;  ///< by target
  } counts;

  [[nodiscard]] bool exhausted() const { return rule.times && counts.fired >= *rule.times; }
  void miss(int rank, const std::string& condition) {
    if (rank >= counts.nearest_rank) {
      counts.nearest_rank = rank;
      counts.nearest_miss = &condition;
    }
  }
};
using ActivePtr = std::shared_ptr<ActiveRule>;

class Engine {
 public:
  Engine(RuleOptions options, Services& services);

  Result<void> add(std::vector<Misbehaviour> misbehaviours, Place place);
  bool remove(const std::string& name);
  void clear();
  void reset_counts();

  using Candidates = std::vector<ActivePtr>;
  [[nodiscard]] bool empty() const { return rules_.empty(); }
  [[nodiscard]] const Candidates& candidates(Route route, std::string_view method) const;

  /// Whether everything holds that is known before the body.
  [[nodiscard]] bool holds(ActiveRule& active, const Facts& facts) const;
  [[nodiscard]] bool holds(ActiveRule& active, const Reply& reply) const;
  /// All conditions hold: counts the match, decides by chance, and counts the firing.
  /// `upload` is the id the request is about, or made; empty when there is none.
  [[nodiscard]] bool fire(ActiveRule& active, const Facts& facts, const std::string& upload);

  [[nodiscard]] std::vector<RuleReport> report() const;
  [[nodiscard]] Illusions& illusions() { return illusions_; }

 private:
  [[nodiscard]] bool chosen(ActiveRule& active, const Facts& facts) const;
  [[nodiscard]] std::string client_key(const Facts& facts) const;
  [[nodiscard]] bool upload_holds(ActiveRule& active, const Facts& facts) const;
  void index();

  static constexpr std::size_t route_count = static_cast<std::size_t>(Route::unknown) + 1;
  static constexpr std::size_t method_count = 9;

  RuleOptions options_;
  Services& services_;
  Candidates rules_;  ///< by order
  std::array<std::array<Candidates, method_count>, route_count> index_;
  std::set<std::pair<std::string, std::string>> marks_;  ///< mark, upload id or ""
  Illusions illusions_;
};

/// One request's companion. `engine` and the services outlive it.
[[nodiscard]] std::unique_ptr<Intercept> make_rule_intercept(Engine& engine, Services& services,
                                                             Facts facts, Engine::Candidates rules);

}  // namespace mock::misbehave
