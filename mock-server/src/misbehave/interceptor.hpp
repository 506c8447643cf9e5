// Applies rules to requests: the `misbehave` end of the seam in http/intercept.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "http/intercept.hpp"
#include "misbehave/rule.hpp"

namespace mock::misbehave {

class Engine;

/// The request header that puts a client into a lane; without it the lane is "".
inline constexpr std::string_view lane_header = "X-Dex-Lane";

struct RuleOptions {
  std::uint64_t seed = 0;
  /// Metadata keys whose value the server makes: no part of what a client chose.
  std::set<std::string, std::less<>> server_metadata;
};

/// What became of a rule, all lanes together.
struct RuleReport {
  std::string name;
  std::uint64_t matched = 0;  ///< every condition held, chance left aside
  std::uint64_t fired = 0;
  bool exhausted = false;  ///< fired `times` times in some lane
  /// For a rule that never fired: the condition at which the request that came nearest failed.
  std::string near_miss;
};

/// The first rule wins, per axis. An axis is: the method, the target, each header of the request;
/// what is committed; the status, each header and the body of the reply; the socket; the pace.
/// Between rules that match at different moments of one request the earlier moment wins.
/// Chance is a function of seed, rule, lane, the metadata that the client gave the upload, and how
/// often the rule matched for them: never of a server-made id, nor of what other uploads do.
/// Loop thread only.
class RuleInterceptor : public Interceptor {
 public:
  /// `rules` come from `combine`; `services` are the correct ones and outlive this.
  RuleInterceptor(std::vector<Rule> rules, RuleOptions options, Services& services);
  ~RuleInterceptor() override;

  std::unique_ptr<Intercept> begin(const Request& request) override;
  /// In the order of the rules.
  [[nodiscard]] std::vector<RuleReport> report() const;

 private:
  Services& services_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mock::misbehave
