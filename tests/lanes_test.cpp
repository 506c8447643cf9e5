// Lanes of one real server: many tests at once that never see each other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "programs.hpp"
#include "protocol/http/date.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"

namespace {

using nlohmann::json;
using programs::Mock;
using ::testing::HasSubstr;
using transport::Client;
using transport::Response;

/// A way to reach a lane: the base of its URLs, and the header fields that each request needs.
struct Way {
  std::string base;
  http::Fields headers;
};

Response send(Client& client, const Way& way, const std::string& method, const std::string& path,
              http::Fields headers = {}, std::optional<std::string> body = std::nullopt) {
  transport::Request request;
  request.method = method;
  request.url = path.starts_with("http") ? path : way.base + path;
  request.headers = std::move(headers);
  request.headers.add("Tus-Resumable", "1.0.0");
  for (const auto& field : way.headers) request.headers.add(field.name, field.value);
  request.body = std::move(body);
  auto exchange = client.send(request);
  if (!exchange.response) {
    ADD_FAILURE() << method << " " << request.url << ": "
                  << (exchange.failure ? exchange.failure->message : "no response");
    return {};
  }
  return std::move(*exchange.response);
}

Response control(Client& client, const Way& way, const std::string& method, const std::string& path,
                 const json& body) {
  return send(client, way, method, "/_mock/" + path, {{"Content-Type", "application/json"}},
              body.dump());
}

json look(Client& client, const Way& way, const std::string& path) {
  const auto response = send(client, way, "GET", "/_mock/" + path);
  EXPECT_EQ(response.status, 200) << path << ": " << response.body;
  return json::parse(response.body, nullptr, false);
}

Way by_header(const std::string& base, const std::string& lane) {
  return {base, {{"X-Dex-Lane", lane}}};
}
Way by_prefix(const std::string& base, const std::string& lane) {
  return {base + "/_lane/" + lane, {}};
}

std::string create(Client& client, const Way& way, std::size_t length) {
  const auto created =
      send(client, way, "POST", "/files", {{"Upload-Length", std::to_string(length)}});
  EXPECT_EQ(created.status, 201) << created.body;
  return std::string(created.headers.find("Location").value_or(""));
}

std::string id_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }

std::string offset_at(Client& client, const Way& way, const std::string& url) {
  const auto head = send(client, way, "HEAD", url);
  return head.status == 200 ? std::string(head.headers.find("Upload-Offset").value_or("none"))
                            : std::to_string(head.status);
}

Response patch(Client& client, const Way& way, const std::string& url, std::size_t offset,
               const std::string& bytes) {
  return send(client, way, "PATCH", url,
              {{"Upload-Offset", std::to_string(offset)},
               {"Content-Type", "application/offset+octet-stream"}},
              bytes);
}

/// A rule: the nth PATCH is answered with `status` and not carried out.
json nth_patch_fails(std::size_t nth, int status) {
  return {{"name", "own-fault"},
          {"when", {{"method", "PATCH"}, {"route", "upload"}, {"nth", nth}}},
          {"then", {{"reply", {{"early", true}, {"status", status}}}}}};
}

std::size_t count(const json& entries, const char* method) {
  std::size_t n = 0;
  for (const auto& entry : entries) n += entry.at("method") == method ? 1 : 0;
  return n;
}

// ---- 200 lanes at once

constexpr std::size_t lane_count = 200;
constexpr std::size_t threads = 8;
constexpr std::size_t patches = 6;
constexpr std::size_t chunk = 700;

/// A client that knows only one lane, with all that it must see there.
class Tenant {
 public:
  Tenant(std::size_t number, std::string main) : number_(number), main_{std::move(main), {}} {}

