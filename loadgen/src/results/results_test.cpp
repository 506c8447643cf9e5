#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "link/lost.hpp"
#include "link/trace.hpp"
#include "page/findings.hpp"
#include "page/page.hpp"
#include "results/json.hpp"
#include "results/specimens.hpp"
#include "testkit/temp_folder.hpp"
#include "upload/fake_transport.hpp"

namespace loadgen {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Time t0{};

UploadResult upload_of(std::uint64_t index, std::chrono::milliseconds took) {
  UploadResult r;
  r.index = index;
  r.size = r.acknowledged = Bytes{1000 + index};
  r.sent = r.size + Bytes{12};
  r.name = fmt::format("file-{}", index);
  r.url = "http://127.0.0.1:1/files/1";
  r.state = UploadState::verified;
  r.intended = t0 + 1s;
  r.possible = r.intended;
  r.started = t0 + 1010ms;
  r.created = t0 + 1020ms;
  r.uploaded = r.ended = t0 + 1s + took;
  r.resume_times = {1500us};
  r.requests = 3;
  r.cuts = {{Bytes{10}, transport::Cut::Kind::silent, Loses::answer}};
  Attempt attempt{t0 + 1010ms, t0 + 1020ms, Method::post, AttemptEnd::answered, 201};
  r.trace.add(attempt);
  r.trace.add({t0 + 1020ms, t0 + 1100ms, Method::patch, AttemptEnd::network, 0, true, Bytes{0},
               Bytes{500}});
  r.trace.add({t0 + 1200ms, std::nullopt, Method::head});
  r.trace.in_vain[2] = Bytes{12};
  return r;
}

UploadResult failed_of(std::uint64_t index, const std::string& cause) {
  auto r = upload_of(index, 50ms);
  r.state = UploadState::failed;
  r.uploaded.reset();
  r.cause = Cause{cause, "what the server said"};
  return r;
}

/// Results with a value in every field.
Results full() {
  Results r;
  r.version = "0.1.0";
  r.run_id = "0123456789ab";
  r.target = "http://127.0.0.1:1/files";
  r.system = "dex";
  r.description = "An afternoon";
  r.seed = UINT64_MAX;
  r.scale = 0.05;
  r.begun = 1'700'000'000'123ms;
  r.verified_by = VerifyMethod::digest;
  r.removed = 1;
  r.left_behind = 2;
  r.notes = {"a note"};
  r.settings = {{"size", "8MiB"}, {"fail-if", "failed>0"}};
  r.rules = {VerifyMethod::automatic, true, {3, 0.5}, 30s, {*Criterion::parse("failed>0")}};
  r.ending.conditions_hit = {"failed>0 (it is 1)"};
  for (const auto& upload : {upload_of(1, 200ms), failed_of(2, "PATCH: 500")}) r.stats.add(upload);
  r.stats.loop_lag.add(90us);
  r.stats.slowest_second = Bytes{7};
  r.stats.cuts_digest = 0xfedcba9876543210;
  r.groups = {{"labs", "dex", "flaky", "hl7", "8MiB", r.stats}, {"clinics", "tus", "", "", "", {}}};
  r.groups[0].region = "north";
  r.groups[0].settings = {{"count", "2"}, {"over", "5s"}};
  r.groups[1].region = "";
  r.phases = {{"morning", PhaseKind::ramp, 0ms, 10s, r.stats},
              {"night", PhaseKind::drain, 10s, std::nullopt, {}}};
  r.events = {{"outage", 2s, 3s, 0, 0.5, {"labs"}, "north"}, {"answer", 6s, 0s, 502, 1, {}, ""}};
  r.events[0].toll = Toll{2, 1, 1, 200ms};
  for (std::uint64_t i = 1; i <= 12; ++i) {
    SecondResults second;
    second.figures.number = i;
    second.figures.in_flight = i < 10 ? 2 : 0;
    second.figures.acknowledged = Bytes{i > 2 && i <= 5 ? 0 : 1000 * i};
    second.figures.phase = i > 10 ? 1 : 0;
    second.figures.verifying = i == 12;
    second.figures.loop_lag_max = 300us;
    second.figures.groups.resize(2);
    second.end_to_end = {{100, 2}, {1200, i}};
    r.seconds.push_back(second);
  }
  r.stats.last_end = t0 + 11s;
  r.specimens = {{true, true, false, upload_of(1, 200ms)},
                 {false, false, true, failed_of(2, "PATCH: 500")}};
  return r;
}

TEST(Results, AreReadAsTheyWereWritten) {
  const std::string text = results_json(full());
  const auto read = parse_results(text, "results.json");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(results_json(*read), text);
  EXPECT_EQ(read->specimens.at(0).upload, full().specimens.at(0).upload);
  EXPECT_EQ(read->seconds, full().seconds);
  EXPECT_EQ(read->events, full().events);
  EXPECT_EQ(summary_fields(read->stats), summary_fields(full().stats));
  EXPECT_EQ(read->verdict(), full().verdict());
  EXPECT_EQ(read->seed, UINT64_MAX);
  EXPECT_EQ(read->groups[0].settings, full().groups[0].settings);
  EXPECT_TRUE(read->events[0].concerns(read->groups[0]));
  EXPECT_FALSE(read->events[0].concerns(read->groups[1]));
  EXPECT_TRUE(read->events[1].concerns(read->groups[1]));
  const Results nothing;
  EXPECT_TRUE(parse_results(results_json(nothing), "x")) << "a run that was refused its token";
}

TEST(Results, OfOldFilesLackWhatCameLater) {
  json old = json::parse(results_json(full()));
  for (auto& group : old["groups"]) {
    group.erase("region");
    group.erase("settings");
  }
  for (auto& event : old["events"]) event.erase("toll");
  const auto read = parse_results(old.dump(), "results.json");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(json::parse(results_json(*read)), old);
  EXPECT_FALSE(read->events[0].toll);
  EXPECT_TRUE(read->events[0].concerns(read->groups[0])) << "it may";
  EXPECT_FALSE(read->events[0].concerns(read->groups[1])) << "another is named";
}

TEST(Results, AreThoseOfTheFixture) {
  const std::string file = DEX_FIXTURES "/results/two-labs.json";
  const auto read = read_results(file);
  ASSERT_TRUE(read) << read.error().line();
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(json::parse(results_json(*read)), json::parse(text))
      << "another format needs another number";
}

std::string refusal(const std::string& text) {
  const auto read = parse_results(text, "results.json");
  return read ? "" : read.error().line();
}

TEST(Results, OfStrangersAreRefusedInOneLine) {
  const json good = json::parse(results_json(full()));
  const std::pair<const char*, std::function<void(json&)>> wrong[] = {
      {"format: it is 2", [](json& j) { j["format"] = 2; }},
      {"another program", [](json& j) { j["tool"] = "vegeta"; }},
      {"stats", [](json& j) { j.erase("stats"); }},
      {"sttas", [](json& j) { j["sttas"] = 1; }},
      {"stats.started", [](json& j) { j["stats"]["started"] = -1; }},
      {"stats.started", [](json& j) { j["stats"]["started"] = 1e300; }},
      {"more than there can be", [](json& j) { j["stats"]["started"] = UINT64_MAX; }},
      {"stats.cuts_digest", [](json& j) { j["stats"]["cuts_digest"] = "xyz"; }},
      {"stats.service.count", [](json& j) { j["stats"]["service"]["count"] = 9; }},
      {"stats.service", [](json& j) { j["stats"]["service"]["max_us"] = 9; }},
      {"no such bucket", [](json& j) { j["stats"]["service"]["buckets"][0][0] = 2532; }},
      {"buckets ascend",
       [](json& j) {
         j["stats"]["service"]["buckets"] = {{5, 1}, {5, 1}};
       }},
      {"seconds.started: 11 values for 12", [](json& j) { j["seconds"]["started"].erase(0); }},
      {"do not go on", [](json& j) { j["seconds"]["second"][3] = 1; }},
      {"no such phase", [](json& j) { j["seconds"]["phase"][3] = 2; }},
      {"of no group", [](json& j) { j["uploads"][0]["upload"]["group"] = 7; }},
      {"state", [](json& j) { j["uploads"][0]["upload"]["state"] = "good"; }},
      {"fail_if", [](json& j) { j["rules"]["fail_if"] = {"failed>"}; }},
      {"so far away", [](json& j) { j["events"][0]["at_ms"] = INT64_MIN + 1; }},
      {"seed", [](json& j) { j["seed"] = "17"; }},
  };
  for (const auto& [says, spoil] : wrong) {
    json spoilt = good;
    spoil(spoilt);
    EXPECT_THAT(refusal(spoilt.dump()),
                AllOf(HasSubstr(says), HasSubstr("results.json"), Not(HasSubstr("\n"))));
  }
  const std::string text = good.dump();
  for (std::size_t at = 0; at < text.size(); at += 997) {
    EXPECT_THAT(refusal(text.substr(0, at)),
                AllOf(HasSubstr("results.json"), Not(HasSubstr("\n"))));
  }
  testkit::TempFolder folder;
  const auto huge = folder.path() / "results.json";
  std::ofstream(huge).put('{');
  std::filesystem::resize_file(huge, results_limit.value + 1);  // sparse
  const auto read = read_results(folder.path().string());
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().line(), HasSubstr("larger than 256.0 MiB"));
  EXPECT_FALSE(read_results((folder.path() / "none").string()));
}

