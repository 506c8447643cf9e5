// Which text an Open Humans server is held to.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace openhumans {

/// The public document ("On-site Data Upload") and the deployed server (its source at 6ef9bbc of
/// 2024-12-16) disagree on metadata: the server checks less of it.
enum class Contract { server, guide };

/// Why a field is not taken, in the server's words, or in ours where the document alone refuses it.
struct FieldError {
  std::string text;
  /// The deployed server does not refuse this: it fails, with status 500.
  bool server_fails = false;
  bool operator==(const FieldError&) const = default;
};
template <class T>
using Expected = tl::expected<T, FieldError>;

}  // namespace openhumans
