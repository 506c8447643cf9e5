// Uploads whose every byte is compared, for the areas sizes, over-time, repetition and others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tus/vocabulary.hpp"

namespace conformance::suites {

/// How a body says where it ends.
enum class Framing { length, chunked };

/// Sends `bytes` from `offset` on in PATCHes of these sizes in turn; bytes that a server does not
/// take are sent again by the next one. nullopt: all bytes are acknowledged; otherwise what came
/// instead, "4097 bytes at 4096: 500 Internal Server Error".
[[nodiscard]] std::optional<std::string> append(Context& c, const std::string& upload,
                                                std::size_t offset, const std::string& bytes,
                                                const std::vector<std::size_t>& pieces,
                                                Framing framing = Framing::length);

/// Waits for `how_long`, for rules about what time changes.
void pause(Context& c, Milliseconds how_long);

/// Ends the check as skipped where uploads expire in less than two minutes.
void needs_lasting_uploads(Context& c);

/// Whether a check has time for more work, besides `for_the_rest`; not so on a slow line.
[[nodiscard]] bool time_for_more(Context& c, Milliseconds for_the_rest = Milliseconds{25'000});

/// Findings about uploads whose bytes were all acknowledged.
class Kept {
 public:
  /// Ends the check as skipped as `needs_lasting_uploads` does.
  Kept(Context& c, std::string rule);

  /// Looks at a whole upload: HEAD has to tell its length as offset, and the stored bytes must be
  /// `bytes`. A MUST whatever the row's level.
  Kept& look(const std::string& label, const std::string& upload, const std::string& bytes);
  /// As in Findings; `must` is about bytes that were acknowledged, whatever the row's level.
  Kept& check(bool ok, std::string seen);
  Kept& must(bool ok, std::string seen);
  Kept& note(std::string seen);
  [[nodiscard]] bool broken() const { return broken_; }
  /// Skipped when nothing was broken but the bytes could not be read.
  [[nodiscard]] Outcome outcome() const;

 private:
  Context& c_;
  Findings findings_;
  bool broken_ = false;
  std::size_t compared_ = 0;
  std::size_t unseen_ = 0;
};

}  // namespace conformance::suites
