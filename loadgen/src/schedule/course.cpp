#include "schedule/course.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loadgen {
namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

Duration duration(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

double slope(const Stretch& stretch, double length) {
  return stretch.from == stretch.to ? 0 : (stretch.to - stretch.from) / length;
}

}  // namespace

Course::Course(const std::vector<Stretch>& stretches) {
  double begin = 0;
  double before = 0;
  Duration end{0};
  bool endless = false;
  for (const Stretch& stretch : stretches) {
    endless = !stretch.length;
    const double length =
        endless ? std::numeric_limits<double>::infinity() : seconds(*stretch.length);
    pieces_.push_back({stretch, begin, length, before});
    begin += length;
    if (endless) break;
    before += length * (stretch.from + stretch.to) / 2;
    end += *stretch.length;
  }
  if (!endless) end_ = end;
}

double Course::level(Duration at) const {
  if (end_ && at >= *end_) return 0;
  const double t = seconds(at);
  for (const Piece& piece : pieces_) {
    if (t >= piece.begin + piece.length) continue;
    return piece.stretch.from + slope(piece.stretch, piece.length) * (t - piece.begin);
  }
  return 0;
}

double Course::peak() const {
  double most = 0;
  for (const Piece& piece : pieces_) most = std::max({most, piece.stretch.from, piece.stretch.to});
  return most;
}

std::optional<Duration> Course::reaches(double sum) const {
  for (const Piece& piece : pieces_) {
    const double more = sum - piece.before;
    if (more < 0) continue;
    const double s = slope(piece.stretch, piece.length);
    if (more == 0 && (piece.stretch.from > 0 || s > 0)) return duration(piece.begin);
    // More than the level adds up to before it has sunk to 0.
    const double square = piece.stretch.from * piece.stretch.from + 2 * s * more;
    if (square < 0) continue;
    const double sought = piece.stretch.from + std::sqrt(square);
    if (sought <= 0) continue;
    const double t = 2 * more / sought;
    if (t < piece.length) return duration(piece.begin + t);
  }
  return std::nullopt;
}

double Course::sum(Duration at) const {
  const double t = seconds(at);
  double sum = 0;
  for (const Piece& piece : pieces_) {
    if (t <= piece.begin) break;
    const double in = std::min(t - piece.begin, piece.length);
    sum = piece.before + in * (piece.stretch.from + slope(piece.stretch, piece.length) * in / 2);
  }
  return sum;
}

std::optional<Duration> Course::rises_to(double least, Duration from) const {
  const double t = seconds(from);
  for (const Piece& piece : pieces_) {
    if (t >= piece.begin + piece.length) continue;
    const double in = std::max(t - piece.begin, 0.0);
    const double s = slope(piece.stretch, piece.length);
    if (piece.stretch.from + s * in >= least) return std::max(from, duration(piece.begin + in));
    if (s <= 0) continue;
    const double when = (least - piece.stretch.from) / s;
    if (when < piece.length) return std::max(from, duration(piece.begin + when));
  }
  return std::nullopt;
}

}  // namespace loadgen
