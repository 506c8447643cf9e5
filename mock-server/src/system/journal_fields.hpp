// What the journal knows of a system's exchanges.
#pragma once

#include <span>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Header fields in their usual spelling whose values the journal tells, beside those that HTTP
/// itself has (record/recorded_fields.cpp); of others it has the names. None that can hold a
/// credential. The texts are never destroyed.
struct JournalFields {
  /// A field that says where in an upload bytes begin (in a request), or end (in a reply).
  struct Offset {
    std::string_view name = {};  ///< empty: there is none
    Result<Bytes> (*read)(std::string_view value) = nullptr;
  };
  std::span<const std::string_view> request = {};
  std::span<const std::string_view> trailers = {};
  std::span<const std::string_view> reply = {};
  Offset offset = {};
};

}  // namespace mock