  [[nodiscard]] std::string name() const { return fmt::format("lane-{:03}", number_); }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] Way some_way() const { return by_header(main_.base, name()); }

  void open(Client& client) {
    json config{{"profile", "tus"},
                {"max_size", 1'000'000 + number_},
                {"rules", json::array({nth_patch_fails(failing(), status())})}};
    if (number_ % 3 == 2) config["listen"] = "127.0.0.1:0";
    const auto opened = control(client, main_, "PUT", "lanes/" + name(), config);
    ASSERT_EQ(opened.status, 201) << opened.body;
    if (number_ % 3 == 0) way_ = by_header(main_.base, name());
    if (number_ % 3 == 1) way_ = by_prefix(main_.base, name());
    if (number_ % 3 == 2) way_ = {json::parse(opened.body).at("listener").get<std::string>(), {}};
    EXPECT_EQ(
        control(client, way_, "POST", "clock", {{"advance", std::to_string(number_) + "h"}}).status,
        200);
  }

  void begin(Client& client) {
    const auto options = send(client, way_, "OPTIONS", "/files");
    EXPECT_EQ(options.headers.find("Tus-Max-Size"), std::to_string(1'000'000 + number_));
    const auto before = std::chrono::system_clock::now();
    const auto created =
        send(client, way_, "POST", "/files", {{"Upload-Length", std::to_string(length())}});
    ASSERT_EQ(created.status, 201) << created.body;
    url_ = std::string(*created.headers.find("Location"));
    EXPECT_TRUE(url_.starts_with(way_.base)) << url_;
    // Expires after the profile's 24 hours, by the clock of the lane.
    const auto expires =
        http::parse_imf_fixdate(std::string(created.headers.find("Upload-Expires").value_or("")));
    ASSERT_TRUE(expires) << name();
    const auto late = *expires - before - std::chrono::hours(24 + number_);
    EXPECT_LT(std::chrono::abs(late), std::chrono::minutes(5)) << name();
  }

  /// Sends the nth PATCH, counted from 1.
  void go_on(Client& client, std::size_t nth) {
    const auto answer = patch(client, way_, url_, offset_, bytes());
    if (nth == failing()) {
      EXPECT_EQ(answer.status, status()) << name();
      return;
    }
    EXPECT_EQ(answer.status, 204) << name() << ": " << answer.body;
    offset_ += chunk;
    EXPECT_EQ(answer.headers.find("Upload-Offset"), std::to_string(offset_)) << name();
  }

  void check(Client& client) const {
    EXPECT_EQ(offset_at(client, way_, url_), std::to_string(offset_));
    const auto rules = look(client, way_, "rules").at("rules");
    ASSERT_EQ(rules.size(), 1U);
    EXPECT_EQ(rules[0].at("fired"), 1) << name();
    const auto journal = look(client, way_, "journal?limit=1000").at("entries");
    EXPECT_EQ(count(journal, "OPTIONS"), 1U) << name();
    EXPECT_EQ(count(journal, "POST"), 1U) << name();
    EXPECT_EQ(count(journal, "PATCH"), patches) << name();
    EXPECT_EQ(count(journal, "HEAD"), 1U) << name();
    EXPECT_EQ(journal.size(), patches + 3) << name();
    std::size_t faulty = 0;
    for (const auto& entry : journal) {
      const bool about_no_upload = entry.at("method") == "OPTIONS";
      EXPECT_EQ(entry.at("upload"), about_no_upload ? json(nullptr) : json(id_of(url_))) << name();
      faulty += entry.at("status") == status() ? 1 : 0;
    }
    EXPECT_EQ(faulty, 1U) << name();
    const auto uploads = look(client, way_, "uploads").at("uploads");
    ASSERT_EQ(uploads.size(), 1U) << name();
    EXPECT_EQ(uploads[0].at("id"), id_of(url_));
    const auto shift = look(client, way_, "clock").at("shift_ms").get<std::int64_t>();
    EXPECT_EQ(shift, static_cast<std::int64_t>(number_) * 3'600'000) << name();
  }

  /// No other lane knows the upload. A request that names no lane finds the upload in its lane.
  void check_from_outside(Client& client, const Tenant& other) const {
    const auto path = "/files/" + id_of(url_);
    EXPECT_EQ(offset_at(client, main_, main_.base + path), std::to_string(offset_)) << name();
    EXPECT_EQ(send(client, other.way_, "HEAD", other.way_.base + path).status, 404);
    EXPECT_EQ(send(client, other.way_, "DELETE", other.way_.base + path).status, 404);
    EXPECT_EQ(send(client, other.way_, "GET", "/_mock/uploads/" + id_of(url_)).status, 404);
    EXPECT_EQ(patch(client, other.way_, other.way_.base + path, offset_, bytes()).status, 404);
  }

  /// Checks what has to survive a kill of the server.
  void check_after_restart(Client& client, const Tenant& other, const std::string& base) const {
    const auto url = base + "/files/" + id_of(url_);
    EXPECT_EQ(offset_at(client, {base, {}}, url), std::to_string(offset_)) << name();
    EXPECT_EQ(offset_at(client, by_header(base, name()), url), std::to_string(offset_)) << name();
    EXPECT_EQ(send(client, by_header(base, other.name()), "HEAD", url).status, 404) << name();
    const auto options = send(client, by_prefix(base, name()), "OPTIONS", "/files");
    EXPECT_EQ(options.headers.find("Tus-Max-Size"), std::to_string(1'000'000 + number_));
  }

 private:
  [[nodiscard]] std::size_t failing() const { return 1 + number_ % patches; }
  [[nodiscard]] int status() const { return 520 + static_cast<int>(number_ % 70); }
  [[nodiscard]] std::size_t length() const { return patches * chunk; }
  [[nodiscard]] std::string bytes() const {
    return std::string(chunk, static_cast<char>('a' + number_ % 26));
  }

  std::size_t number_;
  Way main_;
  Way way_;
  std::string url_;
  std::size_t offset_ = 0;
};

