// API keys and project tokens: secrets that are written down on both sides, and how clients present
// them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "auth/gate.hpp"
#include "http/message.hpp"

namespace mock {

/// A way to present a key. A value.
struct KeyWay {
  enum class Kind {
    bearer,      ///< `Authorization: Bearer KEY` (RFC 6750 section 2.1)
    basic_user,  ///< `Authorization: Basic`, the key as user without a password (RFC 7617 section
                 ///< 2)
    field,       ///< a header field of its own
    query,       ///< a parameter of the query (RFC 6750 section 2.3)
  };
  Kind kind = Kind::bearer;
  std::string_view name = {};  ///< of the field or the parameter; never destroyed
};

/// Why a request is refused.
enum class KeyFlaw {
  absent,     ///< it presents nothing in any of the ways
  empty,      ///< "Bearer" alone, an empty field
  malformed,  ///< several keys in one way, several words, no Base64, a password beside the key
  unknown,    ///< a key that nobody has
};

struct KeyGateOptions {
  /// The first in which a request presents anything counts, good or bad; the others are not read.
  std::vector<KeyWay> ways;
  std::vector<std::string> keys;  ///< that pass
  /// In the words of the system, with the WWW-Authenticate field that a 401 needs (RFC 9110
  /// section 15.5.2).
  std::function<Reply(KeyFlaw flaw)> refusal;
};

/// Lets keys through, and preflights. Loop thread only.
class KeyGate final : public Gate {
 public:
  explicit KeyGate(KeyGateOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::optional<Reply> check(const Request& request) const override;
  /// The key that lets a request through: for handlers that tell clients apart by their keys.
  [[nodiscard]] tl::expected<std::string, KeyFlaw> key_of(const Request& request) const;

 private:
  [[nodiscard]] bool passes(std::string_view key) const;

  KeyGateOptions options_;
};

}  // namespace mock
