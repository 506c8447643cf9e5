// What clients of tus do each in its own way.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "settings/own.hpp"
#include "transport/load_engine.hpp"
#include "upload/options.hpp"

namespace loadgen {

/// How a partner's software does what tus leaves to it. A value: whoever has several partners can
/// give each his own. As it stands, it does what tus-js-client does, with more patience: a 429 is
/// waited for, and a HEAD that fails is asked again.
struct TusHabits {
  /// When a server is told how long a file is.
  enum class Length {
    creation,  ///< with the creation
    last,      ///< creation-defer-length: in Upload-Length of the last PATCH
    /// The same, and each PATCH says in the IETF draft's Upload-Complete whether it is the last:
    /// tus-js-client's "ietf-draft-03", as CDC's upload page has it.
    draft,
    end,  ///< never; the last PATCH says Upload-Complete: ?1
  };
  /// Which answer to a creation has made an upload; all want a Location.
  enum class Creation { success, created, any };
  /// Which answer to HEAD sends a client back to a creation.
  enum class Anew {
    client_error,    ///< 4xx, but for 423 and 429
    all_but_locked,  ///< whatever is no success, but for 423
    never,
  };

  Length length = Length::creation;
  /// A length that is told late is told again after a cut, though the server has said that it knows
  /// it, and refuses that: such a client is at its end.
  bool length_again = false;
  bool with_creation = false;    ///< the first bytes come with the creation
  unsigned parts = 1;            ///< more than one, in turn, are concatenated in the end
  std::string checksum;          ///< of each PATCH, by tus's name; empty: none
  bool chunked = false;          ///< bodies come in HTTP's chunks, their length untold
  bool two_writers = false;      ///< each PATCH is sent twice at the same time, by two connections
  bool asks_first = false;       ///< HEAD before the first PATCH
  http::Fields creation_fields;  ///< further ones
  http::Fields upload_fields;    ///< ... of HEAD and PATCH

  Creation creation = Creation::success;
  bool creates_again = true;  ///< after a creation that failed
  Anew anew = Anew::client_error;
  bool any_status_again = false;      ///< a PATCH is tried again whatever its status was
  bool heeds_retry_after = true;      ///< and waits for a 429 as long as it takes
  std::vector<Milliseconds> limited;  ///< not heeding it: how long after each 429, beside the retry

  // In place of what UploadOptions have by themselves.
  Bytes chunk;
  std::optional<std::vector<Milliseconds>> retry_delays;

  /// Whether this answer to a creation has made an upload.
  [[nodiscard]] bool creates(const transport::LoadOutcome& outcome) const;
  /// Whether this status of a HEAD sends a client back to a creation.
  [[nodiscard]] bool makes_anew(int status) const;
  /// Whether a request with this status, 0 without an answer, is tried again, `had` times after a
  /// 429 before.
  [[nodiscard]] bool may_help(int status, std::size_t had) const;
  bool operator==(const TusHabits&) const = default;
};

/// --client and, one by one, what it stands for.
[[nodiscard]] std::vector<settings::OwnSetting> habit_settings();
/// An Error names the flag.
[[nodiscard]] Result<TusHabits> habits_of(const settings::OwnSettings& own);
/// `options` with what `habits` have in place of it, unless that was given.
[[nodiscard]] UploadOptions with_habits(UploadOptions options, const TusHabits& habits);

}  // namespace loadgen
