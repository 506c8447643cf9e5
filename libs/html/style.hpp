// How every page looks.
#pragma once

#include <string_view>

namespace html {

/// CSS with two themes, light and dark, as the reader prefers. The contrast to the ground is at
/// least 4.5 for text and 3 for lines of plots (WCAG 2.1, 1.4.3 and 1.4.11). The series of plots
/// are .s1 to .s6, which differ by dashes as well.
extern const std::string_view style_sheet;

}  // namespace html
