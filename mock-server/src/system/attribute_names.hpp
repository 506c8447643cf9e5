// What a system calls the attributes of its uploads, for rules that name them before there is one.
#pragma once

#include <span>
#include <string_view>

namespace mock {

/// As Attributes::find has it. The texts are never destroyed.
struct AttributeName {
  std::string_view name;
  /// All that it can be; empty: any text.
  std::span<const std::string_view> values = {};
};

}  // namespace mock