/// Every tenant takes this step, `threads` of them at a time.
template <class Step>
void all_at_once(std::vector<Tenant>& tenants, Step step) {
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      Client client({});
      for (std::size_t i = t; i < tenants.size(); i += threads) step(client, tenants[i], i);
    });
  }
  for (auto& thread : running) thread.join();
}

TEST(Lanes, TwoHundredAtOnceNeverSeeEachOther) {
  const testkit::TempFolder folder;
  const std::vector<std::string> arguments{"--profile", "tus", "--store",
                                           (folder.path() / "store").string()};
  auto mock = std::make_unique<Mock>(arguments);
  std::vector<Tenant> tenants;
  for (std::size_t i = 0; i < lane_count; ++i) tenants.emplace_back(i, mock->url());

  all_at_once(tenants, [](Client& c, Tenant& tenant, std::size_t) { tenant.open(c); });
  all_at_once(tenants, [](Client& c, Tenant& tenant, std::size_t) { tenant.begin(c); });
  for (std::size_t nth = 1; nth <= patches; ++nth) {
    all_at_once(tenants, [nth](Client& c, Tenant& tenant, std::size_t) { tenant.go_on(c, nth); });
  }
  all_at_once(tenants, [](Client& c, Tenant& tenant, std::size_t) { tenant.check(c); });
  all_at_once(tenants, [&](Client& c, Tenant& tenant, std::size_t i) {
    tenant.check_from_outside(c, tenants[(i + 1) % lane_count]);
  });

  Client client({});
  const Way main{mock->url(), {}};
  EXPECT_TRUE(look(client, main, "uploads").at("uploads").empty());
  EXPECT_TRUE(look(client, main, "journal").at("entries").empty());
  EXPECT_EQ(look(client, main, "lanes").at("lanes").size(), lane_count + 1);

  mock->process().kill();
  mock = std::make_unique<Mock>(arguments);
  all_at_once(tenants, [&](Client& c, Tenant& tenant, std::size_t i) {
    tenant.check_after_restart(c, tenants[(i + 1) % lane_count], mock->url());
  });

  // Closing one lane leaves the next one as it is.
  const Way again{mock->url(), {}};
  EXPECT_EQ(send(client, again, "DELETE", "/_mock/lanes/" + tenants[0].name()).status, 204);
  EXPECT_EQ(offset_at(client, again, mock->url() + "/files/" + id_of(tenants[0].url())), "404");
  tenants[1].check_after_restart(client, tenants[2], mock->url());
}

// ---- ways in