TEST(Histogram, IsWhatItsBucketsAre) {
  Histogram h;
  for (const auto value : {0us, 1us, 999us, 1000us, 250'000us, 90'000'000'000us}) h.add(value);
  const auto again = Histogram::of(h.counts(), static_cast<double>(h.sum_us()), h.min(), h.max());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->buckets(), h.buckets());
  EXPECT_EQ(again->percentile_ms(50), h.percentile_ms(50));
  EXPECT_EQ(again->mean_ms(), h.mean_ms());
  // The formula that the schema tells.
  for (const auto& [bucket, count] : h.counts()) {
    if (bucket < 0 || bucket == Histogram::last_bucket) continue;
    EXPECT_NEAR(Histogram::upper_us(bucket),
                std::pow(86'400'000'000., (bucket + 1.) / Histogram::inner_buckets),
                Histogram::upper_us(bucket) * 1e-9);
  }
  EXPECT_FALSE(Histogram::of({{5, 1}}, 0, 0us, 0us));
  EXPECT_FALSE(Histogram::of({}, 1, 0us, 0us));
}

TEST(Specimens, OfPartsAreThoseOfTheWhole) {
  Specimens whole(7);
  std::vector<Specimens> parts(3, Specimens(7));
  for (std::uint64_t i = 0; i < 3000; ++i) {
    auto upload = upload_of(i, std::chrono::milliseconds(i * 7919 % 1000));
    if (i % 10 == 0) upload = failed_of(i, fmt::format("cause {:02}", i % 37));
    whole.add(upload);
    parts[i % 3].add(upload);
  }
  Specimens merged(7);
  for (auto& part : parts) {
    for (const auto& one : part.take()) merged.add(one.upload);
  }
  const auto expected = whole.take();
  const auto found = merged.take();
  ASSERT_EQ(found.size(), expected.size());
  std::size_t sampled = 0, slow = 0, bad = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].upload, expected[i].upload);
    EXPECT_EQ(found[i].sampled, expected[i].sampled);
    EXPECT_EQ(found[i].slow, expected[i].slow);
    EXPECT_EQ(found[i].bad, expected[i].bad);
    sampled += found[i].sampled ? 1 : 0;
    slow += found[i].slow ? 1 : 0;
    bad += found[i].bad ? 1 : 0;
  }
  EXPECT_EQ(sampled, Specimens::sampled);
  EXPECT_EQ(slow, Specimens::slowest);
  EXPECT_EQ(bad, Specimens::causes * Specimens::of_a_cause);
}

