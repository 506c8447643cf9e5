#include "cli/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "redact/printable.hpp"
#include "target/failure_text.hpp"
#include "transport/client.hpp"

namespace conformance {
namespace {

using Kind = transport::Failure::Kind;
constexpr Milliseconds between{500};
constexpr Milliseconds most_for_one{5'000};
constexpr Milliseconds between_lines{10'000};

bool may_mend(Kind kind) {
  return kind == Kind::resolve || kind == Kind::connect || kind == Kind::proxy ||
         kind == Kind::timeout || kind == Kind::reset || kind == Kind::closed;
}

/// Why the target is not there; empty: it is.
std::string absence(const transport::Exchange& seen) {
  if (seen.response) {
    const int status = seen.response->status;
    return status == 502 || status == 503 || status == 504 ? fmt::format("answers {}", status) : "";
  }
  if (!seen.failure) return "no answer";
  return may_mend(seen.failure->kind) ? failure_text(*seen.failure) : "";
}

}  // namespace

Result<void> wait_for_target(RunPlan& plan, std::ostream& err, const Pauses& pauses) {
  const Milliseconds most = plan.command->wait_for;
  if (most == Milliseconds{0}) return {};
  transport::Client client(plan.session->client);
  const std::string shown = plan.secrets.mask(redact::shown_url(plan.command->url));
  const auto start = pauses.now();
  const auto passed = [&] {
    return std::chrono::duration_cast<Milliseconds>(pauses.now() - start);
  };
  std::string told;
  Milliseconds told_at{0};
  for (;;) {
    transport::Request request;
    request.method = "OPTIONS";
    request.url = plan.command->url;
    request.timeout = std::clamp(most - passed(), Milliseconds{1}, most_for_one);
    const std::string why = redact::printable(plan.secrets.mask(absence(client.send(request))));
    if (why.empty()) break;
    if (passed() + between > most) {
      return failure(shown,
                     fmt::format("is not there after {} (--wait-for): {}", ::to_string(most), why));
    }
    if (why != told || passed() - told_at >= between_lines) {
      err << fmt::format("waiting for {}: {} ({} of {})\n", shown, why, ::to_string(passed()),
                         ::to_string(most))
          << std::flush;
      told = why;
      told_at = passed();
    }
    if (pauses.pause) {
      pauses.pause(between);
    } else {
      std::this_thread::sleep_for(between);
    }
  }
  plan.start = std::chrono::steady_clock::now();
  plan.report.started = std::chrono::system_clock::now();
  return {};
}

}  // namespace conformance
