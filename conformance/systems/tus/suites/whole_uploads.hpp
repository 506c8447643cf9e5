// Uploads of which every byte is compared: what sizes, time, repetition and the like share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tus/vocabulary.hpp"

namespace conformance::suites {

/// How a body says where it ends.
enum class Framing { length, chunked };

/// Sends `bytes` from `offset` on in PATCHes of these sizes in turn; what a server leaves of one
/// goes along with the next. nullopt: all of them are acknowledged; otherwise what came instead,
/// "4097 bytes at 4096: 500 Internal Server Error".
[[nodiscard]] std::optional<std::string> append(Context& c, const std::string& upload,
                                                std::size_t offset, const std::string& bytes,
                                                const std::vector<std::size_t>& pieces,
                                                Framing framing = Framing::length);

/// Waits so long, for rules about what time changes.
void pause(Context& c, Milliseconds how_long);

/// Ends the check as skipped where uploads do not live as long as it takes.
void needs_lasting_uploads(Context& c);

/// Whether a check that could go on and on has the time for more, on a line that is slow.
[[nodiscard]] bool time_for_more(Context& c, Milliseconds for_the_rest = Milliseconds{25'000});

/// Findings about uploads whose bytes were all acknowledged.
class Kept {
 public:
  /// Ends the check as skipped where uploads do not live as long as it may take.
  Kept(Context& c, std::string rule);

  /// HEAD of a whole upload tells its length as offset, and the stored bytes are these: a MUST.
  Kept& look(const std::string& label, const std::string& upload, const std::string& bytes);
  /// As Findings; `must` is about what was acknowledged, whatever the row's level.
  Kept& check(bool ok, std::string seen);
  Kept& must(bool ok, std::string seen);
  Kept& note(std::string seen);
  [[nodiscard]] bool broken() const { return broken_; }
  /// Skipped when all was well as far as it could be seen, and no bytes could be.
  [[nodiscard]] Outcome outcome() const;

 private:
  Context& c_;
  Findings findings_;
  bool broken_ = false;
  std::size_t compared_ = 0;
  std::size_t unseen_ = 0;
};

}  // namespace conformance::suites
