#include "html/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "html/page.hpp"

namespace html {
namespace {

constexpr double width = 1060, height = 284, left = 62, right = 12, top = 54, bottom = 30;
constexpr double letter = 6.6;  ///< about the width of one

std::string n(double value) { return fmt::format("{:.6g}", std::round(value * 10) / 10); }

Markup svg_text(double x, double y, const char* anchor, const std::string& text,
                const char* look = "soft") {
  return tag("text", {{"x", n(x)}, {"y", n(y)}, {"text-anchor", anchor}, {"class", look}}, text);
}

Markup line(double x1, double y1, double x2, double y2, const char* look) {
  return leaf("line",
              {{"x1", n(x1)}, {"y1", n(y1)}, {"x2", n(x2)}, {"y2", n(y2)}, {"class", look}});
}

/// Seconds between ticks: a step that suits a clock.
double time_step(double range) {
  for (const double step : {0.1, 0.2, 0.5, 1., 2., 5., 10., 15., 30., 60., 120., 300., 600., 900.,
                            1800., 3600., 7200., 14400.}) {
    if (range / step <= 12) return step;
  }
  return 21600;
}

class Drawing {
 public:
  explicit Drawing(const TimePlot& plot) : plot_(plot) {
    end_ = plot.at.empty() ? 1 : std::max(plot.at.back(), 1e-3);
    for (const Series& series : plot.series) {
      for (const double value : series.values) {
        if (std::isfinite(value)) most_ = std::max(most_, value);
      }
    }
    step_ = nice_step(most_ > 0 ? most_ : 1, 5);
    most_ = std::max(step_, std::ceil(most_ / step_) * step_);
  }

  Markup svg() const {
    const std::string title = plot_.id + "-title";
    const std::string text = plot_.id + "-text";
    Markup inside = tag("title", {{"id", title}}, plot_.title) +
                    tag("desc", {{"id", text}}, plot_.description) + bands() + axes() + marks();
    for (std::size_t i = 0; i < plot_.series.size(); ++i) {
      inside += leaf("path",
                     {{"class", fmt::format("line s{}", i % 6 + 1)}, {"d", path(plot_.series[i])}});
    }
    return tag("svg",
               {{"viewBox", fmt::format("0 0 {} {}", width, height)},
                {"role", "img"},
                {"aria-labelledby", title + " " + text}},
               inside);
  }

 private:
  [[nodiscard]] double x(double at) const {
    return left + std::clamp(at / end_, 0., 1.) * (width - left - right);
  }
  [[nodiscard]] double y(double value) const {
    return height - bottom - std::clamp(value / most_, 0., 1.) * (height - top - bottom);
  }

  [[nodiscard]] Markup bands() const {
    Markup all;
    for (const Mark& mark : plot_.marks) {
      if (mark.to <= mark.from) continue;
      const double from = x(mark.from);
      const double wide = std::max(2., x(mark.to) - from);
      all += tag("rect",
                 {{"class", "band"},
                  {"x", n(from)},
                  {"y", n(top - 16)},
                  {"width", n(wide)},
                  {"height", n(height - top - bottom + 16)}},
                 tag("title", mark.text));
      all += line(from, top - 16, from, height - bottom, "mark") +
             line(from + wide, top - 16, from + wide, height - bottom, "mark");
    }
    return all;
  }

  /// The names of all marks, where there is room, and the lines of moments.
  [[nodiscard]] Markup marks() const {
    Markup all;
    std::array<double, 2> free{left, left};  // of the row of moments, of that of stretches
    for (const Mark& mark : plot_.marks) {
      const bool stretch = mark.to > mark.from;
      const double from = x(mark.from);
      if (!stretch) all += line(from, top - 32, from, height - bottom, "edge");
      double& row = free.at(stretch ? 1 : 0);
      const double needed = static_cast<double>(mark.text.size()) * letter + 8;
      if (from < row - 1 || from + needed > width) continue;
      all += svg_text(from + 4, stretch ? top - 4 : top - 22, "start", mark.text,
                      stretch ? "" : "soft");
      row = from + needed;
    }
    return all;
  }

  [[nodiscard]] Markup axes() const {
    Markup all;
    for (double value = 0; value <= most_ * 1.0001; value += step_) {
      all += line(left, y(value), width - right, y(value), "grid");
      all += svg_text(left - 8, y(value) + 4, "end", number_text(value));
    }
    all += svg_text(4, 12, "start", plot_.unit);
    const double step = time_step(end_);
    for (double at = 0; at <= end_ * 1.0001; at += step) {
      all += line(x(at), height - bottom, x(at), height - bottom + 4, "grid");
      const std::string text = time_text(at);
      const bool fits = x(at) + static_cast<double>(text.size()) * letter / 2 <= width;
      all += svg_text(fits ? x(at) : width, height - bottom + 18, fits ? "middle" : "end", text);
    }
    return all;
  }

