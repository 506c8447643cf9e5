// A walk: what a partner did, in order, what came of each step, and what is to be done about it.
// Values for every report; nothing here sends anything.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "protocol/units.hpp"
#include "run/summary.hpp"

namespace conformance::onboard {

/// Who can mend what was found.
enum class Whose {
  partner,
  network,  ///< those who run the partner's computers and network
  service,
  unclear,  ///< one of the last two: from here they look the same
};

/// One thing that is not as it should be, and the one thing to do about it. Plain sentences,
/// without anything of the file.
struct Finding {
  Whose whose = Whose::partner;
  std::string what;
  std::string remedy;
  bool operator==(const Finding&) const = default;
};

enum class Outcome {
  done,
  remark,     ///< done, and something about it should be known
  trouble,    ///< no file gets through until it is mended
  not_tried,  ///< something before it failed, or there is nothing to try
};

/// What came of a step.
struct Told {
  Outcome outcome = Outcome::done;
  std::string seen;  ///< one sentence; empty where findings say all
  std::vector<Finding> findings;
};
[[nodiscard]] Told done(std::string seen);
[[nodiscard]] Told remark(std::string seen, std::vector<Finding> findings = {});
[[nodiscard]] Told trouble(Finding finding, std::string seen = {});
[[nodiscard]] Told troubles(std::vector<Finding> findings);
[[nodiscard]] Told not_tried(std::string why);

struct Step {
  std::string name;     ///< "Certificate"
  std::string tried;    ///< what is done in it, and why, for who never heard of it
  bool access = false;  ///< it is about reaching the service, or about being let in
  Told told;
  bool waits = false;  ///< not tried, as an earlier one is in trouble
};

/// What the people of a service need to find the upload: {"Upload", its id}.
using Fact = std::pair<std::string, std::string>;

/// Whose service it is, in words for a partner.
struct About {
  std::string service;  ///< "the DEX Upload API of CDC"
  std::string people;   ///< who runs it: "your contact in CDC's DEX Upload API team"
  std::string next;     ///< what comes when all is well, a sentence
};

struct Walk {
  About about;
  std::string url;
  std::string id;       ///< its requests carry it in their User-Agent
  std::string version;  ///< of this tool
  std::chrono::system_clock::time_point started;
  Milliseconds duration{0};
  std::vector<Step> steps;
  std::vector<Fact> facts;
  std::string left;  ///< what stays at the service, a sentence; empty: nothing
};

[[nodiscard]] bool ready(const Walk& walk);
/// 0 ready; 3 where the service was not reached or let nobody in; else 1.
[[nodiscard]] ExitCode exit_code(const Walk& walk);
/// The findings of steps in trouble, in their order.
[[nodiscard]] std::vector<Finding> to_do(const Walk& walk);
/// "On your side", "In your network", ....
[[nodiscard]] std::string_view told(Whose whose);
/// "NOT READY: 2 things to do", "READY".
[[nodiscard]] std::string verdict_line(const Walk& walk);
/// Every text without `secrets` and without what steers a terminal.
[[nodiscard]] Walk masked(Walk walk, const redact::Secrets& secrets);
[[nodiscard]] Step masked(Step step, const redact::Secrets& secrets);

// ---- words

/// "1 byte", "12,345 bytes".
[[nodiscard]] std::string bytes_told(std::uint64_t count);
/// A text of a stranger or of a file, as one line in quotation marks. Of a text longer than 200
/// characters only the length is told.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// "a, b or c"; at most the first twelve.
[[nodiscard]] std::string either(const std::vector<std::string>& values);

}  // namespace conformance::onboard
