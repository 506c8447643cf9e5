#include "link/partner_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "link/simulated_engine.hpp"
#include "link/zombie.hpp"

namespace loadgen {
namespace {

using namespace std::chrono_literals;
using Kind = transport::Cut::Kind;

constexpr Bytes size{1'000'000};

double in_ms(transport::LoadClock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// One partner whose requests take simulated time.
class PartnerLineTest : public testing::Test {
 protected:
  PartnerLineTest() { network.name = "test"; }

  /// A partner and his only upload.
  struct Own {
    Own(transport::LoadTransport& below, const Network& network, std::uint64_t seed,
        std::uint64_t number)
        : partner(below, network, seed, number), upload(partner, network, seed, number, size) {}
    [[nodiscard]] transport::LoadTransport& top() const { return upload.top(); }
    [[nodiscard]] auto cuts() const { return upload.cuts(); }
    PartnerLine partner;
    UploadLine upload;
  };
  Own& line() {
    if (!line_) line_ = std::make_unique<Own>(engine, network, seed, 3);
    return *line_;
  }
  /// Returns the outcome; `took` is how long the client waited for it.
  LoadOutcome send(LoadRequest request) {
    LoadOutcome seen;
    const auto begin = loop.now();
    line().top().send(std::move(request), [&](LoadOutcome outcome) {
      seen = std::move(outcome);
      took = loop.now() - begin;
    });
    loop.run();
    return seen;
  }
  static LoadRequest question(const std::string& method = "HEAD") {
    LoadRequest request;
    request.method = method;
    return request;
  }
  static LoadRequest body(std::uint64_t at, std::uint64_t bytes) {
    LoadRequest request;
    request.method = "PATCH";
    request.file_at = Bytes{at};
    request.source_size = Bytes{bytes};
    request.source = [](Bytes, std::span<std::byte> into) { return into.size(); };
    return request;
  }
  /// The first seed whose first cut is not at the edges.
  Bytes find_cut() {
    for (;; ++seed) {
      const CutPlan plan(network, seed, 3, size);
      if (plan.next() && plan.next()->at > Bytes{300'000} && plan.next()->at < Bytes{900'000}) {
        return plan.next()->at;
      }
    }
  }

  Network network;
  std::uint64_t seed = 1;
  int served = 0;  ///< requests that got to the service
  FakeTransport loop{[this](const LoadRequest&) {
    ++served;
    return answer(204);
  }};
  SimulatedEngine engine{loop};
  transport::LoadClock::duration took{0};

 private:
  std::unique_ptr<Own> line_;
};

TEST_F(PartnerLineTest, APerfectOneIsNotThere) {
  EXPECT_EQ(send(question()).response->status, 204);
  EXPECT_EQ(took, loop.round_trip);
  EXPECT_FALSE(loop.requests.at(0).pace);
}

TEST_F(PartnerLineTest, ANewConnectionCostsItsHandshakes) {
  network.round_trip = 100ms;
  network.tcp.emplace();
  for (const unsigned round_trips : {0U, 1U, 2U, 3U}) {
    network.tcp->handshakes = round_trips;
    Own own(engine, network, seed, round_trips);
    const auto ask = [&](bool fresh) {
      LoadRequest request = question();
      request.fresh_connection = fresh;
      const auto begin = loop.now();
      own.top().send(std::move(request), [&](const LoadOutcome&) { took = loop.now() - begin; });
      loop.run();
      return took;
    };
    EXPECT_EQ(ask(false), (1 + round_trips) * 100ms + loop.round_trip);
    EXPECT_EQ(ask(false), 100ms + loop.round_trip) << "it is kept";
    EXPECT_EQ(ask(true), (1 + round_trips) * 100ms + loop.round_trip);
  }
}

TEST_F(PartnerLineTest, ARoundTripIsDrawnFromAroundItsMean) {
  network.round_trip = 100ms;
  network.jitter = 40ms;
  double sum = 0;
  std::set<transport::LoadClock::duration> seen;
  for (int i = 0; i < 500; ++i) {
    send(question());
    EXPECT_GE(took, 60ms + loop.round_trip);
    EXPECT_LE(took, 140ms + loop.round_trip);
    seen.insert(took);
    sum += in_ms(took - loop.round_trip);
  }
  EXPECT_NEAR(sum / 500, 100, 4);
  EXPECT_GT(seen.size(), 50U);
}

TEST_F(PartnerLineTest, ABodyTakesTheTimeOfItsWindows) {
  network.round_trip = 100ms;
  network.tcp.emplace();
  // 64 KiB go in windows of 10, 20 and 16 segments: two round trips more than a question.
  send(question());
  const auto alone = took;
  send(body(0, 64U << 10U));
  EXPECT_NEAR(in_ms(took - alone), 200, 3);
}

TEST_F(PartnerLineTest, ACutLosesWhatIsUnderWay) {
  network.cut_probability = 0.9;
  network.round_trip = 100ms;
  network.queue = 100ms;
  network.upload_rate = BytesPerSecond{200'000};
  network.tcp.emplace();
  const Bytes at = find_cut();
  const auto outcome = send(body(0, size.value));
  EXPECT_TRUE(outcome.was_cut);
  EXPECT_EQ(outcome.sent, at - Bytes{40'000}) << "of 200 ms of its line";
  EXPECT_EQ(line().upload.lost_in_flight(), Bytes{40'000});
  ASSERT_EQ(line().cuts().size(), 1U);
  EXPECT_EQ(line().cuts().at(0).at, at);
}

TEST_F(PartnerLineTest, AnAnswerIsLostAfterEverythingGotThere) {
  network.cut_probability = 0.9;
  network.lost_answer_share = 1;
  find_cut();
  const auto outcome = send(body(0, size.value));
  EXPECT_EQ(served, 1);
  EXPECT_FALSE(outcome.response);
  EXPECT_TRUE(outcome.was_cut);
  EXPECT_EQ(outcome.sent, size);
  ASSERT_EQ(line().cuts().size(), 1U);
  EXPECT_EQ(line().cuts().at(0).loses, Loses::answer);
}

TEST_F(PartnerLineTest, ASilentlyLostAnswerIsNoticedByPatience) {
  network.cut_probability = 0.9;
  network.lost_answer_share = network.silent_share = 1;
  network.stall_timeout = 7s;
  find_cut();
  EXPECT_EQ(send(body(0, size.value)).failure->kind, Failure::Kind::timeout);
  EXPECT_GE(took, 7s);
}

TEST_F(PartnerLineTest, AZombieGoesOnWhenItsClientHasLeft) {
  network.cut_probability = 0.9;
  network.zombie_share = 1;
  network.zombie_time = 4s;
  network.upload_rate = BytesPerSecond{200'000};
  const Bytes at = find_cut();
  std::optional<transport::LoadTime> told;
  Bytes before;
  Bytes turning;  // the slice of its line that was under way when the client left
  Bytes behind;
  transport::LoadTime last;
  engine.went = [&](const LoadRequest&, Bytes from, Bytes count) {
    (told ? behind : from < at - Zombie::least ? before : turning) += count;
    last = loop.now();
  };
  {
    // The client, and all that it had, is gone with its outcome.
    auto alive = std::make_unique<int>(0);
    LoadRequest request = body(0, size.value);
    request.source = [alive = alive.get()](Bytes, std::span<std::byte> into) {
      *alive += 1;
      return into.size();
    };
    line().top().send(std::move(request), [&](const LoadOutcome& outcome) {
      EXPECT_TRUE(outcome.was_cut);
      EXPECT_EQ(outcome.sent, at);
      told = loop.now();
      alive.reset();
    });
    loop.run();
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(before, at - Zombie::least);
  EXPECT_EQ(turning + behind, Zombie::least);
  // A twentieth of a second of the line, and what adds up until a timer of whole ms fires.
  EXPECT_LE(turning, Bytes{10'200});
  EXPECT_NEAR(in_ms(last - *told), 4000, 200);
  EXPECT_EQ(line().cuts().size(), 1U);
}

TEST_F(PartnerLineTest, AProcessThatEndsSaysSoWhenItBeginsAnew) {
  network.cut_probability = 0.9;
  network.restart_share = 1;
  network.restart_time = 9s;
  find_cut();
  const auto outcome = send(body(0, size.value));
  EXPECT_TRUE(outcome.client_ended);
  EXPECT_GE(took, 9s);
}

TEST_F(PartnerLineTest, QuestionsAreLostOnTheirWayOrOnTheWayBack) {
  network.question_cut_probability = 0.5;
  network.lost_answer_share = 0.5;
  int lost = 0;
  for (int i = 0; i < 400; ++i) lost += send(question("POST")).failure ? 1 : 0;
  EXPECT_NEAR(lost, 200, 40);
  EXPECT_NEAR(served, 200 + 100, 50);
  EXPECT_EQ(line().cuts().size(), static_cast<std::size_t>(lost));
  EXPECT_EQ(line().cuts().at(0).loses, Loses::question);
}

TEST_F(PartnerLineTest, WhichQuestionsAreLostDoesNotDependOnRefusals) {
  network.question_cut_probability = 0.4;
  const auto lost_before = [&](int refusals) {
    int left = refusals;
    FakeTransport busy([&](const LoadRequest&) { return answer(left-- > 0 ? 423 : 200); });
    Own own(busy, network, seed, 3);
    for (int answered = 0; answered < 30;) {
      own.top().send(question("POST"), [&](const LoadOutcome& outcome) {
        answered += outcome.response && outcome.response->status == 200 ? 1 : 0;
      });
      busy.run();
    }
    return own.cuts();
  };
  EXPECT_EQ(lost_before(0), lost_before(20));
  EXPECT_FALSE(lost_before(0).empty());
}

// A server that did not see at once that a connection was lost makes a client ask again.
TEST_F(PartnerLineTest, WhichQuestionsAreLostDoesNotDependOnHowOftenAClientAsks) {
  network.question_cut_probability = 0.5;
  network.cut_every = Bytes{20'000};
  const auto cuts_when_asked = [&](int times) {
    FakeTransport fake([](const LoadRequest&) { return answer(204); });
    SimulatedEngine bodies(fake);
    Own own(bodies, network, seed, 3);
    const auto answered = [&](LoadRequest request) {
      bool through = false;
      own.top().send(std::move(request),
                     [&](const LoadOutcome& outcome) { through = outcome.response.has_value(); });
      fake.run();
      return through;
    };
    while (!answered(body(0, size.value))) {
      for (int i = 0; i < times; ++i) {
        while (!answered(question())) {
        }
      }
    }
    return own.cuts();
  };
  const auto cuts = cuts_when_asked(1);
  EXPECT_EQ(cuts, cuts_when_asked(5));
  const auto lost = std::ranges::count(cuts, Loses::question, &PlannedCut::loses);
  const auto of_bodies = static_cast<std::ptrdiff_t>(cuts.size()) - lost;
  // One in two is lost: one for each that gets through.
  EXPECT_NEAR(static_cast<double>(lost), static_cast<double>(of_bodies), 30);
  EXPECT_GT(of_bodies, 20);
}

TEST_F(PartnerLineTest, ABodyIsGivenUpInAnOutage) {
  network.upload_rate = BytesPerSecond{10'000};
  network.tcp.emplace();
  network.outages = Recurrence{60, 50};
  network.stall_timeout = 5s;
  int given_up = 0;
  for (int i = 0; i < 20; ++i) {
    const auto outcome = send(body(0, 300'000));
    if (!outcome.failure) continue;
    ++given_up;
    EXPECT_EQ(outcome.failure->kind, Failure::Kind::timeout);
    EXPECT_FALSE(outcome.was_cut) << "it was not planned";
  }
  EXPECT_GT(given_up, 10);
  EXPECT_TRUE(line().cuts().empty());
}

TEST_F(PartnerLineTest, AConnectionThatWasIdleForTooLongIsDead) {
  network.tcp.emplace();
  network.tcp->idle_timeout = 60s;
  network.stall_timeout = 10s;
  send(question());
  loop.after(59s, [] {});
  loop.run();
  EXPECT_TRUE(send(question()).response);
  loop.after(61s, [] {});
  loop.run();
  EXPECT_EQ(send(question()).failure->kind, Failure::Kind::timeout);
  EXPECT_EQ(took, 10s);
  EXPECT_EQ(served, 2);
  EXPECT_TRUE(send(question()).response) << "a new one";
}

TEST_F(PartnerLineTest, AnAnswerTakesItsTimeToo) {
  network.download_rate = BytesPerSecond{1000};
  FakeTransport chatty([](const LoadRequest&) { return answer(200, {}, std::string(2000, 'x')); });
  Own own(chatty, network, seed, 3);
  own.top().send(question("GET"), [&](const LoadOutcome&) {});
  chatty.run();
  EXPECT_NEAR(in_ms(chatty.now() - transport::LoadTime{}), 2021, 3);
}

TEST_F(PartnerLineTest, APortalAnswersInThePlaceOfTheService) {
  network.portal = Portal{302, 20s};
  network.round_trip = 50ms;
  const auto outcome = send(question("POST"));
  EXPECT_EQ(outcome.response->status, 302);
  EXPECT_THAT(outcome.response->body, testing::HasSubstr("<html>"));
  EXPECT_TRUE(outcome.response->headers.has("Location"));
  EXPECT_EQ(took, 50ms);
  EXPECT_EQ(served, 0);
  loop.after(20s, [] {});
  loop.run();
  EXPECT_EQ(send(question("POST")).response->status, 204);
}

TEST_F(PartnerLineTest, AProxyRefusesWhatIsTooLarge) {
  network.proxy = Proxy{Bytes{1000}, 0, 0};
  EXPECT_EQ(send(body(0, 1001)).response->status, 413);
  EXPECT_EQ(served, 0);
  EXPECT_EQ(send(body(0, 1000)).response->status, 204);
}

TEST_F(PartnerLineTest, AProxyThatGivesUpHasLetEverythingThrough) {
  network.proxy = Proxy{std::nullopt, 0, 0.95};
  int timeouts = 0;
  for (int i = 0; i < 100; ++i) timeouts += send(question()).response->status == 504 ? 1 : 0;
  EXPECT_GT(timeouts, 85);
  EXPECT_EQ(served, 100);
  network.proxy = Proxy{std::nullopt, 0.95, 0};
  Own own(engine, network, seed, 3);
  int bad = 0;
  for (int i = 0; i < 100; ++i) {
    own.top().send(question(), [&](const LoadOutcome& outcome) {
      bad += outcome.response->status == 502 ? 1 : 0;
    });
  }
  loop.run();
  EXPECT_GT(bad, 85);
  EXPECT_EQ(served, 100 + 100 - bad);
}

TEST_F(PartnerLineTest, WhatWasSentGoesOnWhenThePartnerEnds) {
  network.round_trip = 100ms;
  network.tcp.emplace();
  int answered = 0;
  {
    Own own(engine, network, seed, 3);
    for (int i = 0; i < 3; ++i) {
      own.top().send(body(0, 100'000), [&](const LoadOutcome&) { ++answered; });
    }
  }
  loop.run();
  EXPECT_EQ(answered, 3);
}

}  // namespace
}  // namespace loadgen
