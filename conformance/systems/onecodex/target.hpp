// A One Codex server as the suite finds it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "protocol/onecodex/contract.hpp"
#include "target/prober.hpp"
#include "target/target.hpp"

namespace conformance {

/// `url` is that of the API, "http://host/api/v1".
class OneCodexTarget final : public Target {
 public:
  explicit OneCodexTarget(TargetOptions options);

  onecodex::Contract contract = onecodex::Contract::server;
  /// The key of another user; empty: none was given.
  std::string other_key;

  /// The URL of a call, as in "samples/init_upload".
  [[nodiscard]] std::string url_of(const std::string& call) const { return url + "/" + call; }
  [[nodiscard]] const std::string& run_id() const { return options_.run_id; }

  /// Derives the URL of the API from the address that was given; `discover` calls it.
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<Discovered> discover(Credentials& credentials) override;
  [[nodiscard]] Result<TokenEndpoint> token_endpoint() const override;
  [[nodiscard]] TargetFacts facts() const override;
  /// It has no extensions.
  [[nodiscard]] bool offers(std::string_view /*extension*/) const override { return false; }
  /// The key is sent as the user name of Basic.
  [[nodiscard]] client::Presentation presentation() const override;
  /// DELETE of the sample or document at that address.
  [[nodiscard]] std::optional<transport::Request> removal(
      const std::string& created) const override;

 private:
  TargetOptions options_;
};

extern const System onecodex_system;

}  // namespace conformance
