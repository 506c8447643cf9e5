#include "systems/tus/habits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "link/cut.hpp"
#include "systems/tus/client.hpp"
#include "systems/tus/fake_tus.hpp"

namespace loadgen {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string files = "http://127.0.0.1:1/files";

TusHabits habits_by(const settings::OwnSettings& own) {
  auto habits = habits_of(own);
  EXPECT_TRUE(habits) << habits.error().line();
  return habits ? *habits : TusHabits{};
}
TusHabits client_named(const std::string& name) { return habits_by({{"client", {name}}}); }

class HabitsTest : public testing::Test {
 protected:
  HabitsTest() {
    options.create_url = files;
    options.run_id = "r1";
    options.digest = DigestAlgorithm::xxh128;
    network.name = "perfect";
  }
  UploadResult upload(Bytes size, const TusHabits& habits) {
    CutLink link(transport, CutPlan(network, options.seed, 3, size));
    Authorizer authorizer(transport, {});
    const TusClient client(options, habits);
    const auto upload = client.upload({link, authorizer, client}, 3, size, transport.now(), {});
    upload->start();
    transport.run();
    UploadResult result = upload->result();
    result.cuts = link.happened();
    return result;
  }
  /// The bytes are there, under the URL that the upload ended with, and its length is known.
  void expect_stored(const UploadResult& result, const std::string& name) {
    ASSERT_EQ(result.state, UploadState::uploaded)
        << name << ": " << (result.cause ? result.cause->what : "");
    const auto& stored = server.uploads.at(result.url.substr(result.url.rfind('/') + 1));
    std::string bytes(result.size.value, '\0');
    payload(result.size).read(Bytes{0}, std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(stored.bytes == bytes) << name;
    EXPECT_EQ(stored.length, result.size.value) << name;
    EXPECT_EQ(result.acknowledged, result.size) << name;
    EXPECT_NE(stored.metadata, "") << name;
  }
  [[nodiscard]] Payload payload(Bytes size) const {
    return {options.payload, options.seed, 3, size};
  }
  /// Answers the first requests of `method`, one after the other.
  void on(const std::string& method, std::vector<std::optional<LoadOutcome>> outcomes) {
    server.interfere = [method, outcomes = std::move(outcomes), at = std::size_t{0}](
                           const LoadRequest& request) mutable -> std::optional<LoadOutcome> {
      if (request.method != method || at == outcomes.size()) return std::nullopt;
      return outcomes[at++];
    };
  }
  /// The values that requests of `method` had of a field; "-" where it was missing.
  std::vector<std::string> sent(const std::string& method, const std::string& name) const {
    std::vector<std::string> values;
    for (const auto& request : transport.requests) {
      if (request.method != method) continue;
      values.push_back(request.headers.has(name) ? FakeTus::field(request, name) : "-");
    }
    return values;
  }

  FakeTus server;
  FakeTransport transport{[this](const LoadRequest& r) { return server(r); }};
  UploadOptions options;
  Network network;
};

struct Habit {
  std::string name;
  settings::OwnSettings own;
};
void PrintTo(const Habit& habit, std::ostream* out) { *out << habit.name; }
std::vector<Habit> every_habit() {
  return {{"patient", {}},
          {"tus_js_client", {{"client", {"tus-js-client"}}}},
          {"uppy", {{"client", {"uppy"}}}},
          {"tuspy", {{"client", {"tuspy"}}}},
          {"dex_page", {{"client", {"dex-page"}}}},
          {"dex_load_tool", {{"client", {"dex-load-tool"}}}},
          {"with_creation", {{"creation-with-upload", {"true"}}}},
          {"length_last", {{"upload-length", {"last"}}}},
          {"length_end_with_creation",
           {{"upload-length", {"end"}}, {"creation-with-upload", {"true"}}}},
          {"parts", {{"parts", {"7"}}}},
          {"parts_with_creation", {{"parts", {"3"}}, {"creation-with-upload", {"true"}}}},
          {"checksum", {{"checksum", {"sha1"}}}},
          {"chunked", {{"chunked", {"true"}}}}};
}

class EveryHabit : public HabitsTest, public testing::WithParamInterface<Habit> {};

TEST_P(EveryHabit, BringsEveryByteOfEverySize) {
  const auto habits = habits_by(GetParam().own);
  for (const std::uint64_t chunk : {0U, 1000U}) {
    options.chunk = Bytes{chunk};
    for (const std::uint64_t size : {0U, 1U, 2U, 1000U, 3000U, 20'001U}) {
      const auto result = upload(Bytes{size}, habits);
      expect_stored(result, std::to_string(size) + " by " + std::to_string(chunk));
      EXPECT_EQ(result.sent, Bytes{size});
      EXPECT_EQ(result.retries, 0U);
    }
  }
}

TEST_P(EveryHabit, GoesOnAfterCutsWithTheRightDigest) {
  auto habits = habits_by(GetParam().own);
  habits.retry_delays = std::vector<Milliseconds>(20);
  // Habits that make a client fail here have tests below.
  habits.creates_again = true;
  habits.length_again = false;
  network.cut_probability = 0.8;
  const Bytes size{200'000};
  for (const std::uint64_t eaten : {0U, 700U}) {
    for (const std::uint64_t chunk : {0U, 30'000U}) {
      server = FakeTus{};
      server.eaten = eaten;
      options.chunk = Bytes{chunk};
      const auto result = upload(size, habits);
      expect_stored(result, std::to_string(eaten) + " by " + std::to_string(chunk));
      EXPECT_GT(result.cuts.size(), 0U);
      EXPECT_EQ(result.digest, payload(size).digest(DigestAlgorithm::xxh128));
    }
  }
}

TEST_P(EveryHabit, IsAValueThatTellsItselfFromTheOthers) {
  const auto habits = habits_by(GetParam().own);
  const auto all = every_habit();
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [&](const Habit& one) { return habits_by(one.own) == habits; }),
            1);
}

INSTANTIATE_TEST_SUITE_P(All, EveryHabit, testing::ValuesIn(every_habit()),
                         [](const auto& habit) { return habit.param.name; });

TEST_F(HabitsTest, TheFirstBytesComeWithTheCreation) {
  TusHabits habits;
  habits.with_creation = true;
  upload(Bytes{1000}, habits);
  EXPECT_THAT(transport.log, ElementsAre("POST " + files));
  options.chunk = Bytes{400};
  transport.log.clear();
  upload(Bytes{1000}, habits);
  EXPECT_THAT(transport.log,
              ElementsAre("POST " + files, "PATCH " + files + "/2", "PATCH " + files + "/2"));
  EXPECT_THAT(sent("PATCH", "Upload-Offset"), ElementsAre("400", "800"));
}

TEST_F(HabitsTest, AServerThatDoesNotTakeBytesWithTheCreationIsAskedWhatItHas) {
  TusHabits habits;
  habits.with_creation = true;
  server.interfere = [this](const LoadRequest& r) -> std::optional<LoadOutcome> {
    if (r.method != "POST") return std::nullopt;
    auto plain = r;
    plain.source = nullptr;
    return server.serve(plain);
  };
  expect_stored(upload(Bytes{1000}, habits), "");
  EXPECT_THAT(transport.log,
              ElementsAre("POST " + files, "HEAD " + files + "/1", "PATCH " + files + "/1"));
}

TEST_F(HabitsTest, ALengthIsToldWithTheLastBytes) {
  options.chunk = Bytes{400};
  TusHabits habits;
  habits.length = TusHabits::Length::last;
  upload(Bytes{1000}, habits);
  EXPECT_THAT(sent("POST", "Upload-Length"), ElementsAre("-"));
  EXPECT_THAT(sent("POST", "Upload-Defer-Length"), ElementsAre("1"));
  EXPECT_THAT(sent("PATCH", "Upload-Length"), ElementsAre("-", "-", "1000"));
}

// The answer to the last PATCH was lost after its last byte, so the server does not know it was the
// last.
TEST_F(HabitsTest, AnEndThatDidNotArriveIsToldWithoutBytes) {
  TusHabits habits;
  habits.length = TusHabits::Length::end;
  server.interfere = [this,
                      first = true](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
    if (r.method != "PATCH" || !std::exchange(first, false)) return std::nullopt;
    auto other = r;
    other.headers.remove("Upload-Complete");
    const Bytes sent = server.serve(other).sent;
    LoadOutcome lost = broken();
    lost.sent = sent;
    return lost;
  };
  expect_stored(upload(Bytes{1000}, habits), "");
  EXPECT_THAT(sent("PATCH", "Upload-Offset"), ElementsAre("0", "1000"));
  EXPECT_THAT(sent("PATCH", "Upload-Complete"), Each("?1"));
}

// tusd refuses it with 400, and tus-js-client does it all the same.
TEST_F(HabitsTest, ALengthThatTheServerKnowsIsToldAgainBySomeToTheirEnd) {
  for (const bool again : {false, true}) {
    TusHabits habits;
    habits.length = TusHabits::Length::last;
    habits.length_again = again;
    server.interfere = [this,
                        first = true](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
      if (r.method != "PATCH" || !std::exchange(first, false)) return std::nullopt;
      auto cut = r;
      cut.cut = transport::Cut{transport::Cut::Kind::reset, Bytes{400}};
      return server.serve(cut);
    };
    const auto result = upload(Bytes{1000}, habits);
    if (again) {
      EXPECT_EQ(result.cause->what, "PATCH: 400");
    } else {
      expect_stored(result, "once");
    }
  }
}

// A server may read the rest of a PATCH that was cut only after the HEAD that a client sends next.
// It then refuses the length, which the HEAD did not tell.
TEST_F(HabitsTest, ALengthThatArrivesAfterTheHeadIsAskedForAgain) {
  TusHabits habits;
  habits.length = TusHabits::Length::last;
  std::optional<LoadRequest> late;
  server.interfere = [this, &late,
                      first = true](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
    if (r.method == "PATCH" && std::exchange(first, false)) {
      late = r;
      late->cut = transport::Cut{transport::Cut::Kind::reset, Bytes{}};
      return broken();
    }
    if (r.method != "HEAD" || !late) return std::nullopt;
    auto headed = server.serve(r);
    server.serve(*std::exchange(late, std::nullopt));
    return headed;
  };
  expect_stored(upload(Bytes{1000}, habits), "");
  EXPECT_THAT(sent("PATCH", "Upload-Length"), ElementsAre("1000", "1000", "-"));
  EXPECT_THAT(sent("PATCH", "Upload-Offset"), ElementsAre("0", "0", "0"));
}

TEST_F(HabitsTest, ALengthThatIsRefusedFromTheFirstIsTheEnd) {
  TusHabits habits;
  habits.length = TusHabits::Length::last;
  server.interfere = [](const LoadRequest& r) -> std::optional<LoadOutcome> {
    return r.method == "PATCH" ? std::optional(answer(400)) : std::nullopt;
  };
  EXPECT_EQ(upload(Bytes{1000}, habits).cause->what, "PATCH: 400");
  EXPECT_THAT(sent("PATCH", "Upload-Offset"), ElementsAre("0"));
}

TEST_F(HabitsTest, PartsAreJoinedInTheirOrder) {
  TusHabits habits;
  habits.parts = 3;
  const auto result = upload(Bytes{1000}, habits);
  EXPECT_THAT(sent("POST", "Upload-Concat"),
              ElementsAre("partial", "partial", "partial",
                          "final;" + files + "/1 " + files + "/2 " + files + "/3"));
  EXPECT_THAT(sent("POST", "Upload-Length"), ElementsAre("333", "333", "334", "-"));
  EXPECT_THAT(sent("PATCH", "Upload-Offset"), Each("0"));
  EXPECT_EQ(result.url, files + "/4");
}

TEST_F(HabitsTest, OfPartsOnlyTheOneThatIsGoneBeginsAgain) {
  TusHabits habits;
  habits.parts = 2;
  options.chunk = Bytes{200};
  server.interfere = [this, at = 0](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
    if (r.url != files + "/2") return std::nullopt;
    if (r.method == "HEAD") return answer(404);
    return ++at == 2 ? std::optional(broken()) : std::nullopt;
  };
  const auto result = upload(Bytes{1000}, habits);
  expect_stored(result, "");
  EXPECT_EQ(result.new_uploads, 1U);
  EXPECT_EQ(result.rolled_back, Bytes{200});
  EXPECT_EQ(result.sent, Bytes{1200});
}

TEST_F(HabitsTest, AJoinThatFailsIsTriedAgain) {
  TusHabits habits;
  habits.parts = 2;
  on("POST", {std::nullopt, std::nullopt, answer(503), broken()});
  const auto result = upload(Bytes{1000}, habits);
  expect_stored(result, "");
  EXPECT_EQ(result.retries, 2U);
  on("POST", {std::nullopt, std::nullopt, answer(400)});
  EXPECT_EQ(upload(Bytes{1000}, habits).cause->what, "POST of the whole: 400");
}

TEST_F(HabitsTest, AChecksumIsThatOfEachBody) {
  TusHabits habits;
  habits.checksum = "crc32c";
  options.chunk = Bytes{400};
  upload(Bytes{1000}, habits);
  EXPECT_THAT(sent("PATCH", "Upload-Checksum"), SizeIs(3));
  EXPECT_THAT(sent("PATCH", "Upload-Checksum"), Each(testing::StartsWith("crc32c ")));
  on("PATCH", {answer(460)});
  expect_stored(upload(Bytes{1000}, habits), "a mismatch is sent again");
}

TEST_F(HabitsTest, BodiesGoInChunksWhereThatIsAskedFor) {
  TusHabits habits;
  habits.chunked = true;
  upload(Bytes{1000}, habits);
  EXPECT_TRUE(transport.requests.at(1).chunked);
  upload(Bytes{1000}, {});
  EXPECT_FALSE(transport.requests.at(3).chunked);
}

// ---- as they go on after a failure -----------------------------------------------------------

struct Failing {
  std::string client;
  std::string method;
  int status;  ///< of the first answer to `method`; 0: the connection is lost
  UploadState state;
  std::uint64_t new_uploads = 0;
};
void PrintTo(const Failing& failing, std::ostream* out) { *out << failing.client; }
class AFailure : public HabitsTest, public testing::WithParamInterface<Failing> {};

TEST_P(AFailure, IsDealtWithAsTheClientDoes) {
  const auto& [client, method, status, state, new_uploads] = GetParam();
  const LoadOutcome failed = status == 0 ? broken() : answer(status);
  server.interfere = [&, lost = method == "HEAD",
                      first = true](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
    if (r.method == "PATCH" && std::exchange(lost, false)) return broken();
    if (r.method == method && std::exchange(first, false)) return failed;
    return std::nullopt;
  };
  const auto result = upload(Bytes{1000}, client_named(client));
  EXPECT_EQ(result.state, state);
  EXPECT_EQ(result.new_uploads, new_uploads);
  if (state == UploadState::uploaded) expect_stored(result, client);
}

constexpr auto good = UploadState::uploaded;
constexpr auto bad = UploadState::failed;
INSTANTIATE_TEST_SUITE_P(
    All, AFailure,
    testing::Values(
        Failing{"patient", "POST", 503, good}, Failing{"patient", "PATCH", 429, good},
        Failing{"patient", "HEAD", 500, good}, Failing{"tus-js-client", "POST", 503, good},
        Failing{"tus-js-client", "PATCH", 429, bad}, Failing{"tus-js-client", "PATCH", 423, good},
        Failing{"tus-js-client", "HEAD", 423, good}, Failing{"tus-js-client", "HEAD", 500, good, 1},
        Failing{"tus-js-client", "HEAD", 429, good, 1}, Failing{"tus-js-client", "HEAD", 0, good},
        Failing{"uppy", "PATCH", 429, good}, Failing{"uppy", "PATCH", 400, bad},
        Failing{"uppy", "HEAD", 500, good, 1}, Failing{"tuspy", "POST", 503, bad},
        Failing{"tuspy", "PATCH", 500, bad}, Failing{"tuspy", "PATCH", 0, bad},
        Failing{"dex-page", "PATCH", 500, good}, Failing{"dex-load-tool", "POST", 200, bad},
        Failing{"dex-load-tool", "PATCH", 500, bad}, Failing{"dex-load-tool", "PATCH", 0, bad}),
    [](const auto& f) {
      std::string name =
          f.param.client + "_" + f.param.method + "_" + std::to_string(f.param.status);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_F(HabitsTest, OnlyOneOfThemWaitsAsRetryAfterSays) {
  const std::vector<std::optional<LoadOutcome>> busy{answer(503, {{"Retry-After", "7"}})};
  for (const auto& [client, wait] :
       {std::pair{"patient", 7000}, {"tus-js-client", 0}, {"uppy", 100}}) {
    transport.delays.clear();
    on("PATCH", busy);
    upload(Bytes{1000}, client_named(client));
    EXPECT_THAT(transport.delays, ElementsAre(milliseconds{wait})) << client;
  }
}

TEST_F(HabitsTest, UppyWaitsForALimitLongerEachTimeAndThenNoMore) {
  options.chunk = Bytes{100};
  server.interfere = [limited = true](const LoadRequest& r) mutable -> std::optional<LoadOutcome> {
    if (r.method != "PATCH") return std::nullopt;
    limited = !limited;
    return limited ? std::nullopt : std::optional(answer(429));
  };
  const auto result = upload(Bytes{1000}, client_named("uppy"));
  EXPECT_EQ(result.cause->what, "PATCH: 429");
  EXPECT_THAT(transport.delays, ElementsAre(milliseconds{100}, milliseconds{1000},
                                            milliseconds{3000}, milliseconds{5000}));
  EXPECT_EQ(result.acknowledged, Bytes{400});
}

TEST_F(HabitsTest, TuspyTriesAnythingAgainWhereItsUserWantsThat) {
  options.retry_delays = {milliseconds{10}, milliseconds{10}};
  on("PATCH", {answer(400), answer(413)});
  const auto result = upload(Bytes{1000}, client_named("tuspy"));
  expect_stored(result, "tuspy");
  EXPECT_EQ(result.retries, 2U);
}

TEST_F(HabitsTest, TheLoadToolHasAnEmptyLengthInEveryRequest) {
  options.chunk = Bytes{400};
  upload(Bytes{1000}, client_named("dex-load-tool"));
  EXPECT_THAT(sent("POST", "Upload-Length"), ElementsAre(""));
  EXPECT_THAT(sent("PATCH", "Upload-Length"), Each(""));
  EXPECT_THAT(sent("PATCH", "Upload-Defer-Length"), Each("1"));
  EXPECT_THAT(sent("PATCH", "Upload-Complete"), ElementsAre("-", "-", "?1"));
  EXPECT_THAT(sent("PATCH", "Upload-Draft-Interop-Version"), ElementsAre("-", "-", "5"));
}

TEST_F(HabitsTest, ThePageAsksFirstAndSaysOfEachPatchWhetherItIsTheLast) {
  options.chunk = Bytes{400};
  const auto result = upload(Bytes{1000}, client_named("dex-page"));
  EXPECT_EQ(transport.log.at(1), "HEAD " + files + "/1");
  EXPECT_EQ(result.resumes, 0U);
  EXPECT_THAT(sent("PATCH", "Upload-Complete"), ElementsAre("?0", "?0", "?1"));
  EXPECT_THAT(sent("PATCH", "Upload-Length"), ElementsAre("-", "-", "1000"));
  EXPECT_THAT(sent("PATCH", "Upload-Draft-Interop-Version"), Each("5"));
}

// ---- as settings -----------------------------------------------------------------------------

TEST(HabitSettings, WhatIsGivenWinsOverTheClient) {
  const auto habits = habits_by({{"client", {"dex-page"}}, {"upload-length", {"creation"}}});
  EXPECT_EQ(habits.length, TusHabits::Length::creation);
  EXPECT_TRUE(habits.asks_first);
  UploadOptions options;
  EXPECT_EQ(with_habits(options, client_named("dex-page")).chunk, Bytes{40'000'000});
  EXPECT_THAT(with_habits(options, client_named("tuspy")).retry_delays, IsEmpty());
  options.chunk = Bytes{7};
  options.retry_delays = {milliseconds{1}};
  EXPECT_EQ(with_habits(options, client_named("dex-page")).chunk, Bytes{7});
  EXPECT_THAT(with_habits(options, client_named("tuspy")).retry_delays, SizeIs(1));
}

TEST(HabitSettings, PartsNeedTheirLength) {
  const auto habits = habits_of({{"client", {"dex-page"}}, {"parts", {"2"}}});
  ASSERT_FALSE(habits);
  EXPECT_EQ(habits.error().line(),
            "--parts: parts that are concatenated need their length with the creation (drop "
            "--client)");
}

TEST(HabitSettings, AreReadStrictly) {
  for (const auto& setting : habit_settings()) {
    EXPECT_FALSE(setting.read("")) << setting.name;
    EXPECT_FALSE(setting.read("tus")) << setting.name;
    EXPECT_TRUE(setting.refused_elsewhere) << setting.name;
  }
}

TEST_F(HabitsTest, TwoWritersSendEachPatchTwiceAndTheFileIsThereOnce) {
  options.chunk = Bytes{30'000};
  const auto habits = habits_by({{"two-writers", {"true"}}});
  const auto result = upload(Bytes{100'000}, habits);
  expect_stored(result, "two writers");
  EXPECT_EQ(std::ranges::count(transport.log, "PATCH " + result.url), 8);
  EXPECT_EQ(result.second_writers, 4U);
  EXPECT_EQ(result.second_refused, 4U);
  EXPECT_EQ(result.retries, 0U);
  EXPECT_EQ(result.sent, Bytes{100'000});
  EXPECT_NE(result.digest, "");
}

// As tusd does, which sends the first writer away for the second; then one that refuses both for a
// while.
TEST_F(HabitsTest, OfTwoWritersEitherMayBeLetIn) {
  const auto habits = habits_by({{"two-writers", {"true"}}});
  on("PATCH", {answer(400), std::nullopt});
  auto result = upload(Bytes{5000}, habits);
  expect_stored(result, "the second");
  EXPECT_EQ(result.second_refused + result.second_accepted, 0U);
  EXPECT_EQ(result.retries, 0U);
  on("PATCH", {answer(423), answer(409)});
  result = upload(Bytes{5000}, habits);
  expect_stored(result, "neither at first");
  EXPECT_EQ(result.second_refused, 2U);
  EXPECT_EQ(result.retries, 1U);
  // Both, at once: the one that got farther is believed.
  on("PATCH", {answer(204, {{"Upload-Offset", "1000"}}), std::nullopt});
  result = upload(Bytes{5000}, habits);
  expect_stored(result, "both");
  EXPECT_EQ(result.second_accepted, 1U);
}

TEST_F(HabitsTest, OfTwoWritersOnlyTheFirstMeetsPlannedCuts) {
  network.cut_probability = 0.8;
  options.chunk = Bytes{100'000};
  const auto one = upload(Bytes{300'000}, {});
  server = FakeTus{};
  const auto two = upload(Bytes{300'000}, habits_by({{"two-writers", {"true"}}}));
  expect_stored(two, "two writers");
  EXPECT_GT(two.cuts.size(), 0U);
  EXPECT_LE(two.cuts.size(), one.cuts.size());
  EXPECT_EQ(two.never_sent, Bytes{0});
}

}  // namespace
}  // namespace loadgen