TEST(Lanes, TheListenerCountsBeforeThePrefixBeforeTheHeaderBeforeTheUpload) {
  Mock mock({"--profile", "tus", "--store", "memory", "--lane", "own=127.0.0.1:0"});
  Client client({});
  const Way main{mock.url(), {}};
  const auto own = look(client, main, "lanes/own").at("listener").get<std::string>();
  const auto red = create(client, by_header(mock.url(), "red"), 3);
  EXPECT_EQ(offset_at(client, main, red), "0");
  EXPECT_EQ(offset_at(client, by_header(mock.url(), "blue"), red), "404");
  const Way both{mock.url() + "/_lane/red", {{"X-Dex-Lane", "blue"}}};
  EXPECT_EQ(offset_at(client, both, both.base + "/files/" + id_of(red)), "0");
  EXPECT_EQ(offset_at(client, by_header(own, "red"), own + "/files/" + id_of(red)), "404");
  const auto there = create(client, {own, {}}, 3);
  EXPECT_EQ(offset_at(client, main, mock.url() + "/files/" + id_of(there)), "0");
  EXPECT_EQ(send(client, {own, {}}, "OPTIONS", "/_lane/red/files").status, 404);
}

TEST(Lanes, FinalsAreMadeOfPartsUnderTheSamePrefix) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const auto way = by_prefix(mock.url(), "red");
  const auto part =
      send(client, way, "POST", "/files", {{"Upload-Length", "3"}, {"Upload-Concat", "partial"}});
  ASSERT_EQ(part.status, 201) << part.body;
  const std::string url(*part.headers.find("Location"));
  ASSERT_EQ(patch(client, way, url, 0, "abc").status, 204);
  const auto path = url.substr(mock.url().size());
  for (const auto& name : {url, path, "/files/" + id_of(url), id_of(url)}) {
    // A bare id is resolved against /_lane/red/files (RFC 3986), and names no upload.
    const bool relative = name.find('/') == std::string::npos;
    const auto whole = send(client, way, "POST", "/files", {{"Upload-Concat", "final;" + name}});
    EXPECT_EQ(whole.status, relative ? 400 : 201) << name << ": " << whole.body;
  }
  const auto elsewhere = send(client, by_prefix(mock.url(), "blue"), "POST", "/files",
                              {{"Upload-Concat", "final;" + path}});
  EXPECT_EQ(elsewhere.status, 400);
}

TEST(Lanes, ANameThatIsNoneIsRefused) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  for (const auto& name : {std::string("a b"), std::string("a/b"), std::string("%41"),
                           std::string(65, 'x'), std::string("..")}) {
    const auto refused = send(client, by_header(mock.url(), name), "OPTIONS", "/files");
    EXPECT_EQ(refused.status, 400) << name;
    EXPECT_THAT(refused.body, HasSubstr("no lane's name"));
  }
  const Way two{mock.url(), {{"X-Dex-Lane", "a"}, {"X-Dex-Lane", "b"}}};
  EXPECT_EQ(send(client, two, "OPTIONS", "/files").status, 400);
  EXPECT_EQ(send(client, {mock.url(), {}}, "OPTIONS", "/_lane//files").status, 400);
  EXPECT_EQ(look(client, {mock.url(), {}}, "lanes").at("lanes").size(), 1U);
}

// ---- lanes that are opened by a request that names them

