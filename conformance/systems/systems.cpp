// The systems that can be judged. A new one is registered here.
#include "check.hpp"
#include "dex/suites.hpp"
#include "tus/suites.hpp"

namespace conformance {

std::vector<Check> all_checks() { return joined({suites::tus_checks, suites::dex_checks}); }

}  // namespace conformance
