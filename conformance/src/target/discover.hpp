// Finds out, once and before any check, what the target is and offers.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "context.hpp"
#include "redact/secrets.hpp"
#include "target/credentials.hpp"
#include "transport/origins.hpp"

namespace conformance {

struct TargetOptions {
  std::string url;  ///< the creation URL, or only the host
  System system = System::tus;
  Contract contract = Contract::server;
  // Empty: derived from the creation URL.
  std::string info_url, health_url, oauth_url;
  dex::Manifest manifest;  ///< for DEX
  std::string run_id;
  transport::ClientOptions client;
  /// When finding out must have ended, tokens included; every request is cut short for it.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  transport::Origins trusted;  ///< of --trust-origin
  redact::Secrets secrets;     ///< not shown in remarks
};

/// The addresses beside the creation URL, in the shape it has (dex::endpoints_of); what `options`
/// name wins. `oauth_url` is only set for DEX.
[[nodiscard]] Result<Target> derive_urls(const TargetOptions& options,
                                         const std::string& creation_url);
/// "/files" and "/upload" below a URL that names only the host; the URL itself otherwise.
[[nodiscard]] Result<std::vector<std::string>> candidate_urls(const std::string& url);

struct Discovered {
  Target target;
  /// What a person should know: the shape that was chosen, a creation that was refused.
  std::vector<std::string> remarks;
  std::vector<std::string> created;  ///< uploads that probing made
};

/// An Error means that the target cannot be reached or refuses the credentials (exit code 3).
[[nodiscard]] Result<Discovered> discover(const TargetOptions& options, Credentials& credentials);

/// The manifest DEX's own test stream takes, in the name of the harness; `run_id` goes along as
/// dex_harness_run.
[[nodiscard]] dex::Manifest default_manifest();

}  // namespace conformance