std::vector<std::string> entries(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

std::size_t lanes_of(Client& client, const std::string& url) {
  return look(client, {url, {}}, "lanes").at("lanes").size();
}

TEST(Lanes, NamesThatARequestMakesUpCostNothingForLong) {
  const testkit::TempFolder folder;
  const auto store = folder.path() / "store";
  const std::vector<std::string> arguments{"--profile", "tus", "--store", store.string()};
  auto mock = std::make_unique<Mock>(arguments);
  Client client({});
  const auto held = create(client, by_prefix(mock->url(), "held"), 3);
  ASSERT_EQ(
      control(client, by_header(mock->url(), "ruled"), "POST", "rules", nth_patch_fails(1, 599))
          .status,
      201);
  for (int i = 0; i < 1500; ++i) {
    const auto way = by_prefix(mock->url(), "made-up-" + std::to_string(i));
    EXPECT_EQ(send(client, way, "GET", "/x").status, 404) << i;
  }
  EXPECT_LE(lanes_of(client, mock->url()), 256U + 3);
  EXPECT_EQ(look(client, by_prefix(mock->url(), "made-up-1499"), "journal").at("last"), 1);
  EXPECT_EQ(look(client, by_header(mock->url(), "ruled"), "rules").at("rules").size(), 1U);
  EXPECT_EQ(offset_at(client, {mock->url(), {}}, held), "0");
  EXPECT_THAT(entries(store / "lanes"), testing::UnorderedElementsAre("held"))
      << "no other holds what a restart could lose";
  EXPECT_EQ(control(client, {mock->url(), {}}, "PUT", "lanes/declared", json::object()).status,
            201);

  mock->process().kill();
  mock = std::make_unique<Mock>(arguments);
  EXPECT_EQ(lanes_of(client, mock->url()), 3U)
      << "the main one, the declared one, the one that holds";
  EXPECT_EQ(
      offset_at(client, by_header(mock->url(), "held"), mock->url() + "/files/" + id_of(held)),
      "0");
}

TEST(Lanes, WhatHoldsSomethingIsKeptUpToALimitThatIsNotTheDeclaredOnes) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const Way main{mock.url(), {}};
  std::size_t opened = 0;
  while (opened <= 1100) {
    const auto way = by_prefix(mock.url(), "l" + std::to_string(opened));
    const auto created = send(client, way, "POST", "/files", {{"Upload-Length", "3"}});
    if (created.status != 201) {
      EXPECT_EQ(created.status, 429) << created.body;
      break;
    }
    ++opened;
  }
  EXPECT_EQ(opened, 1024U);
  EXPECT_EQ(send(client, by_prefix(mock.url(), "new"), "OPTIONS", "/files").status, 429);
  EXPECT_EQ(send(client, by_prefix(mock.url(), "l1"), "OPTIONS", "/files").status, 204);
  EXPECT_EQ(control(client, main, "PUT", "lanes/declared", json::object()).status, 201);
  EXPECT_EQ(send(client, main, "DELETE", "/_mock/lanes/l2").status, 204);
  EXPECT_EQ(send(client, by_prefix(mock.url(), "new"), "OPTIONS", "/files").status, 204);
}

TEST(Lanes, ThereAreOnlySoManyDeclaredOnes) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const Way main{mock.url(), {}};
  for (int i = 1; i < 1024; ++i) {
    const auto name = "lanes/d" + std::to_string(i);
    ASSERT_EQ(control(client, main, "PUT", name, json::object()).status, 201) << i;
  }
  const auto refused = control(client, main, "PUT", "lanes/d1024", json::object());
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("1024 lanes already"));
  EXPECT_EQ(send(client, by_prefix(mock.url(), "named"), "OPTIONS", "/files").status, 204);
}

TEST(Lanes, WhoIsRefusedLeavesNothing) {
  for (const std::string mode : {"jwt", "opaque"}) {
    const testkit::TempFolder folder;
    const auto store = folder.path() / "store";
    Mock mock({"--profile", "dex", "--store", store.string(), "--auth", mode, "--secure"});
    Client client({});
    for (const auto* const target :
         {"/x", "/files/x", "/info/x", "/files", "/version", "/metrics", "/oauth"}) {
      for (const auto* const method : {"GET", "POST", "PATCH", "DELETE"}) {
        if (target == std::string("/oauth") && method == std::string("POST")) continue;
        send(client, by_prefix(mock.url(), "refused"), method, target);
      }
    }
    EXPECT_EQ(lanes_of(client, mock.url()), 1U) << mode;
    // A request that needs no credential opens a lane, but leaves nothing on disk.
    for (const auto* const target : {"/health", "/oauth/jwks", "/"}) {
      EXPECT_EQ(send(client, by_prefix(mock.url(), "let-in"), "GET", target).status, 200);
    }
    EXPECT_EQ(send(client, by_prefix(mock.url(), "let-in"), "POST", "/oauth",
                   {{"Content-Type", "application/x-www-form-urlencoded"}},
                   "username=demo&password=guess")
                  .status,
              400);
    EXPECT_EQ(lanes_of(client, mock.url()), 2U) << mode;
    EXPECT_THAT(entries(store / "lanes"), testing::IsEmpty()) << mode;
  }
}

