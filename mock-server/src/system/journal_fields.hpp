// What the journal knows of a system's exchanges.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Header fields in their usual spelling whose values the journal keeps, besides those of HTTP
/// itself (record/recorded_fields.cpp); of all others it keeps the names only. None that can hold a
/// credential. The texts are never destroyed.
struct JournalFields {
  /// A field that says where in an upload bytes begin (in a request), or end (in a reply).
  struct Offset {
    std::string_view name = {};  ///< empty: there is none
    Result<Bytes> (*read)(std::string_view value) = nullptr;
  };
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  std::span<const std::string_view> request = {};
  std::span<const std::string_view> trailers = {};
  std::span<const std::string_view> reply = {};
  Offset offset = {};
  /// Adds what a field of a request says of the upload, by key and decoded; nothing when it is
  /// about something else, or faulty. Null: no field does.
  void (*metadata)(std::string_view name, std::string_view value, Metadata& into) = nullptr;
};

}  // namespace mock
