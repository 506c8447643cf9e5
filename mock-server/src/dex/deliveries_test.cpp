#include "dex/deliveries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "dex/dex_fixture.hpp"
#include "protocol/http/date.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

class Delivering : public DexFixture {
 protected:
  static std::string group(const std::string& targets) {
    return "routing_groups:\n  - data_stream_id: dextesting\n    data_stream_route: testevent1\n"
           "    delivery_targets: [" +
           targets + "]\n";
  }
  [[nodiscard]] std::string target(const std::string& name, const std::string& path) const {
    return "  " + name + ": {type: file, path: '" + (temporary_.path() / path).string() + "'}\n";
  }
  /// A target whose folder cannot be made, because a file is in its way.
  void restart_with_broken_target() {
    ASSERT_TRUE(replace_file(temporary_.path() / "file", ""));
    restart_delivering("targets:\n" + target("broken", "file/below") + group("{name: broken}"));
  }
  static Request post() {
    Request request;
    request.method = "POST";
    return request;
  }
  /// Lets every retry happen.
  void settle() { loop_->advance(Milliseconds{60'000}); }
};

TEST_F(Delivering, DEX_DELIV_001_003_004_Success) {
  const auto upload = upload_whole();
  const auto all = attempts(upload.id);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].status, "SUCCESS");
  EXPECT_EQ(all[0].name, "edav");
  EXPECT_EQ(all[0].issues, std::nullopt);
  EXPECT_TRUE(::http::parse_rfc3339(all[0].delivered_at));
}

TEST_F(Delivering, DEX_DELIV_009_013_TheBytesAreWhereLocationSays) {
  const auto upload = upload_whole();
  const auto location = attempts(upload.id).at(0).location;
  EXPECT_EQ(location, (edav() / "2027/01/15" / ("rf_" + upload.id + ".txt")).string());
  EXPECT_EQ(content(location), "0123456789");
}

TEST_F(Delivering, APartThatARuleWantsIsAnUploadOfItsOwn) {
  struct Parts : Effects {
    EffectPlan before(const Effect& effect, const Upload&) override {
      EffectPlan plan;
      plan.deliver = effect.kind == Effect::Kind::part;
      return plan;
    }
  } parts;
  dex_->use(parts);
  const auto upload = upload_whole(good_metadata(), tus::UploadKind::partial);
  ASSERT_EQ(attempts(upload.id).size(), 1U);
  EXPECT_EQ(content(attempts(upload.id)[0].location), "0123456789");
  EXPECT_EQ(dex_->redelivery(post(), upload.id, R"({"target": "edav"})").status, 200);
}

TEST_F(Delivering, TheLocationIsACleanPath) {
  restart_delivering("targets:\n" + target("edav", "./a/../edav/.") + group("{name: edav}"));
  const auto location = attempts(upload_whole().id).at(0).location;
  EXPECT_EQ(location, (edav() / "2027/01/15/rf.txt").string());
}

TEST_F(Delivering, DEX_DELIV_013_LargeFilesToo) {
  const std::string bytes = [] {
    std::string text(1'000'003, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 + i / 251);
    return text;
  }();
  const auto upload = create(good_metadata(), Bytes{bytes.size()});
  receive(upload.id, bytes);
  loop_->run();
  EXPECT_TRUE(content(attempts(upload.id).at(0).location) == bytes);
}

TEST_F(Delivering, DEX_INFO_009_NullBeforeTheFirstAttempt) {
  const auto upload = create();
  EXPECT_EQ(info(upload.id).deliveries, std::nullopt);
  receive(upload.id, "0123456789");
  EXPECT_EQ(info(upload.id).deliveries, std::nullopt) << "DEX-DELIV-015: nothing waits for it";
  loop_->run();
  EXPECT_EQ(attempts(upload.id).size(), 1U);
}

TEST_F(Delivering, ACopyThatThrowsIsAFailedAttempt) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  loop_->before_work = [first = true]() mutable {
    if (std::exchange(first, false)) throw std::bad_alloc();
  };
  loop_->run();
  ASSERT_EQ(attempts(upload.id).size(), 1U);
  EXPECT_EQ(attempts(upload.id)[0].status, "FAILURE");
  settle();
  ASSERT_EQ(attempts(upload.id).size(), 2U);
  EXPECT_EQ(attempts(upload.id)[1].status, "SUCCESS");
}

