#include "network/cuts.hpp"

#include <algorithm>

#include "payload/hash.hpp"

namespace loadgen {

CutPlan::CutPlan(const Network& network, std::uint64_t seed, std::uint64_t upload, Bytes size)
    : probability_(network.cut_probability),
      silent_share_(network.silent_share),
      seed_(seed),
      upload_(upload),
      size_(size) {
  draw();
}

void CutPlan::draw() {
  next_.reset();
  const auto ask = [this](std::uint64_t question) {
    return unit(hash_for(Purpose::cut, {seed_, upload_, ordinal_, question}));
  };
  if (size_.value == 0 || ask(0) >= probability_) return;
  const auto left = static_cast<double>(size_.value - position_.value);
  const auto step = static_cast<std::uint64_t>(ask(1) * left);
  PlannedCut cut;
  cut.at = Bytes{std::min(position_.value + step, size_.value - 1)};
  cut.kind = ask(2) < silent_share_ ? transport::Cut::Kind::silent : transport::Cut::Kind::reset;
  next_ = cut;
}

void CutPlan::advance() {
  if (!next_) return;
  position_ = next_->at;
  ++ordinal_;
  draw();
}

std::uint64_t fingerprint(std::uint64_t upload, std::uint64_t ordinal, const PlannedCut& cut) {
  return hash_of({upload, ordinal, cut.at.value, static_cast<std::uint64_t>(cut.kind)});
}

}  // namespace loadgen
