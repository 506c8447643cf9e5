// What all requests share: the rules, their counts per lane, marks, lies that last.
// Private to interceptor.cpp and rule_intercept.cpp.
#pragma once

#include <array>
#include <map>
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

class Engine {
 public:
  Engine(std::vector<Rule> rules, RuleOptions options, Services& services);

  using Candidates = std::vector<std::size_t>;
  [[nodiscard]] const Candidates& candidates(Route route, std::string_view method) const;
  [[nodiscard]] const Rule& rule(std::size_t index) const { return rules_[index]; }
  [[nodiscard]] Moment moment(std::size_t index) const { return moments_[index]; }

  /// Whether everything holds that is known before the body.
  [[nodiscard]] bool holds(std::size_t index, const Facts& facts);
  [[nodiscard]] bool holds(std::size_t index, const Reply& reply);
  /// All conditions hold: counts the match, decides by chance, and counts the firing.
  /// `upload` is the id the request is about, or made; empty when there is none.
  [[nodiscard]] bool fire(std::size_t index, const Facts& facts, const std::string& upload);
  void miss(std::size_t index, int rank, const std::string& condition);

  [[nodiscard]] std::vector<RuleReport> report() const;
  [[nodiscard]] Illusions& illusions() { return illusions_; }
  /// The first reply that rule gave to that URL; empty before there was one.
  [[nodiscard]] std::optional<Reply>& first_reply(std::size_t index, const Facts& facts);

 private:
  struct Count {
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;
    std::unordered_map<std::string, std::uint64_t> by_key;
  };
  struct Lane {
    std::vector<Count> counts;
    std::set<std::pair<std::string, std::string>> marks;  ///< mark, upload id or ""
  };
  struct Miss {
    int rank = -1;
    const std::string* condition = nullptr;
  };

  Lane& lane(const std::string& name);
  [[nodiscard]] bool exhausted(std::size_t index, const Facts& facts) const;
  [[nodiscard]] bool chosen(std::size_t index, Count& count, const Facts& facts) const;
  [[nodiscard]] std::string client_key(const Facts& facts) const;
  [[nodiscard]] bool upload_holds(std::size_t index, const Facts& facts);

  static constexpr std::size_t route_count = static_cast<std::size_t>(Route::unknown) + 1;
  static constexpr std::size_t method_count = 9;

  std::vector<Rule> rules_;
  std::vector<Moment> moments_;
  RuleOptions options_;
  Services& services_;
  std::array<std::array<Candidates, method_count>, route_count> index_;
  std::unordered_map<std::string, Lane> lanes_;
  std::vector<Miss> misses_;
  Illusions illusions_;
  std::map<std::string, std::optional<Reply>> first_replies_;
};

/// One request's companion. `engine` and the services outlive it.
[[nodiscard]] std::unique_ptr<Intercept> make_rule_intercept(Engine& engine, Services& services,
                                                             Facts facts, Engine::Candidates rules);

}  // namespace mock::misbehave