TEST_F(Delivering, DEX_DELIV_002_005_007_FailuresAreRetriedThreeTimes) {
  restart_with_broken_target();
  const auto id = upload_whole().id;
  EXPECT_EQ(attempts(id).size(), 1U);
  settle();
  const auto all = attempts(id);
  ASSERT_EQ(all.size(), 4U);
  for (const auto& attempt : all) {
    EXPECT_EQ(attempt.status, "FAILURE");
    EXPECT_EQ(attempt.location, "");
    EXPECT_TRUE(::http::parse_rfc3339(attempt.delivered_at));
    ASSERT_TRUE(attempt.issues && attempt.issues->size() == 1);
    EXPECT_EQ(attempt.issues->front().level, "ERROR");
    EXPECT_NE(attempt.issues->front().message.find("Not a directory"), std::string::npos)
        << attempt.issues->front().message;
  }
  EXPECT_EQ(info(id).upload_status.status, "Complete") << "DEX-DELIV-015";
}

TEST_F(Delivering, WithoutADelayAllAttemptsAreMadeAtOnce) {
  options_.deliveries.retry_delay = Milliseconds{0};
  restart_with_broken_target();
  const auto id = upload_whole().id;
  EXPECT_EQ(attempts(id).size(), 4U) << "and no time has passed";
}

TEST_F(Delivering, ARetryThatSucceedsEndsTheStory) {
  restart_with_broken_target();
  const auto id = upload_whole().id;
  std::filesystem::remove(temporary_.path() / "file");
  settle();
  const auto all = attempts(id);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].status, "FAILURE");
  EXPECT_EQ(all[1].status, "SUCCESS");
}

TEST_F(Delivering, DEX_DELIV_006_EveryTargetOfTheGroup) {
  restart_delivering("targets:\n" + target("a", "a") + target("b", "b") + target("c", "c") +
                     group("{name: a}, {name: c}"));
  const auto all = attempts(upload_whole().id);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[1].name, "c");
}

TEST_F(Delivering, DEX_DELIV_008_NoGroup) {
  restart_delivering("targets:\n" + target("a", "a"));
  const auto id = upload_whole().id;
  settle();
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  EXPECT_EQ(info(id).upload_status.status, "Complete");
}

TEST_F(Delivering, TUS_CONCAT_027_PartsAreNotDelivered) {
  const auto id = upload_whole(good_metadata(), tus::UploadKind::partial).id;
  settle();
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(edav()));
}

TEST_F(Delivering, DEX_DELIV_012_FinalsAre) {
  const auto part = upload_whole(good_metadata(), tus::UploadKind::partial);
  Upload whole;
  whole.length = part.length;
  edit_tus(whole).kind = tus::UploadKind::final;
  whole.parts = {part.id};
  edit_tus(whole).concat_header = "final;/files/" + part.id;
  edit_tus(whole).metadata = good_metadata();
  whole.created = loop_->now();
  ASSERT_TRUE(dex_->hooks().before_create({}, whole));
  auto join = store_->join(whole).value();
  ASSERT_TRUE(join.work());
  ASSERT_TRUE(join.commit());
  const auto stored = store_->find(whole.id).value();
  dex_->hooks().after_create(stored);
  finish(stored);
  loop_->run();
  ASSERT_EQ(attempts(whole.id).size(), 1U);
  EXPECT_EQ(content(attempts(whole.id)[0].location), "0123456789");
}

TEST_F(Delivering, DEX_INFO_013_EmptyFilesToo) {
  const auto id = create(good_metadata(), Bytes{0}).id;
  loop_->run();
  ASSERT_EQ(attempts(id).size(), 1U);
  EXPECT_EQ(content(attempts(id)[0].location), "");
}

TEST_F(Delivering, B05_FinishingTwiceDeliversOnce) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  dex_->hooks().after_finish(store_->find(upload.id).value());
  loop_->run();
  dex_->hooks().after_finish(store_->find(upload.id).value());
  settle();
  EXPECT_EQ(attempts(upload.id).size(), 1U);
}

TEST_F(Delivering, DEX_SEC_003_ANameThatWouldLeaveTheTargetFails) {
  restart_delivering("targets:\n" + target("a", "deep/a") +
                     group("{name: a, path_template: '{{.Filename}}'}"));
  const auto id = upload_whole(metadata_with("received_filename", "..")).id;
  settle();
  ASSERT_EQ(attempts(id).size(), 4U);
  EXPECT_EQ(attempts(id)[0].status, "FAILURE");
  EXPECT_NE(attempts(id)[0].issues->front().message.find("delivery folder"), std::string::npos);
}

