// Which release of the harness this is.
#pragma once

#include <string_view>

/// The project's version as CMakeLists.txt has it, such as "0.1.0". The only unit that knows it is
/// version.cpp, so that another version compiles one unit anew.
[[nodiscard]] std::string_view harness_version();