TEST(Trace, IsBoundedAndKeepsBothEnds) {
  Trace trace;
  for (int i = 0; i < 200; ++i) {
    trace.add({t0 + std::chrono::seconds(i), t0 + std::chrono::seconds(i + 1), Method::get});
  }
  ASSERT_EQ(trace.attempts.size(), Trace::first + Trace::last);
  EXPECT_EQ(trace.left_out, 200 - Trace::first - Trace::last);
  EXPECT_EQ(trace.attempts.at(Trace::first - 1).begin, t0 + 39s);
  EXPECT_EQ(trace.attempts.back().begin, t0 + 199s);
}

/// Sends the part of a file from `at` on.
void bring(TraceLink& link, Bytes at, Bytes size) {
  LoadRequest request;
  request.method = "PATCH";
  request.source = [](Bytes, std::span<std::byte> into) { return into.size(); };
  request.source_size = size;
  request.file_at = at;
  link.send(std::move(request), [](const LoadOutcome&) {});
}

TEST(TraceLink, BooksWhatWasSentInVainOnTheWayInWhichItsRequestEnded) {
  LoadOutcome next;
  FakeTransport loop([&](const LoadRequest&) { return next; });
  TraceLink link(loop);
  const auto ends = [&](LoadOutcome outcome, std::uint64_t sent, std::uint64_t at) {
    next = std::move(outcome);
    next.sent = Bytes{sent};
    bring(link, Bytes{at}, Bytes{100 - at});
    loop.run();
  };
  ends(lost(transport::Cut::Kind::reset), 60, 0);  // 20 of these in vain
  ends(answer(503), 30, 40);                       // all in vain
  ends(broken(Failure::Kind::timeout), 50, 40);    // 10 in vain
  ends(broken(), 5, 80);                           // all in vain
  ends(answer(204), 20, 80);
  LoadRequest head;
  head.method = "HEAD";
  link.send(std::move(head), [](const LoadOutcome&) {});  // still under way
  const Trace trace = link.trace(Bytes{165}, Bytes{100});
  const auto in_vain = [&](AttemptEnd how) {
    return trace.in_vain.at(static_cast<std::size_t>(how)).value;
  };
  EXPECT_EQ(in_vain(AttemptEnd::network), 20U);
  EXPECT_EQ(in_vain(AttemptEnd::refused), 30U);
  EXPECT_EQ(in_vain(AttemptEnd::silence), 10U);
  EXPECT_EQ(in_vain(AttemptEnd::connection), 5U);
  EXPECT_EQ(in_vain(AttemptEnd::answered), 0U) << "the sum is what was sent less what is there";
  ASSERT_EQ(trace.attempts.size(), 6U);
  EXPECT_EQ(trace.attempts[1].status, 503);
  EXPECT_EQ(trace.attempts[1].at, Bytes{40});
  EXPECT_EQ(trace.attempts.back().method, Method::head);
  EXPECT_FALSE(trace.attempts.back().end);
  EXPECT_EQ(link.trace(Bytes{200}, Bytes{100}).in_vain.back(), Bytes{35})
      << "what a request under way has sent";
  EXPECT_EQ(link.trace(Bytes{160}, Bytes{100}).in_vain,
            (BytesByEnd{{{}, Bytes{30}, Bytes{20}, {}, Bytes{10}, {}, {}}}));
}

