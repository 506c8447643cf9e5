// The requests that find out what a target is.
#pragma once

#include "target/busy.hpp"
#include "target/target.hpp"
#include "transport/exchange.hpp"

namespace conformance {

/// One connection to the target, within the time of the run. Not thread-safe.
class Prober {
 public:
  Prober(const TargetOptions& options, Credentials& credentials)
      : client_(options.client), credentials_(credentials), deadline_(options.deadline) {}

  /// Waits for `at_most`, and no longer than the run has. An Error, in a person's words, when there
  /// is no answer. After a busy one (busy_of) the request is sent again, for ten seconds in all.
  Result<transport::Response> send(transport::Request request, bool with_credentials,
                                   Milliseconds at_most = std::chrono::seconds{15});

  /// One exchange, whatever comes of it; a busy answer is not waited out.
  [[nodiscard]] transport::Exchange exchange(transport::Request request, bool with_credentials,
                                             Milliseconds at_most = std::chrono::seconds{5});
  /// "503 was waited out for 2 s"; empty: nothing was.
  [[nodiscard]] std::string waited() const;

  struct Admitted {
    transport::Response answer;  ///< to the request with credentials, when there are any
    bool needs_authorization = false;
  };
  /// Sends `harmless`, a request without effect: first without credentials, then with them when
  /// there are any. An Error at `where` when the last of these is refused; `remedy` says how
  /// credentials are given.
  Result<Admitted> admit(const transport::Request& harmless, const std::string& where,
                         const std::string& remedy);

  /// How much of the run's time one request may take.
  [[nodiscard]] Milliseconds time_for_one(Milliseconds at_most = std::chrono::seconds{15}) const;

 private:
  transport::Client client_;
  Credentials& credentials_;
  std::chrono::steady_clock::time_point deadline_;
  bool wait_out(const Busy& busy);

  int busy_status_ = 0;
  Milliseconds waited_{0};
};

/// The server wants credentials, or other ones.
[[nodiscard]] inline bool refused(const transport::Response& response) {
  return response.status == 401 || response.status == 403;
}

}  // namespace conformance
