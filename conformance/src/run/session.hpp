// What the checks of a run share.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "redact/secrets.hpp"
#include "run/watch.hpp"
#include "target/credentials.hpp"
#include "target/foundation.hpp"
#include "target/given_tokens.hpp"
#include "target/target.hpp"
#include "transport/client.hpp"
#include "transport/exchange.hpp"
#include "transport/origins.hpp"

namespace conformance {

/// What all checks of a run share. Thread-safe where it can be changed; checks that were abandoned
/// may still use it, so it is held by shared_ptr.
struct Session {
  std::shared_ptr<const Target> target;
  Credentials credentials;
  transport::ClientOptions client;
  std::uint64_t seed = 0;
  Milliseconds patience{std::chrono::seconds{10}};
  GivenTokens tokens;
  transport::Origins trusted;  ///< of --trust-origin
  redact::Secrets secrets;     ///< masked in evidence; what the target issues is added

  Watch watch;

  void created(const std::string& upload);
  /// Counts answers by their HTTP version: "HTTP/2".
  void spoke(const std::string& http);
  [[nodiscard]] std::map<std::string, std::size_t> spoken() const;
  /// Whether the target answers a raw connection, which is HTTP/1.1; asked once.
  [[nodiscard]] bool answers_http1();
  /// How long to wait for the answer to a request of `foundation`: `wanted`, but only a little when
  /// the last few of them had no answer.
  [[nodiscard]] Milliseconds patience_with(const Foundation* foundation, Milliseconds wanted) const;
  void answered(const Foundation* foundation, bool in_time);
  /// Whether the target was ever silent; until then `patience_with` gives what is wanted.
  [[nodiscard]] bool was_silent() const { return was_silent_; }
  /// A request with the credentials of the run was answered: `taken` unless that was a 401.
  void credentials_taken(bool taken);
  /// They were refused several times in a row.
  [[nodiscard]] bool credentials_refused() const;
  /// Every upload the run made, each once, in the order they were made.
  [[nodiscard]] std::vector<std::string> uploads() const;

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> was_silent_{false};
  std::map<const Foundation*, std::size_t> silent_in_a_row_;
  std::size_t refused_in_a_row_ = 0;
  std::vector<std::string> uploads_;
  std::map<std::string, std::size_t> spoken_;
  std::once_flag http1_asked_;
  bool answers_http1_ = false;
};

}  // namespace conformance
