// What a system has the journal keep of its exchanges.
#pragma once

#include <span>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace mock {

/// Header fields in their usual spelling, beside those that HTTP itself has and the journal keeps
/// anyway (record/recorded_fields.cpp). None that can hold a credential. The texts are never
/// destroyed.
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
