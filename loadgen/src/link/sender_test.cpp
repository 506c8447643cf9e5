#include "link/sender.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace loadgen {
namespace {

using namespace std::chrono_literals;
using transport::LoadTime;

Network network_with(double round_trip, double loss, Congestion control) {
  Network network;
  network.round_trip = std::chrono::round<Milliseconds>(std::chrono::duration<double>(round_trip));
  network.loss.always = loss;
  network.tcp.emplace();
  network.tcp->control = control;
  return network;
}

/// Seconds that `bytes` take, as an engine asks for them.
double seconds_for(transport::Pacer& pace, std::uint64_t bytes, LoadTime& now,
                   transport::LoadClock::duration* silence = nullptr) {
  const LoadTime begin = now;
  while (bytes > 0) {
    const auto may = std::min(pace.available(now, bytes), bytes);
    if (may == 0) {
      if (silence != nullptr) *silence = std::max(*silence, pace.silence());
      now += pace.wait(bytes);
      continue;
    }
    pace.spend(may);
    bytes -= may;
  }
  return std::chrono::duration<double>(now - begin).count();
}

double rate_of(const Network& network, std::uint64_t bytes, std::uint64_t seed = 1) {
  LoadTime now{};
  Sender sender(std::make_shared<Path>(network, seed, now), now);
  return static_cast<double>(bytes) / seconds_for(sender, bytes, now);
}

TEST(Sender, OpensItsWindowByDoubling) {
  const Network network = network_with(0.1, 0, Congestion::reno);
  for (const auto& [segments, rounds] : {std::pair(10, 0),
                                         {11, 1},
                                         {30, 1},
                                         {31, 2},
                                         {45, 2},
                                         {70, 2},
                                         {71, 3},
                                         {150, 3},
                                         {151, 4}}) {
    LoadTime now{};
    Sender sender(std::make_shared<Path>(network, 1, now), now);
    EXPECT_NEAR(seconds_for(sender, static_cast<std::uint64_t>(segments) * 1448, now), 0.1 * rounds,
                1e-3)
        << segments;
  }
}

TEST(Sender, KeepsToTheRateOfItsFormula) {
  for (const auto control : {Congestion::reno, Congestion::cubic}) {
    for (const auto& [round_trip, loss] :
         {std::pair(0.1, 0.01), {0.1, 0.02}, {0.3, 0.01}, {0.07, 0.002}}) {
      const Network network = network_with(round_trip, loss, control);
      EXPECT_NEAR(rate_of(network, 100'000'000) / mean_rate(network.path()), 1, 0.06)
          << to_string(control) << " " << round_trip << " s " << loss;
    }
  }
}

TEST(Sender, SmallFilesNeverReachIt) {
  const Network network = network_with(0.1, 0.0001, Congestion::reno);
  EXPECT_LT(rate_of(network, 64U << 10U), 0.5 * mean_rate(network.path()));
}

TEST(Sender, ALinkIsFilledAndNoMore) {
  Network network = network_with(0.05, 0.001, Congestion::cubic);
  network.upload_rate = BytesPerSecond{125'000};
  network.queue = 200ms;
  EXPECT_NEAR(rate_of(network, 10'000'000), 125'000, 3'000);
  EXPECT_LE(rate_of(network, 10'000'000), 125'000);
}

TEST(Sender, TwoOfAPartnerShareHisLine) {
  Network network = network_with(0.05, 0, Congestion::cubic);
  network.upload_rate = BytesPerSecond{100'000};
  LoadTime now{};
  const auto path = std::make_shared<Path>(network, 1, now);
  Sender one(path, now);
  Sender other(path, now);
  std::uint64_t sent = 0;
  for (const LoadTime end = now + 20s; now < end; now += 10ms) {
    for (Sender* const sender : {&one, &other}) {
      const auto may = sender->available(now, 1U << 30U);
      sender->spend(may);
      sent += may;
    }
  }
  EXPECT_NEAR(static_cast<double>(sent), 2e6, 0.1e6);
}

TEST(Sender, OpensAnewAfterHavingBeenIdle) {
  const Network network = network_with(0.1, 0, Congestion::reno);
  LoadTime now{};
  Sender sender(std::make_shared<Path>(network, 1, now), now);
  seconds_for(sender, 3'000'000, now);
  const LoadTime before = now;
  EXPECT_NEAR(seconds_for(sender, 14'480, now), 0, 0.1);
  now = before + 10s;
  EXPECT_NEAR(seconds_for(sender, 30 * 1448, now), 0.1, 1e-3);
}

TEST(Sender, IsTheSameForTheSameSeedOnly) {
  const Network network = network_with(0.1, 0.01, Congestion::reno);
  EXPECT_EQ(rate_of(network, 3'000'000, 5), rate_of(network, 3'000'000, 5));
  EXPECT_NE(rate_of(network, 3'000'000, 5), rate_of(network, 3'000'000, 6));
}

TEST(Sender, NothingIsHeardInABurst) {
  Network network = network_with(0.05, 0, Congestion::cubic);
  network.upload_rate = BytesPerSecond{1e6};
  network.queue = 100ms;
  network.loss.in_bursts = 0.5;
  network.loss.bursts = {10, 1};
  const double usual = 1e6;
  // Bursts are a tenth of the time; the doubled timeouts add to that.
  const double rate = rate_of(network, 300'000'000);
  EXPECT_LT(rate, 0.92 * usual);
  EXPECT_GT(rate, 0.80 * usual);
}

TEST(Sender, AnOutageIsSilence) {
  Network network = network_with(0.05, 0, Congestion::cubic);
  network.upload_rate = BytesPerSecond{1e6};
  network.outages = Recurrence{100, 20};
  LoadTime now{};
  Sender sender(std::make_shared<Path>(network, 1, now), now);
  transport::LoadClock::duration silence{0};
  seconds_for(sender, 500'000'000, now, &silence);
  EXPECT_GT(silence, 10s);
}

TEST(Path, ATimeoutDoublesUntilItIsHeard) {
  const LoadTime t0{};
  EXPECT_EQ(heard_again(t0, t0 + 100ms, 0.25), t0 + 250ms);
  EXPECT_EQ(heard_again(t0, t0 + 251ms, 0.25), t0 + 750ms);
  EXPECT_EQ(heard_again(t0, t0 + 5s, 0.25), t0 + 7750ms);
}

}  // namespace
}  // namespace loadgen
