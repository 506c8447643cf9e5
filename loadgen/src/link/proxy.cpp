#include "link/proxy.hpp"

#include <algorithm>
#include <utility>

#include "link/lost.hpp"
#include "link/page.hpp"
#include "payload/hash.hpp"

namespace loadgen {

void ProxyLink::send(transport::LoadRequest request, Done done) {
  const std::uint64_t size = request.source ? request.source_size.value : request.body.size();
  if (proxy_.max_body && size > proxy_.max_body->value) {
    tell_later(*this, Milliseconds{0}, page(413, "413 Request Entity Too Large"), std::move(done));
    return;
  }
  const double drawn = unit(hash_for(Purpose::proxy, {seed_, sent_++}));
  if (drawn < proxy_.bad_gateway) {
    tell_later(*this, Milliseconds{0}, page(502, "502 Bad Gateway"), std::move(done));
    return;
  }
  if (drawn >= proxy_.bad_gateway + proxy_.gateway_timeout) {
    below().send(std::move(request), std::move(done));
    return;
  }
  below().send(std::move(request), [done = std::move(done)](transport::LoadOutcome outcome) {
    if (outcome.response) {
      auto answer = page(504, "504 Gateway Time-out");
      answer.sent = outcome.sent;
      outcome = std::move(answer);
    }
    done(std::move(outcome));
  });
}

}  // namespace loadgen
