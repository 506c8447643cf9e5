// An Open Humans server as the suite finds it: the API of a project, and the storage that it signs
// URLs for.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "protocol/openhumans/contract.hpp"
#include "target/prober.hpp"
#include "target/target.hpp"

namespace conformance {

/// `url` is that of the project, "http://host/api/direct-sharing/project".
class OpenHumansTarget final : public Target {
 public:
  explicit OpenHumansTarget(TargetOptions options);

  openhumans::Contract contract = openhumans::Contract::server;
  std::string member;
  /// Another member, all of whose files may be deleted; empty: none was given.
  std::string other_member;
  // Each ends with a slash.
  std::string upload_url;
  std::string direct_url;
  std::string complete_url;
  std::string delete_url;
  std::string exchange_member_url;
  std::string members_url;

  /// How the run remembers a file to be deleted: a URL whose fragment, never sent, names the file.
  [[nodiscard]] std::string remembered(const std::string& of_member, std::uint64_t id) const;
  [[nodiscard]] const std::string& run_id() const { return options_.run_id; }

  /// Derives the URLs of the API from the address that was given; `discover` calls it.
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<Discovered> discover(Credentials& credentials) override;
  [[nodiscard]] Result<TokenEndpoint> token_endpoint() const override;
  [[nodiscard]] TargetFacts facts() const override;
  [[nodiscard]] bool offers(std::string_view extension) const override;
  [[nodiscard]] std::optional<transport::Request> removal(const std::string& file) const override;

 private:
  TargetOptions options_;
};

extern const System openhumans_system;

}  // namespace conformance
