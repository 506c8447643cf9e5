// What each tus client does in its own way.
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

/// How a partner's software does what tus leaves open. A value: several partners can each have
/// their own. By default it does what tus-js-client does, with more patience: it waits for a 429,
/// and asks again after a HEAD that failed.
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
  /// the length, and refuses to be told again. Such a client fails there.
  bool length_again = false;
  bool with_creation = false;    ///< the first bytes come with the creation
  unsigned parts = 1;            ///< more than one are uploaded in turn, then concatenated
  std::string checksum;          ///< of each PATCH, by tus's name; empty: none
  bool chunked = false;          ///< bodies are sent in HTTP's chunks, without Content-Length
  bool two_writers = false;      ///< each PATCH is sent twice at the same time, by two connections
  bool asks_first = false;       ///< HEAD before the first PATCH
  http::Fields creation_fields;  ///< further ones
  http::Fields upload_fields;    ///< ... of HEAD and PATCH

  Creation creation = Creation::success;
  bool creates_again = true;  ///< after a creation that failed
  Anew anew = Anew::client_error;
  bool any_status_again = false;      ///< a PATCH is tried again whatever its status was
  bool heeds_retry_after = true;      ///< and waits for a 429 as long as it takes
  std::vector<Milliseconds> limited;  ///< where it is not heeded: delays after each 429

  // In place of what UploadOptions have by themselves.
  Bytes chunk;
  std::optional<std::vector<Milliseconds>> retry_delays;

  /// Whether this answer to a creation has made an upload.
  [[nodiscard]] bool creates(const transport::LoadOutcome& outcome) const;
  /// Whether this status of a HEAD sends a client back to a creation.
  [[nodiscard]] bool makes_anew(int status) const;
  /// Whether a request with this status (0: no answer) is tried again after `had` earlier 429s.
  [[nodiscard]] bool may_help(int status, std::size_t had) const;
  bool operator==(const TusHabits&) const = default;
};

/// --client, and a setting for each thing that it stands for.
[[nodiscard]] std::vector<settings::OwnSetting> habit_settings();
/// An Error names the flag.
[[nodiscard]] Result<TusHabits> habits_of(const settings::OwnSettings& own);
/// `options` with the values that `habits` have for them, unless they were given.
[[nodiscard]] UploadOptions with_habits(UploadOptions options, const TusHabits& habits);

}  // namespace loadgen
