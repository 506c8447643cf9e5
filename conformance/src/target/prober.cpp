#include "target/prober.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "target/busy.hpp"
#include "target/failure_text.hpp"
#include "transport/url.hpp"

namespace conformance {

Result<transport::Response> Prober::send(transport::Request request, bool with_credentials,
                                         Milliseconds at_most) {
  if (with_credentials) {
    const auto presented = credentials_.present(request, time_for_one(at_most));
    if (!presented) return tl::unexpected(presented.error());
  }
  const auto url_parts = transport::parse_url(request.url);
  const std::string who = url_parts ? url_parts->origin() : request.url;
  for (;;) {
    request.timeout = time_for_one(at_most);
    if (request.timeout <= Milliseconds{0}) {
      return failure(who, "has not answered when the time of the run was up (--run-timeout)");
    }
    transport::Exchange seen = client_.send(request);
    if (!seen.response) {
      return failure(who, seen.failure ? failure_text(*seen.failure) : "no answer");
    }
    const auto busy = busy_of(*seen.response);
    if (!busy || !wait_out(*busy)) return std::move(*seen.response);
  }
}

/// False when there is no time to wait for it.
bool Prober::wait_out(const Busy& busy) {
  constexpr Milliseconds budget{10'000};
  const Milliseconds pause = std::max(busy.pause, Milliseconds{100});
  if (waited_ + pause > budget || time_for_one(budget) <= pause) return false;
  busy_status_ = busy.status;
  waited_ += pause;
  std::this_thread::sleep_for(pause);
  return true;
}

std::string Prober::waited() const {
  if (waited_ == Milliseconds{0}) return {};
  return fmt::format("{} was waited out for {} while the target was found out", busy_status_,
                     ::to_string(waited_));
}

transport::Exchange Prober::exchange(transport::Request request, bool with_credentials,
                                     Milliseconds at_most) {
  transport::Exchange none;
  none.sent.method = request.method;
  none.sent.url = request.url;
  none.failure = transport::Failure{transport::Failure::Kind::timeout, "no time was left"};
  // A try is followed by another: a silent server may not use up the time of that.
  at_most = std::min(at_most, time_for_one(at_most * 2) / 2);
  if (with_credentials && !credentials_.present(request, at_most)) return none;
  request.timeout = time_for_one(at_most);
  if (request.timeout <= Milliseconds{0}) return none;
  return client_.send(request);
}

Result<Prober::Admitted> Prober::admit(const transport::Request& harmless, const std::string& where,
                                       const std::string& remedy) {
  auto answer = send(harmless, false);
  if (!answer) return tl::unexpected(answer.error());
  const bool needs_authorization = refused(*answer);
  if (needs_authorization && !credentials_.any()) {
    return failure(where, fmt::format("refuses requests without credentials ({})", answer->status),
                   remedy);
  }
  if (credentials_.any()) {
    answer = send(harmless, true);
    if (!answer) return tl::unexpected(answer.error());
    if (refused(*answer)) {
      return failure(where, fmt::format("refuses these credentials ({})", answer->status));
    }
  }
  return Admitted{std::move(*answer), needs_authorization};
}

Milliseconds Prober::time_for_one(Milliseconds at_most) const {
  const auto now = std::chrono::steady_clock::now();
  if (deadline_ <= now) return Milliseconds{0};
  return std::min(std::chrono::duration_cast<Milliseconds>(deadline_ - now), at_most);
}

}  // namespace conformance