TEST_F(Delivering, WhoeverRunsTheServerIsToldWithoutTheSendersNames) {
  std::vector<Notice> notices;
  options_.notify = [&](const Notice& notice) { notices.push_back(notice); };
  restart_delivering("targets:\n" + target("a", "deep/a") +
                     group("{name: a, path_template: '{{.Filename}}'}"));
  const auto id = upload_whole(metadata_with("received_filename", "..")).id;
  settle();
  ASSERT_EQ(notices.size(), 4U);
  EXPECT_EQ(notices[0].kind, "delivery");
  EXPECT_EQ(notices[0].upload, id);
  EXPECT_EQ(notices[0].text.find("delivery to a failed in attempt 1, 3 left: "), 0U);
  EXPECT_EQ(notices[0].text.find(".."), std::string::npos);
  EXPECT_EQ(notices[3].text.find("delivery to a failed in attempt 4, 0 left: "), 0U);
}

TEST_F(Delivering, NoTemporaryFileIsLeft) {
  const auto location = std::filesystem::path(attempts(upload_whole().id).at(0).location);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(location.parent_path()), {}), 1);
}

TEST_F(Delivering, ATerminatedUploadIsNotDelivered) {
  restart_with_broken_target();
  const auto upload = upload_whole();
  ASSERT_TRUE(store_->remove(upload.id));
  dex_->hooks().after_terminate(upload);
  settle();
  EXPECT_EQ(report(upload.id, "blob-file-copy").size(), 1U) << "no retries";
  EXPECT_EQ(info_reply(upload.id).status, 404);
}

TEST_F(Delivering, RecordsOutliveARestart) {
  const auto id = upload_whole().id;
  const auto before = attempts(id);
  restart();
  dex_->resume();
  settle();
  EXPECT_EQ(attempts(id), before);
  EXPECT_EQ(lines(folder() / "events" / (id + "_FileReady")).size(), 1U);
}

TEST_F(Delivering, AKillBeforeTheDeliveryIsMadeGood) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  restart();
  EXPECT_EQ(info(upload.id).deliveries, std::nullopt);
  dex_->resume();
  settle();
  ASSERT_EQ(attempts(upload.id).size(), 1U);
  EXPECT_EQ(content(attempts(upload.id)[0].location), "0123456789");
}

TEST_F(Delivering, DEX_FILES_003_AKillDoesNotRepeatTheEvent) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  restart();
  dex_->resume();
  settle();
  EXPECT_EQ(lines(folder() / "events" / (upload.id + "_FileReady")).size(), 1U);
}

TEST_F(Delivering, AKillBeforeTheFinishHookIsMadeGood) {
  const auto upload = create();
  const std::string bytes = "0123456789";
  ASSERT_TRUE(store_->append(upload.id, Bytes{0}, std::as_bytes(std::span(bytes))));
  restart();
  dex_->resume();
  settle();
  EXPECT_TRUE(std::filesystem::exists(folder() / (upload.id + ".meta")));
  EXPECT_EQ(report(upload.id, "upload-completed").size(), 1U);
  EXPECT_EQ(attempts(upload.id).size(), 1U);
}

TEST_F(Delivering, AKillBetweenRetriesLeavesTheRest) {
  restart_with_broken_target();
  const auto id = upload_whole().id;
  restart();
  dex_->resume();
  settle();
  EXPECT_EQ(attempts(id).size(), 4U);
  restart();
  dex_->resume();
  settle();
  EXPECT_EQ(attempts(id).size(), 4U) << "all its attempts are on record";
}

TEST_F(Delivering, ATornReportLineCountsAsNoAttempt) {
  const auto id = upload_whole().id;
  const auto file = folder() / "reports" / (id + "_blob-file-copy");
  const auto whole = content(file);
  ASSERT_TRUE(replace_file(file, whole.substr(0, whole.size() / 2)));
  restart();
  dex_->resume();
  settle();
  ASSERT_EQ(attempts(id).size(), 1U);
  restart();
  EXPECT_EQ(attempts(id).size(), 1U) << "the new line does not continue the torn one";
}

/// A file that cannot be read for a while, as on a device that fails; it keeps what is in it.
class Unreadable {
 public:
  explicit Unreadable(std::filesystem::path file) : file_(std::move(file)), aside_(file_) {
    aside_ += ".aside";
    std::filesystem::rename(file_, aside_);
    std::filesystem::create_directory(file_);
  }
  Unreadable(const Unreadable&) = delete;
  Unreadable& operator=(const Unreadable&) = delete;
  ~Unreadable() {
    std::filesystem::remove(file_);
    std::filesystem::rename(aside_, file_);
  }

 private:
  std::filesystem::path file_;
  std::filesystem::path aside_;
};

