#include <gtest/gtest.h>

#include "link/cut.hpp"
#include "link/line.hpp"
#include "link/pulse.hpp"
#include "link/rate.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {
namespace {

using std::chrono::milliseconds;

class LinkTest : public testing::Test {
 protected:
  LoadOutcome send(transport::LoadTransport& to, LoadRequest request) {
    LoadOutcome seen;
    to.send(std::move(request), [&](LoadOutcome outcome) { seen = std::move(outcome); });
    engine.run();
    return seen;
  }
  static LoadRequest body(std::uint64_t at, std::uint64_t size) {
    LoadRequest request;
    request.file_at = Bytes{at};
    request.source_size = Bytes{size};
    request.source = [](Bytes, std::span<std::byte> into) { return into.size(); };
    return request;
  }

  FakeTransport engine{[](const LoadRequest& request) {
    LoadOutcome outcome = request.cut ? broken() : answer(204);
    outcome.was_cut = request.cut.has_value();
    return outcome;
  }};
  Network network;
};

TEST_F(LinkTest, APerfectNetworkOnlyHasItsPatience) {
  network.stall_timeout = milliseconds{1234};
  const Line line(engine, network);
  EXPECT_EQ(send(line.top(), {}).response->status, 204);
  EXPECT_EQ(engine.requests.at(0).stall_timeout, milliseconds{1234});
  EXPECT_FALSE(engine.requests.at(0).pace);
  EXPECT_TRUE(engine.delays.empty());
}

TEST_F(LinkTest, EveryRequestIsOneRoundTripLate) {
  network.round_trip = milliseconds{300};
  const Line line(engine, network);
  const auto begin = line.top().now();
  send(line.top(), {});
  send(line.top(), body(0, 10));
  EXPECT_EQ(line.top().now() - begin, 2 * (milliseconds{300} + engine.round_trip));
}

TEST_F(LinkTest, EverythingThatAPartnerSendsSharesHisLine) {
  RateLink line(engine, BytesPerSecond{1000});
  const auto begin = engine.now();
  LoadRequest token;
  token.body = std::string(500, 'x');
  send(line, token);
  EXPECT_EQ(engine.now() - begin, milliseconds{500} + engine.round_trip);
  send(line, body(0, 10));
  send(line, body(10, 10));
  const auto pace = engine.requests.at(1).pace;
  ASSERT_TRUE(pace);
  EXPECT_EQ(engine.requests.at(2).pace, pace);
  pace->spend(800);
  send(line, token);
  EXPECT_GE(engine.now() - begin, milliseconds{1700});
  RateLink other(engine, BytesPerSecond{1000});
  send(other, body(0, 10));
  EXPECT_NE(engine.requests.back().pace, pace);
}

TEST_F(LinkTest, AnAnswerIsABeatAndAnOutageIsNone) {
  int status = 503;
  FakeTransport target([&](const LoadRequest&) {
    return status == 0 ? broken() : answer(status, {{"Retry-After", status == 429 ? "7" : "x"}});
  });
  Pulse pulse(target.now());
  const auto begin = target.now();
  PulseLink link(target, pulse);
  const auto ask = [&](int with) {
    status = with;
    link.send({}, [](const LoadOutcome&) {});
    target.run();
  };
  ask(503);
  ask(0);
  EXPECT_EQ(pulse.last(), begin);
  ask(404);
  EXPECT_EQ(pulse.last(), target.now());
  ask(429);
  EXPECT_EQ(pulse.last(), target.now() + milliseconds{7000});
}

TEST_F(LinkTest, CutsTheFileWhereItIsPlannedAndNothingElse) {
  network.cut_probability = 0.95;
  const Bytes size{1'000'000};
  CutPlan plan(network, 1, 1, size);
  ASSERT_TRUE(plan.next());
  const PlannedCut first = *plan.next();
  CutLink link(engine, std::move(plan));

  send(link, {});
  EXPECT_FALSE(engine.requests.back().cut);
  send(link, body(0, first.at.value));
  EXPECT_FALSE(engine.requests.back().cut) << "it ends before the cut";
  EXPECT_TRUE(link.happened().empty());

  EXPECT_TRUE(send(link, body(0, size.value)).was_cut);
  EXPECT_EQ(engine.requests.back().cut->after, first.at);
  ASSERT_EQ(link.happened().size(), 1U);
  EXPECT_EQ(link.happened().at(0), first);
}

TEST_F(LinkTest, ACutBeforeTheOffsetIsMetAtTheFirstByte) {
  network.cut_probability = 0.95;
  const Bytes size{1'000'000};
  CutPlan plan(network, 1, 1, size);
  ASSERT_TRUE(plan.next());
  CutLink link(engine, plan);
  send(link, body(plan.next()->at.value + 1, 10));
  EXPECT_EQ(engine.requests.back().cut->after, Bytes{0});
}

// A refused request took no bytes; a zombie may still hold the upload, for example. That is a
// matter of time, and cuts are not.
TEST_F(LinkTest, TheAnswerThatIsLostIsOneOfBytesThatWereTaken) {
  network.cut_probability = 0.95;
  network.lost_answer_share = 1;
  int status = 423;
  FakeTransport target([&](const LoadRequest&) { return answer(status); });
  const CutPlan plan(network, 1, 1, Bytes{1000});
  CutLink link(target, plan);
  const auto ask = [&](int with) {
    status = with;
    LoadOutcome seen;
    link.send(body(0, 1000), [&](LoadOutcome outcome) { seen = std::move(outcome); });
    target.run();
    return seen;
  };
  for (const int refusal : {423, 409, 503}) {
    const auto refused = ask(refusal);
    ASSERT_TRUE(refused.response) << refusal;
    EXPECT_EQ(refused.response->status, refusal);
  }
  EXPECT_TRUE(link.happened().empty());
  EXPECT_TRUE(ask(204).was_cut);
  EXPECT_EQ(link.happened().size(), 1U);
}

TEST_F(LinkTest, AFormIsCutInItsFile) {
  network.cut_probability = 0.95;
  const Bytes size{1000};
  CutPlan plan(network, 1, 1, size);
  ASSERT_TRUE(plan.next());
  const Bytes at = plan.next()->at;
  CutLink link(engine, plan);
  LoadRequest form = body(0, 200 + at.value + 50);
  form.before_file = Bytes{200};
  form.after_file = Bytes{50};
  send(link, form);
  EXPECT_FALSE(engine.requests.back().cut) << "its file ends before the cut";
  form.source_size += size - at;
  send(link, form);
  EXPECT_EQ(engine.requests.back().cut->after, Bytes{200} + at);
}

TEST(LoadRequestTest, KnowsWhatOfItsBodyIsTheFile) {
  LoadRequest form;
  form.source_size = Bytes{1250};
  form.before_file = Bytes{200};
  form.after_file = Bytes{50};
  EXPECT_EQ(form.file_size(), Bytes{1000});
  EXPECT_EQ(form.of_file(Bytes{150}), Bytes{0});
  EXPECT_EQ(form.of_file(Bytes{201}), Bytes{1});
  EXPECT_EQ(form.of_file(Bytes{1250}), Bytes{1000});
}

}  // namespace
}  // namespace loadgen