TEST(Lanes, TokensOfOneThatARequestNamedOutliveAKill) {
  for (const std::string mode : {"jwt", "opaque"}) {
    const testkit::TempFolder folder;
    const std::vector<std::string> arguments{
        "--profile", "tus", "--store", (folder.path() / "store").string(), "--auth", mode};
    auto mock = std::make_unique<Mock>(arguments);
    Client client({});
    const auto answer = send(client, by_prefix(mock->url(), "red"), "POST", "/oauth",
                             {{"Content-Type", "application/x-www-form-urlencoded"}},
                             "username=demo&password=demo");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const http::Fields token{
        {"Authorization",
         "Bearer " + json::parse(answer.body).at("access_token").get<std::string>()}};
    mock->process().kill();
    mock = std::make_unique<Mock>(arguments);
    EXPECT_EQ(lanes_of(client, mock->url()), 2U) << mode;
    EXPECT_EQ(send(client, by_prefix(mock->url(), "red"), "HEAD", "/files/x", token).status, 404)
        << mode;
    EXPECT_EQ(send(client, by_prefix(mock->url(), "blue"), "HEAD", "/files/x", token).status, 401)
        << mode;
  }
}

TEST(Lanes, OneThatARequestNamedMakesWayForADeclaredOne) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const Way main{mock.url(), {}};
  EXPECT_EQ(send(client, by_prefix(mock.url(), "red"), "GET", "/x").status, 404);
  EXPECT_EQ(control(client, main, "PUT", "lanes/red", {{"max_size", 7}}).status, 201);
  EXPECT_EQ(
      send(client, by_prefix(mock.url(), "red"), "OPTIONS", "/files").headers.find("Tus-Max-Size"),
      "7");
  create(client, by_prefix(mock.url(), "blue"), 3);
  EXPECT_EQ(control(client, main, "PUT", "lanes/blue", json::object()).status, 409);
}

TEST(Lanes, FoldersOfLanesThatHoldNothingAreClearedAtAStart) {
  const testkit::TempFolder folder;
  for (const std::string name : {"litter", "delivered"}) {
    for (const std::string file : {"access-tokens.jsonl", "refresh-tokens.jsonl", "issuers"}) {
      folder.write("store/lanes/" + name + "/auth/" + file, "");
    }
  }
  folder.write("store/lanes/delivered/deliveries/2026/a.txt", "somebody's");
  Mock mock({"--profile", "dex", "--store", (folder.path() / "store").string()});
  Client client({});
  EXPECT_EQ(lanes_of(client, mock.url()), 1U);
  EXPECT_THAT(entries(folder.path() / "store" / "lanes"), testing::ElementsAre("delivered"));
  EXPECT_EQ(folder.read("store/lanes/delivered/deliveries/2026/a.txt"), "somebody's");
}

TEST(Lanes, AFreshNameBuysNoFreshGuesses) {
  Mock mock({"--profile", "tus", "--store", "memory", "--auth", "opaque", "--secure"});
  Client client({});
  const auto log_in = [&](const Way& way, const std::string& password) {
    return send(client, way, "POST", "/oauth",
                {{"Content-Type", "application/x-www-form-urlencoded"}},
                "username=demo&password=" + password)
        .status;
  };
  int looked_at = 0;
  for (int i = 0; i < 40; ++i) {
    looked_at += log_in(by_prefix(mock.url(), "n" + std::to_string(i)), "guess") == 400 ? 1 : 0;
  }
  EXPECT_EQ(looked_at, 20);
  EXPECT_EQ(log_in(by_prefix(mock.url(), "another"), "demo"), 429);
  EXPECT_EQ(log_in({mock.url(), {}}, "demo"), 200) << "the main lane counts for itself";
}

