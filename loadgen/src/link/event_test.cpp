#include "link/event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/uplink.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using transport::LoadTime;

class EventsTest : public testing::Test {
 protected:
  std::shared_ptr<const Happenings> happens(std::vector<Happening> all) {
    return std::make_shared<Happenings>(std::move(all));
  }
  /// How and when a request ended that was sent at `at`, and how often it was told.
  struct Seen {
    Milliseconds at{0};
    LoadOutcome outcome;
    int times = 0;
  };
  std::shared_ptr<Seen> send_at(transport::LoadTransport& to, Milliseconds at,
                                LoadRequest request = {}) {
    auto seen = std::make_shared<Seen>();
    engine.after(at, [&to, seen, request, this] {
      to.send(request, [seen, this](LoadOutcome outcome) {
        ++seen->times;
        seen->at = std::chrono::duration_cast<Milliseconds>(engine.now() - t0);
        seen->outcome = std::move(outcome);
      });
    });
    return seen;
  }
  static LoadRequest body(std::uint64_t size) {
    LoadRequest request;
    request.source_size = Bytes{size};
    request.source = [](Bytes, std::span<std::byte> into) { return into.size(); };
    return request;
  }

  const LoadTime t0{};
  FakeTransport engine{[](const LoadRequest&) { return answer(204); }};
};

TEST_F(EventsTest, InAnOutageRequestsAndAnswersWaitForItsEnd) {
  EventLink link(engine, happens({{t0 + 10s, t0 + 15s}}), 30s);
  const auto before = send_at(link, 1s);
  const auto on_its_way = send_at(link, Milliseconds{9'999});
  const auto in_it = send_at(link, 12s);
  engine.round_trip = 10ms;
  engine.run();
  EXPECT_EQ(before->at, 1010ms);
  EXPECT_EQ(on_its_way->at, 15s) << "its answer was on the way";
  EXPECT_EQ(in_it->at, 15'010ms);
  EXPECT_EQ(in_it->outcome.response->status, 204);
}

TEST_F(EventsTest, AnOutageThatIsLongerThanTheClientWaitsIsALostConnection) {
  EventLink link(engine, happens({{t0 + 10s, t0 + 60s}}), 5s);
  const auto seen = send_at(link, 12s);
  engine.run();
  EXPECT_EQ(seen->at, 17s);
  ASSERT_TRUE(seen->outcome.failure);
  EXPECT_EQ(seen->outcome.failure->kind, Failure::Kind::timeout);
  EXPECT_TRUE(engine.log.empty()) << "nothing got through";
}

TEST_F(EventsTest, AProxyAnswersWithAPageInThePlaceOfTheService) {
  EventLink link(engine, happens({{t0 + 1s, t0 + 2s, 502}, {t0 + 3s, t0 + 4s, 302, true}}), 30s);
  const auto proxy = send_at(link, 1500ms);
  const auto portal = send_at(link, 3500ms);
  const auto after = send_at(link, 5s);
  engine.run();
  EXPECT_EQ(proxy->outcome.response->status, 502);
  EXPECT_EQ(proxy->outcome.response->headers.find("Content-Type"), "text/html");
  EXPECT_THAT(proxy->outcome.response->body, testing::HasSubstr("502 Bad Gateway"));
  EXPECT_EQ(portal->outcome.response->status, 302);
  EXPECT_TRUE(portal->outcome.response->headers.has("Location"));
  EXPECT_EQ(after->outcome.response->status, 204);
  EXPECT_EQ(engine.requests.size(), 1U);
}

TEST_F(EventsTest, AClientThatIsEndedHearsOfItWhenItIsThereAgainAndOnce) {
  EventLink link(engine, happens({}), 30s);
  engine.round_trip = 5s;
  const auto asked = send_at(link, 1s);
  const auto sending = send_at(link, 1s, body(100));
  engine.after(2s, [&] {
    std::byte taken[40];
    static_cast<void>(engine.requests.at(1).source(Bytes{0}, taken));
    link.restart(3s);
  });
  const auto later = send_at(link, 2500ms);
  engine.run();
  for (const auto& seen : {asked, sending}) {
    EXPECT_EQ(seen->times, 1);
    EXPECT_EQ(seen->at, 5s);
    EXPECT_TRUE(seen->outcome.client_ended);
    EXPECT_EQ(seen->outcome.failure->kind, Failure::Kind::reset);
  }
  EXPECT_EQ(sending->outcome.sent, Bytes{40});
  ASSERT_TRUE(engine.requests.at(1).sender_gone);
  EXPECT_TRUE(*engine.requests.at(1).sender_gone) << "its connection must be reset";
  EXPECT_EQ(later->at, 10s) << "it sends nothing while it is away";
  EXPECT_EQ(later->outcome.response->status, 204);
}

TEST_F(EventsTest, APartnersRateItsRegionsAndOutagesAreOnePace) {
  const auto region = std::make_shared<transport::Pace>(BytesPerSecond{2000}, t0);
  const auto own = std::make_shared<transport::Pace>(BytesPerSecond{100'000}, t0);
  SharedPace mine(own, region, happens({{t0 + 10s, t0 + 12s}}));
  SharedPace others(nullptr, region, nullptr);
  std::uint64_t sent = 0;
  const auto take = [&](SharedPace& pace, LoadTime now) {
    const std::uint64_t count = pace.available(now, 1'000'000);
    if (count > 0) pace.spend(count);
    sent += count;
  };
  for (LoadTime now = t0; now < t0 + 10s; now += 10ms) {
    take(mine, now);
    take(others, now);
  }
  EXPECT_NEAR(static_cast<double>(sent), 20'000, 1100) << "together no more than the region has";
  EXPECT_EQ(mine.available(t0 + 11s, 1000), 0U);
  EXPECT_EQ(mine.wait(1000), LoadTime::duration{1s});
  EXPECT_EQ(mine.silence(), LoadTime::duration{1s});
  EXPECT_GT(others.available(t0 + 11s, 1000), 0U);
  EXPECT_GT(mine.available(t0 + 13s, 1'000'000), 0U);
}

}  // namespace
}  // namespace loadgen