TEST(TraceLink, BooksNothingForWhatArrivedAfterAll) {
  LoadOutcome next;
  FakeTransport loop([&](const LoadRequest&) { return next; });
  TraceLink link(loop);
  const auto ends = [&](LoadOutcome outcome, std::uint64_t sent, std::uint64_t at) {
    next = std::move(outcome);
    next.sent = Bytes{sent};
    bring(link, Bytes{at}, Bytes{100 - at});
    loop.run();
  };
  ends(broken(), 90, 0);
  ends(answer(409), 0, 20);  // from the offset that the server told, but by then it had more
  ends(answer(204), 10, 90);
  EXPECT_EQ(link.trace(Bytes{100}, Bytes{100}).in_vain, BytesByEnd{});
}

std::string findings(const Results& results) {
  std::string all;
  for (const auto& one : findings_of(results)) all += one.text + "\n";
  return all;
}

TEST(Findings, SayWhatWentWrongAndWhoseItIs) {
  auto results = full();
  const std::string told = findings(results);
  EXPECT_THAT(told, HasSubstr("1 upload of 2 did not end well. Most often because of PATCH: 500"));
  EXPECT_THAT(told, HasSubstr("Nothing was sent or acknowledged from 2 s to 5 s"));
  EXPECT_THAT(told, HasSubstr("outage from 2 s to 5 s (labs, region north, 50 % of the partners)"));
  EXPECT_THAT(told, HasSubstr("cut by the partner's network"));
  EXPECT_THAT(told, HasSubstr("This machine was not the limit"));
  results.events.clear();
  for (auto& second : results.seconds) second.figures.sent = Bytes{1};
  EXPECT_THAT(findings(results), Not(HasSubstr("Nothing was sent")))
      << "of a long request nothing is acknowledged while it goes on";
  for (auto& second : results.seconds) second.figures.sent = {};
  EXPECT_THAT(findings(results), HasSubstr("No event of the scenario is at that time"));
  EXPECT_THAT(findings(results), Not(HasSubstr("slow to answer")));
  for (auto& one : results.specimens) {
    one.sampled = true;
    one.upload.trace = {};
    for (int i = 0; i < 6; ++i) {
      one.upload.trace.add({t0, t0 + 2s, Method::post, AttemptEnd::answered, 201});
    }
  }
  EXPECT_THAT(findings(results), HasSubstr("The server is slow to answer"));
  results.stats.late_starts = 2;
  EXPECT_THAT(findings(results), HasSubstr("This machine may have been the limit"));
}

