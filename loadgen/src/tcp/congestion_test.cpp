#include "tcp/congestion.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace loadgen {
namespace {

TcpPath path(Congestion control, double round_trip, double loss) {
  TcpPath path;
  path.control = control;
  path.round_trip = round_trip;
  path.loss = loss;
  return path;
}

/// Padhye et al., equation 30, written down once more.
double pftk(double round_trip, double loss, double timeout) {
  return 1448 /
         (round_trip * std::sqrt(2 * loss / 3) +
          timeout * std::min(1.0, 3 * std::sqrt(3 * loss / 8)) * loss * (1 + 32 * loss * loss));
}

TEST(Congestion, RenoIsPftk) {
  for (const auto& [round_trip, loss] :
       {std::pair(0.1, 0.01), {0.1, 0.02}, {0.3, 0.01}, {0.07, 0.002}, {0.03, 0.05}}) {
    const TcpPath reno = path(Congestion::reno, round_trip, loss);
    const double expected = pftk(round_trip, loss, retransmission_timeout(reno));
    EXPECT_NEAR(mean_rate(reno) / expected, 1, 0.02) << round_trip << " s, " << loss;
  }
}

TEST(Congestion, FiguresOfThePapers) {
  EXPECT_NEAR(reno_window(0.01), 12.2, 0.1);
  // RFC 9438, table 2: RTT 0.1 s.
  EXPECT_NEAR(cubic_window(1e-5, 0.1) / cubic_correction, 1054, 3);
  EXPECT_NEAR(cubic_window(1e-2, 0.1) / cubic_correction, 12.2, 0.1) << "never less than Reno";
  EXPECT_NEAR(retransmission_timeout(path(Congestion::reno, 0.1, 0)), 0.3, 1e-9);
}

TEST(Congestion, TheLinkIsTheLimitWhereItIs) {
  TcpPath slow = path(Congestion::reno, 0.05, 0.01);
  slow.rate = 125'000;
  slow.queue = 0.2;
  EXPECT_NEAR(mean_rate(slow), 125'000, 6'000);
  EXPECT_TRUE(regime_of(slow).link_limited);
  // What is under way with a connection: what the path and its queue hold.
  EXPECT_NEAR(in_flight(slow), 125'000 * 0.25, 1);
  slow.window = 20'000;
  EXPECT_EQ(in_flight(slow), 20'000);
}

TEST(Congestion, AShortQueueIsEmptyAfterALoss) {
  TcpPath path = loadgen::path(Congestion::reno, 0.1, 0);
  path.rate = 1e6;
  EXPECT_NEAR(mean_rate(path), 0.75e6, 1e3);
  path.queue = 0.1;
  EXPECT_NEAR(mean_rate(path), 1e6, 1e3);
}

TEST(Congestion, BbrHardlyHeedsLoss) {
  TcpPath path = loadgen::path(Congestion::bbr, 0.1, 0.02);
  path.rate = 1e6;
  EXPECT_NEAR(mean_rate(path), 0.98e6, 1e3);
  path.control = Congestion::reno;
  EXPECT_LT(mean_rate(path), 0.2e6);
}

TEST(Congestion, LessIsNeverMore) {
  for (const auto control : all_congestions) {
    double before = 1e99;
    for (double loss = 1e-5; loss < 0.4; loss *= 1.5) {
      const double rate = mean_rate(path(control, 0.1, loss));
      EXPECT_LE(rate, before) << to_string(control) << " " << loss;
      EXPECT_GT(rate, 0);
      before = rate;
    }
  }
}

}  // namespace
}  // namespace loadgen
