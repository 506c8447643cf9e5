// Plots as SVG, with a text for those who do not see them and all their figures in a folded table.
#pragma once

#include <string>
#include <vector>

#include "html/markup.hpp"

namespace html {

/// Series differ by dashes as well as by colour.
struct Series {
  std::string name;
  std::vector<double> values;  ///< one for each of TimePlot::at; one that is not finite is a gap
};

/// A moment, or a stretch of time, with a name.
struct Mark {
  double from = 0, to = 0;  ///< seconds; if `to` > `from`, it is a stretch, which is shaded
  std::string text;
};

/// Figures over time: at most six series, and a few hundred points. Callers sum up what is more.
struct TimePlot {
  std::string id;           ///< no two on a page are the same
  std::string title;        ///< of the figure
  std::string description;  ///< what the plot shows
  std::string unit;         ///< of all series, as "MiB/s"; may be empty
  std::vector<double> at;   ///< seconds, ascending
  std::vector<Series> series;
  std::vector<Mark> marks;
};
[[nodiscard]] Markup plot(const TimePlot& plot);

/// A share from 0 to 1 as a bar; the number stands beside it.
[[nodiscard]] Markup bar(double share);

/// A bar from `middle` to `high` and a line to `end`, on an axis from 0 to 1: a median and
/// percentiles, say. The numbers stand beside it.
[[nodiscard]] Markup span(double middle, double high, double end);

/// "12 s", "3:20 min", "2:05 h".
[[nodiscard]] std::string time_text(double seconds);
/// Three significant digits at most, but all digits in front of the point: "0.012", "1.5", "12300".
[[nodiscard]] std::string number_text(double value);

/// The step of an axis: 1, 2 or 5 times a power of ten, so that about `steps` of them make `range`.
[[nodiscard]] double nice_step(double range, int steps);

}  // namespace html