TEST(Lanes, AFileSaysHowOneIsConfigured) {
  const testkit::TempFolder folder;
  const auto file =
      folder.write("red.json", R"({"profile": "tus", "max_size": 5, "listen": "127.0.0.1:0"})");
  Mock mock({"--profile", "dex", "--store", "memory", "--lane", "red=" + file});
  Client client({});
  const auto red = look(client, {mock.url(), {}}, "lanes/red").at("listener").get<std::string>();
  EXPECT_THAT(mock.process().out(), HasSubstr("lane red " + red + "\n"));
  EXPECT_EQ(send(client, {red, {}}, "OPTIONS", "/files").headers.find("Tus-Max-Size"), "5");
  EXPECT_EQ(send(client, {red, {}}, "GET", "/health").status, 404) << "it is no DEX server";
  EXPECT_EQ(send(client, {mock.url(), {}}, "GET", "/health").status, 200);
}

TEST(Lanes, AListenerHasLimitsOfItsOwn) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const json config{{"listen", "127.0.0.1:0"},
                    {"limits", {{"read_timeout", "100ms"}, {"header_bytes", "1KiB"}}}};
  const auto opened = control(client, {mock.url(), {}}, "PUT", "lanes/red", config);
  ASSERT_EQ(opened.status, 201) << opened.body;
  const Way red{json::parse(opened.body).at("listener").get<std::string>(), {}};
  const std::string long_value(2000, 'x');
  EXPECT_EQ(send(client, red, "OPTIONS", "/files", {{"X-Long", long_value}}).status, 431);
  EXPECT_EQ(send(client, {mock.url(), {}}, "OPTIONS", "/files", {{"X-Long", long_value}}).status,
            204);
  const auto url = create(client, red, 6);
  constexpr std::chrono::seconds patience{10};
  auto half = transport::RawConnection::open(red.base, {}, patience);
  ASSERT_TRUE(half) << half.error().line();
  ASSERT_TRUE(half->send("PATCH " + url.substr(url.find('/', 8)) +
                             " HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\n"
                             "Upload-Offset: 0\r\nContent-Length: 6\r\n"
                             "Content-Type: application/offset+octet-stream\r\n\r\nabc",
                         patience));
  const auto answer = half->read_response(patience);
  ASSERT_TRUE(answer.response);
  EXPECT_EQ(answer.response->status, 408);
}

TEST(Lanes, WhatCannotBeOpenedLeavesNothingBehind) {
  const testkit::TempFolder folder;
  const auto store = folder.path() / "store";
  Mock mock({"--profile", "tus", "--store", store.string()});
  Client client({});
  const Way main{mock.url(), {}};
  const std::string taken = mock.url().substr(mock.url().rfind('/') + 1);
  struct Bad {
    json config;
    std::string says;
  };
  for (const auto& [config, says] :
       {Bad{{{"profile", "no-such"}}, "no-such"}, Bad{{{"listen", taken}}, taken},
        Bad{{{"users", "/no/such/users.json"}}, "/no/such/users.json"},
        Bad{{{"profile", "dex"}, {"deliver", "/no/such.yml"}}, "/no/such.yml"},
        Bad{{{"rules", json::array({json::object()})}}, "rules[0]"}}) {
    const auto refused = control(client, main, "PUT", "lanes/red", config);
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_THAT(refused.body, HasSubstr(says));
    EXPECT_FALSE(std::filesystem::exists(store / "lanes" / "red")) << config;
  }
  EXPECT_EQ(control(client, main, "PUT", "lanes/red", json::object()).status, 201);
}

TEST(Lanes, TokensAreGoodInTheirLaneOnly) {
  const testkit::TempFolder folder;
  Mock mock({"--profile", "tus", "--auth", "jwt", "--issuer", "https://main.example", "--store",
             (folder.path() / "store").string()});
  Client client({});
  const std::vector<Way> ways{
      {mock.url(), {}}, by_prefix(mock.url(), "red"), by_prefix(mock.url(), "blue")};
  std::vector<std::string> tokens;
  for (const auto& way : ways) {
    const auto answer =
        send(client, way, "POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
             "username=demo&password=demo");
    ASSERT_EQ(answer.status, 200) << answer.body;
    tokens.push_back(json::parse(answer.body).at("access_token").get<std::string>());
  }
  for (std::size_t i = 0; i < ways.size(); ++i) {
    for (std::size_t j = 0; j < tokens.size(); ++j) {
      const auto answer = send(client, ways[i], "POST", "/files",
                               {{"Upload-Length", "3"}, {"Authorization", "Bearer " + tokens[j]}});
      EXPECT_EQ(answer.status, i == j ? 201 : 401) << i << " " << j << ": " << answer.body;
    }
  }
}