TEST(Page, ShowsEverythingAndEscapesStrangers) {
  const std::string hostile = "</title><script>alert(1)</script><svg onload=x>\"'";
  auto results = full();
  results.description = results.target = results.run_id = hostile;
  results.notes = {hostile};
  results.stats.causes[hostile] = {3, hostile};
  for (auto& group : results.groups) group.name = hostile;
  for (auto& phase : results.phases) phase.name = hostile;
  for (auto& event : results.events) event.event = event.region = hostile;
  for (auto& one : results.specimens) {
    one.upload.name = one.upload.url = hostile;
    one.upload.cause = Cause{hostile, hostile};
    one.bad = true;
  }
  results.settings = {{hostile, hostile}};
  // Also as a stranger's file has it.
  const auto read = parse_results(results_json(results), "x");
  ASSERT_TRUE(read) << read.error().line();
  const std::string page = report_page(*read);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<svg onload")));
  for (const char* const section :
       {"What was found", "Over time", "Latency", "Where the waste went", "Single uploads",
        "Settings and versions"}) {
    EXPECT_THAT(page, HasSubstr(section));
  }
  Results nothing;
  nothing.ending.stopped = Stop{ExitCode::unreachable, "target unreachable"};
  EXPECT_THAT(report_page(nothing), HasSubstr("target unreachable"));
}

/// Up to the end of the section.
std::string section_of(const std::string& page, const std::string& id) {
  const auto from = page.find("<h2 id=\"" + id + "\"");
  return page.substr(from, page.find("</section>", from) - from);
}

TEST(Page, TellsOfEveryLostRequestAndSaysNoneWhereThereWasNothing) {
  auto results = full();
  results.specimens[0].upload.cuts.clear();  // an outage is no cut
  results.specimens[0].upload.retries = 7;
  const std::string slow = report_page(results);
  EXPECT_THAT(section_of(slow, "uploads"), HasSubstr("requests lost</th>"));
  EXPECT_THAT(section_of(slow, "uploads"),
              HasSubstr(R"(<td class="n">1</td><td class="n">7</td>)"));
  EXPECT_THAT(section_of(slow, "settings"), HasSubstr("fedcba9876543210"));
  results.stats.cuts = results.stats.cuts_digest = 0;
  results.stats.acknowledged = results.stats.sent;
  const std::string none = report_page(results);
  EXPECT_THAT(section_of(none, "settings"), HasSubstr("none: there were no cuts"));
  EXPECT_THAT(section_of(none, "waste"), HasSubstr("and none of it in vain"));
  EXPECT_THAT(section_of(none, "waste"), HasSubstr("<dt>cuts by the network</dt><dd>none</dd>"));
}