TEST_F(Delivering, WhatCannotBeReadIsNotDeliveredAnew) {
  const auto id = upload_whole().id;
  std::vector<Notice> notices;
  options_.notify = [&](const Notice& notice) { notices.push_back(notice); };
  {
    const Unreadable report(folder() / "reports" / (id + "_blob-file-copy"));
    restart();
    dex_->resume();
    settle();
    ASSERT_EQ(notices.size(), 1U) << "once, not every time that it is tried again";
    EXPECT_EQ(notices[0].upload, id);
    EXPECT_THAT(notices[0].text, testing::HasSubstr("it is not delivered"));
  }
  settle();
  EXPECT_EQ(attempts(id).size(), 1U);
  EXPECT_EQ(report(id, "blob-file-copy").size(), 1U);
  EXPECT_EQ(lines(folder() / "events" / (id + "_FileReady")).size(), 1U);
}

TEST_F(Delivering, AnEventThatCannotBeReadIsNotSentAnew) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  const auto events = folder() / "events" / (upload.id + "_FileReady");
  {
    const Unreadable event(events);
    restart();
    dex_->resume();
    settle();
    EXPECT_EQ(info(upload.id).deliveries, std::nullopt);
  }
  settle();
  EXPECT_EQ(attempts(upload.id).size(), 1U);
  EXPECT_EQ(lines(events).size(), 1U);
}

TEST_F(Delivering, WhileItCannotBeReadItIsNotToldEither) {
  const auto id = upload_whole().id;
  const auto file = folder() / "reports" / (id + "_blob-file-copy");
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  restart();
  EXPECT_EQ(info_reply(id).status, 500) << "null would say: not delivered";
  EXPECT_EQ(dex_->redelivery(post(), id, R"({"target": "edav"})").status, 500);
  std::filesystem::remove(file);
  EXPECT_EQ(info(id).deliveries, std::nullopt);
}

TEST_F(Delivering, AnUploadThatCannotBeReadAtTheStartIsFinishedLater) {
  const auto upload = create();
  receive(upload.id, "0123456789");
  {
    const Unreadable document(folder() / (upload.id + ".info"));
    restart();
    dex_->resume();
    settle();
  }
  settle();
  EXPECT_EQ(attempts(upload.id).size(), 1U);
}

TEST_F(Delivering, ManyAtOnceAllArrive) {
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    ids.push_back(create().id);
    receive(ids.back(), "0123456789");
  }
  loop_->run();
  for (const auto& id : ids) EXPECT_EQ(attempts(id).size(), 1U);
}

TEST_F(Delivering, NothingHappensAfterItIsGone) {
  restart_with_broken_target();
  upload_whole();
  create();
  const auto id = create().id;
  receive(id, "0123456789");
  dex_.reset();
  settle();  // the timers and the copies that were under way find nobody
}

// ---- what misbehaviour makes of it

/// Plans by name of the target, event or report, in their order; after them, plain ones.
class Planned : public Effects {
 public:
  EffectPlan before(const Effect& effect, const Upload&) override {
    asked.push_back(effect.name + " " + std::to_string(effect.attempt));
    auto& plans = by_name[effect.name];
    if (plans.empty()) return {};
    auto plan = plans.front();
    plans.erase(plans.begin());
    return plan;
  }
  void delivered(const std::string& target, const Upload&) override { done.push_back(target); }
  std::map<std::string, std::vector<EffectPlan>> by_name;
  std::vector<std::string> asked;
  std::vector<std::string> done;
};

class Misdelivering : public Delivering {
 protected:
  Misdelivering() { dex_->use(planned_); }
  ~Misdelivering() override { dex_.reset(); }
  static std::vector<std::string> states(const std::vector<dex::Delivery>& attempts) {
    std::vector<std::string> states;
    for (const auto& attempt : attempts) states.push_back(attempt.name + " " + attempt.status);
    return states;
  }
  using States = std::vector<std::string>;
  Planned planned_;
};

TEST_F(Misdelivering, NothingHappensAndNothingSaysSo) {
  planned_.by_name["edav"] = {{.drop = true}};
  const auto id = upload_whole().id;
  settle();
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  EXPECT_TRUE(report(id, "blob-file-copy").empty());
  EXPECT_FALSE(std::filesystem::exists(edav()));
  EXPECT_TRUE(planned_.done.empty());
}

TEST_F(Misdelivering, NothingHappensAndSuccessIsTold) {
  planned_.by_name["edav"] = {{.pretend = true}};
  const auto id = upload_whole().id;
  ASSERT_EQ(states(attempts(id)), States{"edav SUCCESS"});
  EXPECT_FALSE(std::filesystem::exists(attempts(id).at(0).location));
  EXPECT_EQ(planned_.done, States{"edav"});
}

