// The events and regions of a scenario, as one loop meets them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "link/happenings.hpp"
#include "run/plan.hpp"
#include "transport/load_engine.hpp"
#include "transport/load_pace.hpp"

namespace loadgen {

/// Whom an event meets is a function of seed, event and partner. Not thread-safe.
class Calendar {
 public:
  /// `stride`: how many loops share the run, and so the uplinks of its regions.
  Calendar(const RunPlan& plan, Time start, std::uint64_t stride);

  /// Whether anything may happen to the partners of a group.
  [[nodiscard]] bool concerns(std::size_t group) const { return concerned_[group]; }
  /// What answers a partner in place of the service, and when nothing gets through. Never null.
  [[nodiscard]] std::shared_ptr<const Happenings> of(const Who& who) const;
  /// Whether the event meets that partner.
  [[nodiscard]] bool meets(std::size_t event, const Who& who) const;
  /// Whether the event meets one of the accounts of a group.
  [[nodiscard]] bool meets_account(std::size_t event, std::size_t group,
                                   std::uint64_t account) const;
  /// What partners of a group share; null: no limit.
  [[nodiscard]] std::shared_ptr<transport::Pacer> uplink(std::size_t group) const {
    return uplinks_[group];
  }

 private:
  const RunPlan& plan_;
  Time start_;
  std::vector<bool> concerned_;
  std::vector<std::shared_ptr<transport::Pacer>> uplinks_;
  std::shared_ptr<const Happenings> nothing_ =
      std::make_shared<Happenings>(std::vector<Happening>{});
};

/// Asks the issuer of `token` to revoke it: at `revocation_url`, by RFC 7009 section 2.1, or where
/// that is empty as the mock server has it, beside `creation_url`.
[[nodiscard]] transport::LoadRequest revocation_of(const std::string& token,
                                                   const std::string& revocation_url,
                                                   const std::string& creation_url);

}  // namespace loadgen
