// Lengths that are declared and never sent.
#pragma once

#include "tus/vocabulary.hpp"

namespace conformance::suites {

/// The longest that a check declares: some servers set the space aside, and what cannot be removed
/// afterwards stays for ever.
[[nodiscard]] inline Bytes longest_declared(const Context& c) {
  return Bytes{tus_target(c).discovery.offers(ext::termination) ? ~std::uint64_t{0} : 64U << 20U};
}

/// Removes an upload at once where that is offered, and not only after the run.
inline void discard(Context& c, const std::string& upload) {
  if (tus_target(c).discovery.offers(ext::termination)) {
    static_cast<void>(attempt(c, "DELETE", upload));
  }
}

}  // namespace conformance::suites