// ---- reset and close

TEST(Lanes, AResetIsABeginning) {
  Mock mock({"--profile", "tus", "--auth", "opaque", "--store", "memory"});
  Client client({});
  const Way main{mock.url(), {}};
  const auto opened = control(client, main, "PUT", "lanes/red",
                              {{"rules", json::array({nth_patch_fails(1, 599)})}});
  ASSERT_EQ(opened.status, 201) << opened.body;
  const auto log_in = [&] {
    const auto answer = send(client, by_prefix(mock.url(), "red"), "POST", "/oauth",
                             {{"Content-Type", "application/x-www-form-urlencoded"}},
                             "username=demo&password=demo");
    auto way = by_prefix(mock.url(), "red");
    const auto token = json::parse(answer.body).at("access_token").get<std::string>();
    way.headers.add("Authorization", "Bearer " + token);
    return way;
  };
  const auto before = log_in();
  const auto url = create(client, before, 3);
  EXPECT_EQ(patch(client, before, url, 0, "abc").status, 599);
  EXPECT_EQ(patch(client, before, url, 0, "abc").status, 204);
  EXPECT_EQ(control(client, before, "POST", "clock", {{"advance", "10m"}}).status, 200);
  const auto foreign = by_prefix(mock.url(), "blue");
  EXPECT_EQ(send(client, {foreign.base, before.headers}, "HEAD", "/files/x").status, 401)
      << "a token is good in its lane only";

  EXPECT_EQ(control(client, before, "POST", "reset", json::object()).status, 204);
  EXPECT_EQ(offset_at(client, before, url), "401") << "its tokens are void";
  const auto after = log_in();
  EXPECT_EQ(offset_at(client, after, url), "404");
  EXPECT_TRUE(look(client, after, "uploads").at("uploads").empty());
  EXPECT_EQ(look(client, after, "clock").at("shift_ms"), 0);
  EXPECT_EQ(look(client, after, "rules").at("rules")[0].at("fired"), 0);
  const auto again = create(client, after, 3);
  EXPECT_EQ(patch(client, after, again, 0, "abc").status, 599) << "the count begins anew";
}

TEST(Lanes, WhatIsInFlightWhenALaneIsClosedEndsInOrder) {
  Mock mock({"--profile", "tus", "--store", "memory"});
  Client client({});
  const Way main{mock.url(), {}};
  for (const std::string listen : {"", "127.0.0.1:0"}) {
    json config = json::object();
    if (!listen.empty()) config["listen"] = listen;
    const auto opened = control(client, main, "PUT", "lanes/red", config);
    ASSERT_EQ(opened.status, 201) << opened.body;
    const auto listener = json::parse(opened.body).at("listener");
    const Way red =
        listen.empty() ? by_prefix(mock.url(), "red") : Way{listener.get<std::string>(), {}};
    const auto url = create(client, red, 6);
    constexpr std::chrono::seconds patience{10};
    auto half = transport::RawConnection::open(red.base, {}, patience);
    ASSERT_TRUE(half) << half.error().line();
    const auto path = url.substr(url.find('/', 8));
    ASSERT_TRUE(
        half->send("PATCH " + path +
                       " HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                       "Content-Type: application/offset+octet-stream\r\n"
                       "Content-Length: 6\r\n\r\nabc",
                   patience));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (offset_at(client, red, url) != "3") {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
    EXPECT_EQ(send(client, main, "DELETE", "/_mock/lanes/red").status, 204);
    const auto answer = half->read_response(patience);
    ASSERT_TRUE(answer.response);
    EXPECT_EQ(answer.response->status, 423) << "whoever writes answers and lets go";
    EXPECT_EQ(offset_at(client, main, mock.url() + "/files/" + id_of(url)), "404");
  }
  EXPECT_EQ(send(client, main, "OPTIONS", "/files").status, 204);
}

}  // namespace