TEST(Page, NamesWhomAnEventIsAboutAndLeavesItOutWhereNobodyIs) {
  auto results = full();
  results.groups.resize(8, results.groups[1]);
  for (auto& second : results.seconds) second.figures.groups.resize(8);
  results.groups[7].name = "far";
  results.events = {{"outage", 2s, 3s, 0, 1, {}, "north"}, {"restart", 6s, 1s, 0, 1, {"far"}, ""}};
  const std::string page = report_page(results);
  const auto plot = [&](const std::string& id) {
    const auto from = page.find("id=\"" + id + "-title\"");
    return page.substr(from, page.find("</svg>", from) - from);
  };
  EXPECT_THAT(plot("time-goodput"), AllOf(HasSubstr("outage: north"), HasSubstr("restart: far")));
  EXPECT_THAT(plot("time-groups"), AllOf(HasSubstr("outage: labs"), Not(HasSubstr("restart"))))
      << "of six groups, none of which that one meets";
  for (auto& group : results.groups) group.region.reset();  // of an old file
  const std::string old = report_page(results);
  const auto from = old.find("id=\"time-groups-title\"");
  EXPECT_THAT(old.substr(from, old.find("</svg>", from) - from), HasSubstr("outage: north"));
}

TEST(Page, DoesNotTellAsOfTheRunWhatGroupsHaveOtherwise) {
  auto results = full();
  results.settings = {{"size", "1MiB"}, {"concurrency", "10"}, {"stall-timeout", "30s"}};
  results.groups[1].size = "64KiB";
  results.groups[0].settings = {{"count", "2"}, {"stall_timeout", "4s"}};
  results.groups[1].settings = {{"count", "3"}, {"stall_timeout", "30s"}};
  const std::string told = section_of(report_page(results), "settings");
  const auto row = [](const char* flag, const std::string& value) {
    return fmt::format(R"(<th scope="row" class="t">--{}</th><td>{}</td>)", flag, value);
  };
  const std::string by_group = "as each group of partners has it (below)";
  EXPECT_THAT(told, HasSubstr(row("size", by_group)));
  EXPECT_THAT(told, HasSubstr(row("concurrency", by_group)));
  EXPECT_THAT(told, HasSubstr(row("stall-timeout", "<code>30s</code>"))) << "one has it";
  EXPECT_THAT(told, HasSubstr("<td>north</td><td>count 2, stall_timeout 4s</td>"));
  results.groups[1].settings.reset();  // of 0.1.0
  EXPECT_THAT(section_of(report_page(results), "settings"),
              HasSubstr(row("concurrency", "<code>10</code>")));
}

TEST(Page, DoesNotPraiseASecondThatMakesUpForOthers) {
  auto results = full();
  results.events.clear();
  for (auto& second : results.seconds) second.figures.acknowledged = Bytes{1000};
  results.seconds[8].figures.acknowledged = Bytes{10U << 20U};
  EXPECT_THAT(report_page(results), HasSubstr("most was acknowledged at 9 s, 10 MiB/s."));
  results.events = {{"outage", 5s, 3s, 0, 1, {}, ""}};
  EXPECT_THAT(report_page(results), Not(HasSubstr("most was acknowledged")));
}

TEST(Findings, TellTheLoopsLagInRounds) {
  auto results = full();
  results.stats.loop_lag = {};
  for (int i = 0; i < 200; ++i) results.stats.loop_lag.add(2ms);
  results.stats.loop_lag.add(59ms);
  EXPECT_THAT(findings(results),
              HasSubstr("in 99 of 100 rounds its loop was at most 2.0 ms late, and once 59.0 ms"));
}

