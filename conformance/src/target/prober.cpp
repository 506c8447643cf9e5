#include "target/prober.hpp"

#include <algorithm>

#include "target/failure_text.hpp"
#include "transport/url.hpp"

namespace conformance {

Result<transport::Response> Prober::send(transport::Request request, bool with_credentials,
                                         Milliseconds at_most) {
  if (with_credentials) {
    const auto presented = credentials_.present(request, time_for_one(at_most));
    if (!presented) return tl::unexpected(presented.error());
  }
  request.timeout = time_for_one(at_most);
  const auto url_parts = transport::parse_url(request.url);
  const std::string who = url_parts ? url_parts->origin() : request.url;
  if (request.timeout <= Milliseconds{0}) {
    return failure(who, "has not answered when the time of the run was up (--run-timeout)");
  }
  transport::Exchange seen = client_.send(request);
  if (!seen.response) {
    return failure(who, seen.failure ? failure_text(*seen.failure) : "no answer");
  }
  return std::move(*seen.response);
}

Milliseconds Prober::time_for_one(Milliseconds at_most) const {
  const auto now = std::chrono::steady_clock::now();
  if (deadline_ <= now) return Milliseconds{0};
  return std::min(std::chrono::duration_cast<Milliseconds>(deadline_ - now), at_most);
}

}  // namespace conformance