  [[nodiscard]] std::string path(const Series& series) const {
    std::string d;
    bool drawing = false;
    for (std::size_t i = 0; i < std::min(series.values.size(), plot_.at.size()); ++i) {
      const double value = series.values[i];
      if (!std::isfinite(value)) {
        drawing = false;
        continue;
      }
      const bool alone =
          !drawing && (i + 1 == series.values.size() || !std::isfinite(series.values[i + 1]));
      d += fmt::format("{}{} {}", drawing ? "L" : "M", n(x(plot_.at[i])), n(y(value)));
      // A point between two gaps has no length, and would not be seen.
      if (alone) d += "h1";
      drawing = true;
    }
    return d;
  }

  const TimePlot& plot_;
  double end_ = 1, most_ = 0, step_ = 1;
};

Markup key_of(const TimePlot& plot) {
  if (plot.series.size() < 2) return {};
  Markup all;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Markup sample =
        tag("svg", {{"viewBox", "0 0 34 12"}, {"aria-hidden", "true"}},
            leaf("path", {{"class", fmt::format("line s{}", i % 6 + 1)}, {"d", "M1 6H33"}}));
    all += tag("li", sample + plot.series[i].name);
  }
  return tag("ul", {{"class", "key"}}, all);
}

Markup figures_of(const TimePlot& plot) {
  Table figures{plot.title, {{"time", Align::number}}, {}};
  for (const Series& series : plot.series) {
    const std::string unit = plot.unit.empty() ? "" : ", " + plot.unit;
    figures.columns.push_back({series.name + unit, Align::number});
  }
  for (std::size_t i = 0; i < plot.at.size(); ++i) {
    std::vector<Markup> row{time_text(plot.at[i])};
    for (const Series& series : plot.series) {
      const bool known = i < series.values.size() && std::isfinite(series.values[i]);
      row.emplace_back(known ? number_text(series.values[i]) : "-");
    }
    figures.rows.push_back(std::move(row));
  }
  return fold("The figures of \"" + plot.title + "\"", table(figures));
}

}  // namespace

Markup plot(const TimePlot& plot) {
  const Markup caption =
      tag("figcaption", Markup(plot.title) + tag("p", {{"class", "soft"}}, plot.description));
  const Markup drawn =
      tag("div",
          {{"class", "scroll"}, {"role", "group"}, {"aria-label", plot.title}, {"tabindex", "0"}},
          tag("div", {{"class", "wide"}}, Drawing(plot).svg()));
  return tag("figure", caption + key_of(plot) + drawn) + figures_of(plot);
}

Markup bar(double share) {
  const double wide = std::clamp(share, 0., 1.) * 160;
  return tag("svg", {{"viewBox", "0 0 160 12"}, {"class", "bar"}, {"aria-hidden", "true"}},
             leaf("rect", {{"class", "fwait"}, {"width", "160"}, {"height", "12"}}) +
                 leaf("rect", {{"class", "f1"}, {"width", n(wide)}, {"height", "12"}}));
}

Markup span(double middle, double high, double end) {
  const auto at = [](double share) { return std::clamp(share, 0., 1.) * 196 + 2; };
  return tag("svg", {{"viewBox", "0 0 200 12"}, {"class", "bar"}, {"aria-hidden", "true"}},
             line(2, 6, at(end), 6, "grid") +
                 leaf("rect", {{"class", "f1"},
                               {"x", n(at(middle))},
                               {"y", "3"},
                               {"width", n(std::max(1., at(high) - at(middle)))},
                               {"height", "6"}}) +
                 line(at(middle), 0, at(middle), 12, "tick") +
                 line(at(end), 2, at(end), 10, "tick"));
}

std::string time_text(double seconds) {
  if (seconds < 180) return fmt::format("{} s", number_text(seconds));
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

std::string number_text(double value) {
  if (value != 0 && std::abs(value) < 1e-3) return fmt::format("{:.2g}", value);
  if (std::abs(value) >= 999.5) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

double nice_step(double range, int steps) {
  const double raw = range / steps;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1., 2., 5.}) {
    if (raw <= factor * power * 1.0001) return factor * power;
  }
  return 10 * power;
}

}  // namespace html
