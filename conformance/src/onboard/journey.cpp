#include "onboard/journey.hpp"

namespace conformance::onboard {

std::vector<Step> walk_through(const std::vector<Stage>& stages,
                               const std::function<void(const Step&)>& each) {
  std::vector<Step> steps;
  std::string stopped_by;
  for (const Stage& stage : stages) {
    Step step{stage.name, stage.tried, stage.access, {}, !stopped_by.empty()};
    step.told =
        step.waits ? not_tried("Waits until \"" + stopped_by + "\" is mended.") : stage.go();
    if (step.told.outcome == Outcome::trouble && stage.needed) stopped_by = stage.name;
    each(step);
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace conformance::onboard
