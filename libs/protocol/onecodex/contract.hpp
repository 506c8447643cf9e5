// Which text a One Codex server is held to.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace onecodex {

/// The public documents ("Starting an upload", "documents/init_upload") and the schema that the
/// service hands out (as recorded in 2019, unchanged in the client's tests of 2025) disagree: the
/// schema demands a size and refuses what it does not name.
enum class Contract { server, guide };

/// How a body breaks the schema: where, and by which keyword, as Flask-Potion tells it.
struct Breach {
  std::vector<std::string> path;  ///< {"metadata", "name"}; of an element its index
  std::string keyword;            ///< "maxLength"; empty: the body is no JSON
  std::string demanded;           ///< what the schema says there, as JSON: "255"
  std::string text;               ///< for people: "metadata.name: longer than 255 characters"
  bool operator==(const Breach&) const = default;
};
template <class T>
using Expected = tl::expected<T, Breach>;

}  // namespace onecodex
