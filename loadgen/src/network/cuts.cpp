#include "network/cuts.hpp"

#include <algorithm>
#include <cmath>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

using Kind = transport::Cut::Kind;

/// Mean bytes from one cut by length to the next, from `cut_every` and `cuts_per_hour`.
double mean_length(const Network& network) {
  double a_byte = 0;
  if (network.cut_every) a_byte += 1 / static_cast<double>(network.cut_every->value);
  if (network.cuts_per_hour > 0) {
    a_byte += network.cuts_per_hour / (3600 * network.mean_upload_rate());
  }
  return a_byte > 0 ? 1 / a_byte : 0;
}

}  // namespace

std::string_view to_string(Loses what) {
  switch (what) {
    case Loses::body:
      return "body";
    case Loses::answer:
      return "answer";
    case Loses::zombie:
      return "zombie";
    case Loses::process:
      return "process";
    case Loses::question:
      return "question";
  }
  return "";
}

CutPlan::CutPlan(const Network& network, std::uint64_t seed, std::uint64_t upload, Bytes size)
    : probability_(network.cut_probability),
      silent_share_(network.silent_share),
      every_(mean_length(network)),
      answer_share_(network.lost_answer_share),
      zombie_share_(network.zombie_share),
      restart_share_(network.restart_share),
      seed_(seed),
      upload_(upload),
      size_(size) {
  draw();
}

double CutPlan::ask(std::uint64_t question) const {
  return unit(hash_for(Purpose::cut, {seed_, upload_, ordinal_, question}));
}

std::optional<std::uint64_t> CutPlan::drawn_evenly() const {
  if (probability_ <= 0 || ask(0) >= probability_) return std::nullopt;
  const auto left = static_cast<double>(size_.value - position_.value);
  const auto step = static_cast<std::uint64_t>(ask(1) * left);
  return std::min(position_.value + step, size_.value - 1);
}

std::optional<std::uint64_t> CutPlan::drawn_by_length() const {
  if (every_ <= 0) return std::nullopt;
  const double step = -std::log1p(-ask(3)) * every_;
  if (step >= static_cast<double>(size_.value - position_.value)) return std::nullopt;
  return position_.value + static_cast<std::uint64_t>(step);
}

void CutPlan::draw() {
  next_.reset();
  if (size_.value == 0) return;
  auto at = drawn_evenly();
  if (const auto by_length = drawn_by_length()) at = at ? std::min(*at, *by_length) : *by_length;
  if (!at) return;
  PlannedCut cut;
  cut.at = Bytes{*at};
  cut.kind = ask(2) < silent_share_ ? Kind::silent : Kind::reset;
  if (answer_share_ + zombie_share_ + restart_share_ > 0) {
    double worse = ask(4);
    const auto is = [&worse](double share) { return (worse -= share) < 0; };
    cut.loses = is(answer_share_)    ? Loses::answer
                : is(zombie_share_)  ? Loses::zombie
                : is(restart_share_) ? Loses::process
                                     : Loses::body;
    // The system closes what a process leaves behind.
    if (cut.loses == Loses::process) cut.kind = Kind::reset;
  }
  next_ = cut;
}

void CutPlan::advance() {
  if (!next_) return;
  position_ = next_->at;
  ++ordinal_;
  draw();
}

QuestionPlan::QuestionPlan(const Network& network, std::uint64_t seed, std::uint64_t upload)
    : probability_(network.question_cut_probability),
      silent_share_(network.silent_share),
      answer_share_(network.lost_answer_share),
      seed_(seed),
      upload_(upload) {}

double QuestionPlan::ask(std::uint64_t method, const Streak& streak, std::uint64_t question) const {
  return unit(hash_for(Purpose::question_cut,
                       {seed_, upload_, method, streak.occasion, streak.lost, question}));
}

std::optional<PlannedCut> QuestionPlan::next(std::uint64_t method, const Streak& streak) const {
  if (streak.through || ask(method, streak, 0) >= probability_) return std::nullopt;
  const Kind kind = ask(method, streak, 1) < silent_share_ ? Kind::silent : Kind::reset;
  return PlannedCut{Bytes{0}, kind, Loses::question};
}

bool QuestionPlan::was_served(std::uint64_t method, const Streak& streak) const {
  return ask(method, streak, 2) < answer_share_;
}

std::uint64_t fingerprint(std::uint64_t upload, std::uint64_t ordinal, const PlannedCut& cut) {
  const auto kind = static_cast<std::uint64_t>(cut.kind);
  if (cut.loses == Loses::body) return hash_of({upload, ordinal, cut.at.value, kind});
  return hash_of({upload, ordinal, cut.at.value, kind, static_cast<std::uint64_t>(cut.loses)});
}

}  // namespace loadgen
