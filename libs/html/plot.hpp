// Plots as SVG, with a text for those who do not see them and all their figures in a folded table.
#pragma once

#include <string>
#include <vector>

#include "html/markup.hpp"

namespace html {

/// Told apart by dashes as well as by colour.
struct Series {
  std::string name;
  std::vector<double> values;  ///< one for each of TimePlot::at; what is not finite leaves a gap
};

/// A moment, or a stretch of time, with a name.
struct Mark {
  double from = 0, to = 0;  ///< seconds; `to` is more: a stretch, which is shaded
  std::string text;
};

/// Figures over time. At most six series, and a few hundred points: who has more sums them up.
struct TimePlot {
  std::string id;           ///< no two on a page are the same
  std::string title;        ///< of the figure
  std::string description;  ///< what is to be seen
  std::string unit;         ///< of all series, as "MiB/s"; may be empty
  std::vector<double> at;   ///< seconds, ascending
  std::vector<Series> series;
  std::vector<Mark> marks;
};
[[nodiscard]] Markup plot(const TimePlot& plot);

/// A share from 0 to 1 as a bar; the number stands beside it.
[[nodiscard]] Markup bar(double share);

/// From a middle to an end, on an axis from 0 to 1: median and percentiles, say. The numbers stand
/// beside it.
[[nodiscard]] Markup span(double middle, double high, double end);

/// "12 s", "3:20 min", "2:05 h".
[[nodiscard]] std::string time_text(double seconds);
/// With three significant digits, and no more than it has: "0.012", "1.5", "12300".
[[nodiscard]] std::string number_text(double value);

/// Of an axis: a step of 1, 2 or 5 times a power of ten, so that about `steps` of it make `range`.
[[nodiscard]] double nice_step(double range, int steps);

}  // namespace html
