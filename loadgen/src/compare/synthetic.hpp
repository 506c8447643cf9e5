// For tests: runs of a closed loop against a server whose speed wanders, as servers' do.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "compare/recorded.hpp"

namespace loadgen {

struct SyntheticLoad {
  std::uint64_t seed = 1;  ///< of what happens, not of the scenario
  double seconds = 120;
  double slower = 1;         ///< so many times the time that the server takes
  double correlation = 0.6;  ///< from one second to the next: AR(1)
  double wander = 0.03;      ///< of the speed, its standard deviation
  std::size_t clients = 4;
  double failing = 0;  ///< the part of uploads that fail
};

inline Recorded synthetic(const SyntheticLoad& load) {
  std::mt19937_64 random(load.seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<double> speed;
  double at = normal(random);
  for (std::size_t i = 0; i < static_cast<std::size_t>(load.seconds) + 1; ++i) {
    speed.push_back(at);
    at =
        load.correlation * at + std::sqrt(1 - load.correlation * load.correlation) * normal(random);
  }
  Recorded run;
  run.folder = "synthetic";
  run.version = "0.1.0";
  run.verdict = "good";
  run.system = "tus";
  run.seed = 1;
  run.scenario = {{"system", "tus"}, {"rate_per_s", "0"}};
  constexpr double size = 1U << 20U;
  for (std::size_t client = 0; client < load.clients; ++client) {
    for (double now = 0.5 * uniform(random); now < load.seconds;) {
      RecordedUpload upload;
      upload.due = upload.started = now;
      const double here = load.wander * speed[static_cast<std::size_t>(now)];
      now += 0.5 * load.slower * std::exp(here + 0.1 * normal(random));
      upload.ended = now;
      upload.good = uniform(random) >= load.failing;
      if (upload.good) upload.uploaded = now;
      upload.sent = size;
      upload.acknowledged = upload.good ? size : 0;
      run.uploads.push_back(upload);
    }
  }
  std::ranges::sort(run.uploads, {}, &RecordedUpload::started);
  run.begin = run.uploads.front().started;
  for (std::size_t i = 0; i < run.uploads.size(); ++i) {
    RecordedUpload& upload = run.uploads[i];
    upload.index = i;
    run.end = std::max(run.end, *upload.ended);
    const auto second = static_cast<std::size_t>(*upload.ended);
    if (run.acknowledged.size() <= second) run.acknowledged.resize(second + 1);
    run.acknowledged[second] += upload.acknowledged;
  }
  run.summary["uploads"] = static_cast<double>(run.uploads.size());
  return run;
}

}  // namespace loadgen
