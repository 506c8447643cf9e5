// How every page looks.
#pragma once

#include <string_view>

namespace html {

/// CSS. Two themes, by what the reader prefers; each pair of colours of text and ground has a
/// contrast of 4.5 at least, of lines of plots 3 (WCAG 2.1, 1.4.3 and 1.4.11). Of plots: series are
/// .s1 to .s6, which differ by dashes as well.
extern const std::string_view style_sheet;

}  // namespace html