TEST_F(Misdelivering, FailuresCountAsAttempts) {
  planned_.by_name["edav"] = {{.fail = "no route to host"}, {.fail = "no route to host"}};
  const auto id = upload_whole().id;
  settle();
  const auto all = attempts(id);
  EXPECT_EQ(states(all), (States{"edav FAILURE", "edav FAILURE", "edav SUCCESS"}));
  EXPECT_EQ(all.at(0).issues->at(0).message, "no route to host");
  EXPECT_EQ(content(all.at(2).location), "0123456789");
  EXPECT_THAT(planned_.asked, testing::IsSupersetOf({"edav 1", "edav 2", "edav 3"}));
  EXPECT_EQ(planned_.done, States{"edav"});
}

TEST_F(Misdelivering, Twice) {
  planned_.by_name["edav"] = {{.repeat = 2}};
  const auto id = upload_whole().id;
  EXPECT_EQ(states(attempts(id)), (States{"edav SUCCESS", "edav SUCCESS", "edav SUCCESS"}));
}

TEST_F(Misdelivering, Late) {
  planned_.by_name["edav"] = {{.delay = Milliseconds{5000}}};
  const auto id = upload_whole().id;
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  loop_->advance(Milliseconds{4999});
  EXPECT_EQ(info(id).deliveries, std::nullopt);
  loop_->advance(Milliseconds{1});
  EXPECT_EQ(states(attempts(id)), States{"edav SUCCESS"});
}

TEST_F(Misdelivering, LateAndGoneByThen) {
  planned_.by_name["edav"] = {{.delay = Milliseconds{5000}}};
  const auto upload = upload_whole();
  dex_->hooks().after_terminate(upload);
  settle();
  EXPECT_FALSE(std::filesystem::exists(edav()));
}

TEST_F(Misdelivering, UnderAnotherName) {
  planned_.by_name["edav"] = {{.rename = "elsewhere"}};
  EXPECT_EQ(states(attempts(upload_whole().id)), States{"elsewhere SUCCESS"});
}

TEST_F(Misdelivering, TheCopyIsNotWhatWasUploadedAndToldAsASuccess) {
  const std::string hole(
      "0123\0\0\0"
      "7",
      8);
  planned_.by_name["edav"] = {
      {.bytes = Bytes{8}, .corrupt = {{Bytes{4}, Bytes{3}, true}, {Bytes{8}}}},
      {.bytes = Bytes{99}, .corrupt = {{Bytes{9}}}},
      {.from = "nobody"}};
  for (const auto& copied : {hole, std::string("0123456788"), std::string("0123456789")}) {
    const auto all = attempts(upload_whole().id);
    ASSERT_EQ(states(all), States{"edav SUCCESS"});
    EXPECT_EQ(content(all.at(0).location), copied);
  }
}

TEST_F(Misdelivering, ALaterCopyGoesOverAnEarlierOne) {
  const auto early = upload_whole();
  planned_.by_name["edav"] = {{.path = "same/file.csv"},
                              {.from = early.id, .path = "same/file.csv"}};
  const auto other = create(good_metadata(), Bytes{3});
  receive(other.id, "abc");
  settle();
  const auto place = attempts(other.id).at(0).location;
  EXPECT_EQ(place, (edav() / "same/file.csv").string());
  EXPECT_EQ(content(place), "abc");
  const auto foreign = create(good_metadata(), Bytes{3});
  receive(foreign.id, "xyz");
  settle();
  EXPECT_EQ(attempts(foreign.id).at(0).location, place);
  EXPECT_EQ(content(place), "0123456789") << "and they are another upload's";
}

TEST_F(Misdelivering, ReportsAndEventsToo) {
  planned_.by_name["FileReady"] = {{.repeat = 2}};
  planned_.by_name["upload-started"] = {{.drop = true}};
  planned_.by_name["upload-completed"] = {{.fail = "out of memory", .delay = Milliseconds{1000}}};
  planned_.by_name["metadata-verify"] = {{.rename = "metadata-checked"}};
  const auto id = upload_whole().id;
  EXPECT_EQ(lines(folder() / "events" / (id + "_FileReady")).size(), 3U);
  EXPECT_TRUE(report(id, "upload-started").empty());
  EXPECT_TRUE(report(id, "metadata-verify").empty());
  EXPECT_EQ(report(id, "metadata-checked").size(), 1U);
  EXPECT_TRUE(report(id, "upload-completed").empty());
  loop_->advance(Milliseconds{1000});
  ASSERT_EQ(report(id, "upload-completed").size(), 1U);
  EXPECT_THAT(report(id, "upload-completed").at(0), testing::HasSubstr("out of memory"));
}

}  // namespace
}  // namespace mock
