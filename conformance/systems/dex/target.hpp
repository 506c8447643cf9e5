// A server of the DEX Upload API as the suite finds it: tus, and what is beside it.
#pragma once

#include <string>

#include "protocol/dex/contract.hpp"
#include "protocol/dex/manifest.hpp"
#include "tus/target.hpp"

namespace conformance {

using Contract = dex::Contract;

namespace foundation {
inline constexpr Foundation info{"/info", "GET /info/ID of a complete upload is answered 200",
                                 "look into what /info is made of; --info-url says where it is"};
}  // namespace foundation

class DexTarget final : public TusTarget {
 public:
  /// `manifest` is the metadata that every creation carries; "dex_harness_run" is added.
  DexTarget(TargetOptions options, dex::Manifest manifest);

  Contract contract = Contract::server;
  dex::Manifest manifest;
  // The endpoints beside uploads, derived from the creation URL (dex::endpoints_of) or given.
  std::string info_url;  ///< an id is appended after a '/'
  std::string health_url;
  std::string version_url;
  std::string metrics_url;
  std::string root_url;
  std::string oauth_url;  ///< empty: no token endpoint known

  [[nodiscard]] TargetFacts facts() const override;
  [[nodiscard]] std::vector<std::string> addresses() const override;
  [[nodiscard]] std::string anonymous_address() const override { return oauth_url; }
  [[nodiscard]] bool tells_health(const std::string& address) const override {
    return address == health_url;
  }
  [[nodiscard]] std::vector<const Foundation*> foundations() const override;
  [[nodiscard]] std::optional<Step> step_of(const transport::Exchange& seen) const override;
  [[nodiscard]] std::optional<Trial> tried(const Foundation& foundation, Prober& prober,
                                           std::vector<std::string>& created) const override;
  [[nodiscard]] Result<void> settle(const std::string& creation_url) override;
  [[nodiscard]] bool adds_metadata() const override { return true; }
  [[nodiscard]] bool shows_processing() const override { return true; }
  [[nodiscard]] Processing processing_of(Context& c, const std::string& upload) const override;

 private:
  [[nodiscard]] std::string creation_hint() const override {
    return " (is the manifest right? --manifest)";
  }
  /// Only about the built-in manifest: when the user's own is refused, the rows tell it.
  [[nodiscard]] std::optional<Error> objection_to(const transport::Response& refusal,
                                                  const Trial& trial) const override;
  [[nodiscard]] std::optional<Trial> tried_info(Prober& prober,
                                                std::vector<std::string>& created) const;
  void look_around(Prober& prober) override;
};

/// The manifest DEX's own test stream takes, in the name of the harness.
[[nodiscard]] dex::Manifest default_manifest();

extern const System dex_system;

}  // namespace conformance
