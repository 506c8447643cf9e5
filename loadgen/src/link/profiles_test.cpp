// The built-in networks, held to what they claim in simulated time.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "link/partner_line.hpp"
#include "link/path.hpp"
#include "link/simulated_engine.hpp"

namespace loadgen {
namespace {

using transport::LoadTime;

/// What the file of a network says, in other words: written down by hand.
struct Claim {
  const char* network;
  double kilobits;       ///< per second, up
  double round_trip;     ///< ms
  double jitter;         ///< ms
  double loss;           ///< of segments, on average
  double cuts_per_hour;  ///< of sending
  double round_trips_of_a_connection;
};
std::ostream& operator<<(std::ostream& to, const Claim& claim) { return to << claim.network; }

const Claim claims[] = {{"fibre", 100'000, 10, 2, 0, 0.05, 2},
                        {"cable", 10'000, 28, 5, 0.0002, 0.1, 2},
                        {"dsl", 1000, 50, 5, 0.001, 0.2, 2},
                        {"rural-dsl", 1000, 60, 15, 0.005, 0, 2},
                        {"lte", 5000, 60, 20, 0.002, 2, 2},
                        {"3g", 768, 300, 100, 0.005, 4, 2},
                        {"edge", 200, 840, 150, 0.01, 6, 2},
                        {"2g-rural", 18, 1300, 200, 0.02, 6, 2},
                        {"satellite-geo", 2500, 620, 30, 0.002, 0.5, 2},
                        {"satellite-leo", 10'000, 50, 10, 0.0081, 1, 2},
                        {"hospital-vpn", 20'000, 40, 10, 0.0002, 0.5, 3},
                        {"lossy-wifi", 15'000, 5, 5, 0.02, 4, 2},
                        {"airplane", 500, 650, 100, 0.01, 6, 2}};

class Profile : public testing::TestWithParam<Claim> {
 protected:
  /// Without what ends connections, so that only rate and times are left.
  static Network without_ends(Network network) {
    network.cut_probability = network.cuts_per_hour = network.question_cut_probability = 0;
    network.portal.reset();
    network.proxy.reset();
    return network;
  }

  const Claim& claim = GetParam();
  const Network network = *load_network(claim.network);
};

TEST_P(Profile, SaysWhereItsFiguresAreFrom) {
  EXPECT_FALSE(network.assumptions.empty());
  if (claim.network != std::string("hospital-vpn")) {
    EXPECT_FALSE(network.sources.empty());
  }
}

TEST_P(Profile, SendsAtItsRate) {
  FakeTransport loop([](const LoadRequest&) { return answer(204); });
  SimulatedEngine engine(loop);
  Network steady = without_ends(network);
  steady.outages.reset();  // they have a test of their own
  const double rate = claim.kilobits * 125;
  const Bytes size{static_cast<std::uint64_t>(rate * 1800)};
  const PartnerLine line(engine, steady, 1, 1);
  LoadRequest body;
  body.source_size = size;
  body.source = [](Bytes, std::span<std::byte> into) { return into.size(); };
  double seconds = 0;
  line.top().send(std::move(body), [&](const LoadOutcome& outcome) {
    ASSERT_TRUE(outcome.response);
    seconds = std::chrono::duration<double>(loop.now() - LoadTime{}).count();
  });
  loop.run();
  const double achieved = static_cast<double>(size.value) / seconds;
  // Less than the rate of the line, because of bursts and the timeouts they cause; never more.
  EXPECT_LE(achieved, rate * 1.001);
  EXPECT_GE(achieved, rate * 0.85);
  EXPECT_NEAR(achieved / steady.mean_upload_rate(), 1, 0.1) << "which cuts by time are counted by";
  RecordProperty("kbit/s", static_cast<int>(achieved / 125));
}

TEST_P(Profile, TakesItsRoundTrip) {
  FakeTransport loop([](const LoadRequest&) { return answer(204); });
  loop.round_trip = Milliseconds{0};
  Network quiet = without_ends(network);
  quiet.outages.reset();
  const PartnerLine line(loop, quiet, 1, 1);
  std::vector<double> times;
  for (int i = 0; i < 1000; ++i) {
    const LoadTime begin = loop.now();
    line.top().send({}, [&](const LoadOutcome&) {
      times.push_back(std::chrono::duration<double, std::milli>(loop.now() - begin).count());
    });
    loop.run();
  }
  EXPECT_NEAR(times.at(0), claim.round_trip * (1 + claim.round_trips_of_a_connection),
              claim.jitter + 10);
  double sum = 0;
  times.erase(times.begin());
  for (const double time : times) sum += time;
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  EXPECT_NEAR(sum / 999, claim.round_trip, claim.round_trip * 0.03 + claim.jitter * 0.08);
  EXPECT_NEAR(*most - *least, 2 * claim.jitter, claim.jitter * 0.1 + 1);
}

TEST_P(Profile, LosesAsMuchAsItSays) {
  const LoadTime begin{};
  Path path(network, 1, begin);
  double lost = network.loss.always;
  if (path.bursts) {
    // A hundred hours, as a sender meets them that sends evenly.
    const LoadTime end = begin + std::chrono::hours{100};
    transport::LoadClock::duration bad{0};
    for (LoadTime at = begin; at < end;) {
      const auto& burst = path.bursts->next(at);
      bad += burst.end - burst.begin;
      at = burst.end;
    }
    const double share =
        std::chrono::duration<double>(bad) / std::chrono::duration<double>(end - begin);
    lost += share * (network.loss.in_bursts - network.loss.always);
  }
  EXPECT_NEAR(lost, claim.loss, claim.loss * 0.05);
  EXPECT_NEAR(network.loss.mean(), claim.loss, claim.loss * 0.03);
}

TEST_P(Profile, IsCutAsOftenAsItSays) {
  if (claim.cuts_per_hour == 0) {
    // By connections, as in its first version.
    EXPECT_EQ(network.cut_probability, 0.02);
    return;
  }
  // A file of a thousand hours for each of three partners.
  const double hours = 3000;
  const Bytes size{static_cast<std::uint64_t>(network.mean_upload_rate() * 3600 * hours / 3)};
  double cuts = 0;
  for (std::uint64_t upload = 0; upload < 3; ++upload) {
    CutPlan plan(network, 1, upload, size);
    while (plan.next()) {
      ++cuts;
      plan.advance();
    }
  }
  const double expected = claim.cuts_per_hour * hours;
  EXPECT_NEAR(cuts, expected, 4 * std::sqrt(expected));
}

INSTANTIATE_TEST_SUITE_P(All, Profile, testing::ValuesIn(claims), [](const auto& one) {
  std::string name = one.param.network;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Profiles, AllThatHaveATcpAreClaimed) {
  std::size_t modelled = 0;
  for (const auto& network : built_in_networks()) modelled += network.tcp ? 1U : 0U;
  EXPECT_EQ(modelled, std::size(claims));
}

/// The files of 0.1.0, and what a run made of them.
TEST(Profiles, FilesOfTheFirstVersionMeanWhatTheyMeant) {
  const auto network = parse_network(R"({
    "$schema": "network.schema.json", "name": "rural-dsl", "description": "of 0.1.0",
    "cut_probability": 0.02, "upload_rate": "1Mbit/s", "round_trip": "60ms"})",
                                     "test");
  ASSERT_TRUE(network);
  EXPECT_FALSE(network->tcp);
  EXPECT_FALSE(network->outages);
  EXPECT_EQ(network->loss.mean(), 0);
  for (const char* const name : {"perfect", "flaky", "flaky-silent", "slow-3g"}) {
    EXPECT_FALSE(load_network(name)->tcp) << name;
  }
  // The cuts of a seed are those of the file that is built in now.
  const Network now = *load_network("rural-dsl");
  for (std::uint64_t upload = 0; upload < 200; ++upload) {
    const CutPlan before(*network, 7, upload, Bytes{1'000'000});
    EXPECT_EQ(before.next(), CutPlan(now, 7, upload, Bytes{1'000'000}).next());
  }
}

}  // namespace
}  // namespace loadgen