TEST(Page, DrawsSilenceOtherwiseThanAResetAndMarksAboveBars) {
  auto results = full();
  auto& upload = results.specimens[0].upload;
  upload.trace = {};
  upload.trace.add({t0 + 2s, t0 + 6s, Method::post, AttemptEnd::network});
  upload.trace.add({t0 + 6s, t0 + 8s, Method::post, AttemptEnd::answered, 201});
  const auto count = [](const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  const auto drawn = [&] {
    const std::string page = report_page(results);
    const auto from = page.find("id=\"uploads-slow-title\"");
    return page.substr(from, page.find("</svg>", from) - from);
  };
  upload.cuts.clear();
  const std::string outage = drawn();
  EXPECT_EQ(count(outage, "class=\"h2\""), 1U) << "nobody is told of an outage";
  EXPECT_EQ(count(outage, "class=\"f2\""), 0U);
  EXPECT_THAT(report_page(results), HasSubstr("Each row begins when its upload was due"));
  EXPECT_LT(outage.rfind("<rect"), outage.find("\xc3\x97")) << "no bar is drawn over a mark";
  EXPECT_THAT(outage, HasSubstr(", at 1.0 s<"));
  upload.cuts = {{Bytes{10}, transport::Cut::Kind::reset, Loses::answer}};
  EXPECT_EQ(count(drawn(), "class=\"f2\""), 1U);
  upload.cuts = {{Bytes{10}, transport::Cut::Kind::silent, Loses::answer}};
  EXPECT_EQ(count(drawn(), "class=\"h2\""), 1U);
  upload.trace.attempts[0].how = AttemptEnd::silence;
  EXPECT_EQ(count(drawn(), "class=\"h2\""), 1U);
  upload.trace.attempts[0].how = AttemptEnd::connection;
  EXPECT_EQ(count(drawn(), "class=\"f2\""), 1U);
}

TEST(Page, SaysWhatItsAxesAreAndEachTitleOnce) {
  const std::string page = report_page(full());
  const std::string time = section_of(page, "time");
  EXPECT_THAT(time, HasSubstr("Each point tells of the time before it: the one at 6 s is from 5 s "
                              "to there."));
  EXPECT_LT(time.find("Events of the scenario"), time.find("<figure"));
  EXPECT_THAT(section_of(page, "latency"), HasSubstr("their axis is logarithmic, from 1 ms to"));
  EXPECT_THAT(section_of(page, "uploads"),
              Not(HasSubstr("<caption>The slowest uploads</caption>")));
}

TEST(Page, IsUnderTwoMegabytesHoweverMuchThereWas) {
  auto results = full();
  results.groups.resize(6, results.groups.front());
  results.phases.resize(20, results.phases.front());
  results.events.resize(20, results.events.front());
  results.seconds.clear();
  for (std::uint64_t i = 1; i <= 86'400; ++i) {
    SecondResults second;
    second.figures.number = i;
    second.figures.acknowledged = Bytes{i * 7919 % 1'000'003};
    second.figures.groups.resize(6);
    second.end_to_end = {{1200, i % 7 + 1}, {1700, 1}};
    results.seconds.push_back(std::move(second));
  }
  Specimens specimens(1);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    auto upload = i % 2 == 0 ? upload_of(i, std::chrono::milliseconds(i))
                             : failed_of(i, fmt::format("cause {}", i) + std::string(300, 'x'));
    for (int n = 0; n < 200; ++n) {
      upload.trace.add({t0 + 1s + std::chrono::milliseconds(n), t0 + 2s, Method::patch,
                        AttemptEnd::connection, 0, true, Bytes{1U << 30U}, Bytes{1U << 20U}});
    }
    specimens.add(upload);
    results.stats.add(upload);
  }
  results.specimens = specimens.take();
  EXPECT_LT(report_page(results).size(), 2'000'000U);
}

}  // namespace
}  // namespace loadgen
