// What rules can name of an upload of tus, beside its metadata.
#pragma once

#include <string_view>

#include "system/attribute_names.hpp"

namespace mock {

/// protocol.md, Concatenation.
inline constexpr std::string_view tus_kinds[]{"normal", "partial", "final"};
inline constexpr AttributeName tus_attribute_names[]{{"kind", tus_kinds}};

}  // namespace mock
