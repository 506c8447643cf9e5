#include "report/names.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace conformance {

std::string timestamp(std::chrono::system_clock::time_point at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(at)));
}

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::none:
      return "none";
    case Standing::expected:
      return "expected";
    case Standing::unexpected:
      return "unexpected";
    case Standing::expired:
      break;
  }
  return "expired";
}

std::string_view in_name(verdicts::Difference::In in) {
  return in == verdicts::Difference::In::verdict ? "verdict" : "answer";
}

std::string_view stopped_type(const RunReport::Stopped& stopped) {
  if (stopped.code == ExitCode::usage) return "usage";
  return stopped.code == ExitCode::unreachable ? "unreachable" : "harness";
}

}  // namespace conformance
