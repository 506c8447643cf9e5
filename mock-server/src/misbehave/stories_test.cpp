// Named faults and single axes, through a whole lane: HTTP text in, HTTP text out, with the real
// handlers, store, deliveries and tokens behind the rules. Only the sockets and the clock are ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "auth/auth.hpp"
#include "files/temporary_folder.hpp"
#include "http/test_talk.hpp"
#include "lane/mock_lane.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "protocol/base64.hpp"
#include "record/journal.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"

namespace mock::misbehave {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Answer {
  std::string text;  ///< everything that was sent
  std::optional<Ending> ended;
  [[nodiscard]] int status() const {
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
  }
  [[nodiscard]] std::string field(const std::string& name) const {
    const auto at = text.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto value = at + name.size() + 4;
    return text.substr(value, text.find("\r\n", value) - value);
  }
};

/// One connection of a client.
class Line : private Observer {
 public:
  Line(ManualLoop& loop, MockLane& lane)
      : loop_(loop),
        lane_(lane),
        talk_(wire_, {loop, lane.application(), &lane.rules(), this, limits_},
              {false, "127.0.0.1:8080", "127.0.0.1:50000", 1}) {
    talk_.begin();
  }
  Answer send(std::string_view bytes) {
    wire_.sent.clear();
    held_ += bytes;
    return pump();
  }
  Answer pump() {
    for (;;) {
      loop_.run();
      if (std::exchange(wire_.woken, false)) {
        talk_.proceed();
        continue;
      }
      const auto size = wire_.ended ? 0 : std::min(talk_.wants(), held_.size());
      if (size == 0) return {wire_.sent, wire_.ended};
      const auto now = held_.substr(0, size);
      held_.erase(0, size);
      talk_.feed(std::as_bytes(std::span(now.data(), now.size())));
    }
  }
  void lost() {
    talk_.lost();
    loop_.run();
  }

 private:
  void on_exchange(const ExchangeRecord& record) override { lane_.on_exchange(record); }
  void on_connections(std::size_t) override {}

  ManualLoop& loop_;
  MockLane& lane_;
  Limits limits_;
  test::FakeWire wire_;
  Conversation talk_;
  std::string held_;
};

class Stories : public testing::Test {
 protected:
  void open(LaneConfig config) {
    lane_.reset();
    LaneGround ground{*store_, index_, *locks_, loop_};
    ground.folder = folder_.path();
    ground.outage = [this](const std::string&, Milliseconds duration) { outage_ = duration; };
    auto made = MockLane::make(ground, "", std::move(config));
    ASSERT_TRUE(made.has_value()) << made.error().line();
    lane_ = *std::move(made);
    ASSERT_TRUE(lane_->reached_at("http://127.0.0.1:8080").has_value());
    lane_->start();
  }
  void with_fault(const char* name, LaneConfig config = {}) {
    config.faults = {name};
    open(std::move(config));
  }
  void with_rule(const char* json, LaneConfig config = {}) {
    config.rules = {json};
    open(std::move(config));
  }
  ~Stories() override {
    line_.reset();
    lane_.reset();
  }

  using Fields = std::vector<std::pair<std::string, std::string>>;
  static std::string text(const std::string& method, const std::string& path, Fields fields,
                          const std::string& body = {}) {
    auto request = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n";
    if (!body.empty()) fields.emplace_back("Content-Length", std::to_string(body.size()));
    for (const auto& [name, value] : fields) request += name + ": " + value + "\r\n";
    return request + "\r\n" + body;
  }
  /// A PATCH of ten bytes, of which these are sent.
  static std::string of_ten(const std::string& upload, const std::string& bytes) {
    return text("PATCH", upload,
                {{"Tus-Resumable", "1.0.0"},
                 {"Upload-Offset", "0"},
                 {"Content-Type", "application/offset+octet-stream"},
                 {"Content-Length", "10"}}) +
           bytes;
  }
  Answer ask(const std::string& method, const std::string& path, Fields fields = {},
             const std::string& body = {}) {
    fields.emplace_back("Tus-Resumable", "1.0.0");
    if (!token_.empty()) fields.emplace_back("Authorization", "Bearer " + token_);
    line_ = std::make_unique<Line>(loop_, *lane_);
    return line_->send(text(method, path, std::move(fields), body));
  }
  static std::string metadata(const std::string& filename) {
    std::string header;
    for (const auto& [key, value] : Fields{{"data_stream_id", "dextesting"},
                                           {"data_stream_route", "testevent1"},
                                           {"sender_id", "lab"},
                                           {"data_producer_id", "producer"},
                                           {"jurisdiction", "GA"},
                                           {"received_filename", filename},
                                           {"filename", filename}})
      header += (header.empty() ? "" : ",") + key + " " + base64::encode(value);
    return header;
  }
  Answer create(const std::string& length = "10", const std::string& filename = "a.txt") {
    Fields fields{{"Upload-Metadata", metadata(filename)}};
    if (length.empty())
      fields.emplace_back("Upload-Defer-Length", "1");
    else
      fields.emplace_back("Upload-Length", length);
    return ask("POST", "/files", fields);
  }
  /// The path of a new upload.
  std::string made(const std::string& length = "10", const std::string& filename = "a.txt") {
    const auto location = create(length, filename).field("Location");
    const auto at = location.find("/files/");
    EXPECT_NE(at, std::string::npos) << location;
    return at == std::string::npos ? "/files/none" : location.substr(at);
  }
  Answer patch(const std::string& upload, const std::string& offset, const std::string& body,
               Fields more = {}) {
    more.emplace_back("Content-Type", "application/offset+octet-stream");
    more.emplace_back("Upload-Offset", offset);
    return ask("PATCH", upload, std::move(more), body);
  }
  /// The same for an upload that may be locked: its holder is given a second to let go.
  Answer patch_in_time(const std::string& upload, const std::string& offset,
                       const std::string& body) {
    auto answer = patch(upload, offset, body);
    if (answer.text.empty()) {
      loop_.advance(Milliseconds{1'000});
      answer = line_->pump();
    }
    return answer;
  }
  Answer head(const std::string& upload) { return ask("HEAD", upload); }
  std::string info(const std::string& upload) {
    loop_.run();
    return ask("GET", "/info/" + upload.substr(upload.rfind('/') + 1)).text;
  }
  std::string finished() {
    const auto upload = made();
    EXPECT_EQ(patch(upload, "0", "0123456789").status(), 204);
    return upload;
  }
  void wait(Milliseconds time) {
    loop_.advance(time);
    loop_.run();
  }

  TemporaryFolder folder_;
  ManualLoop loop_;
  std::unique_ptr<Store> store_ = make_memory_store(loop_, Bytes{16U << 20U});
  LaneIndex index_;
  std::unique_ptr<Locks> locks_ = make_locks(
      [this] { return std::chrono::steady_clock::time_point{loop_.now().time_since_epoch()}; });
  std::optional<Milliseconds> outage_;
  std::string token_;
  std::shared_ptr<MockLane> lane_;
  std::unique_ptr<Line> line_;
};

// ---- one reading of a request

TEST_F(Stories, AnOverrideIsReadAlikeByHandlerRulesAndJournal) {
  struct Row {
    const char* profile;
    const char* override_field;
    int status;
    const char* method;  ///< "": none that a rule could be about
  };
  for (const auto& [profile, override_field, status, method] : {
           Row{"dex", "", 201, "POST"},  // as Go reads it, an empty field is none
           Row{"tus", "", 405, ""},
           Row{"tus", "post", 405, "post"},
           Row{"tus", "POST", 201, "POST"},
       }) {
    LaneConfig config;
    config.profile = profile;
    with_rule(R"({"when": {"method": "POST"}, "then": {"reply": {"headers": {"set": {"X-Rule":
                 "fired"}}}}})",
              config);
    const auto answer = ask("POST", "/files",
                            {{"Upload-Metadata", metadata("a.txt")},
                             {"Upload-Length", "10"},
                             {"X-HTTP-Method-Override", override_field}});
    line_.reset();
    SCOPED_TRACE(std::string(profile) + " '" + override_field + "'");
    EXPECT_EQ(answer.status(), status);
    EXPECT_EQ(answer.field("X-Rule"), std::string_view(method) == "POST" ? "fired" : "");
    ASSERT_FALSE(lane_->journal().entries().empty());
    EXPECT_EQ(lane_->journal().entries().back().method, method);
  }
}

// ---- the network

TEST_F(Stories, HalfCloseAndZombieEndTheConnectionTheirWay) {
  with_rule(R"({"rules": [
    {"when": {"method": "PATCH", "nth": 1}, "then": {"reply": "none", "socket": "half_close"}},
    {"when": {"method": "PATCH", "nth": 2}, "then": {"socket": {"end": "zombie", "at": "before"}}}]})");
  const auto upload = made();
  const auto first = patch(upload, "0", "01234");
  EXPECT_EQ(first.ended, Ending::half_close);
  EXPECT_EQ(first.text, "");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "5") << "it was stored";
  EXPECT_EQ(patch(upload, "5", "56789").ended, Ending::zombie);
  EXPECT_EQ(head(upload).field("Upload-Offset"), "5") << "it was not";
}

TEST_F(Stories, ResetBeforeInAndAfterTheBody) {
  const std::tuple<const char*, const char*> cases[] = {
      {R"({"when": {"method": "PATCH", "body_byte": 1},
           "then": {"commit": {"bytes": "none"}, "socket": "rst"}})",
       "0"},
      {R"({"when": {"method": "PATCH", "body_byte": 4}, "then": {"socket": "rst"}})", "4"},
      {R"({"when": {"method": "PATCH"}, "then": {"reply": "none", "socket": "rst"}})", "10"},
  };
  for (const auto& [rule, kept] : cases) {
    with_rule(rule);
    const auto upload = made();
    EXPECT_EQ(patch(upload, "0", "0123456789").ended, Ending::rst) << rule;
    EXPECT_EQ(head(upload).field("Upload-Offset"), kept) << rule;
  }
}

TEST_F(Stories, OutageWindow) {
  with_fault("outage-window");
  EXPECT_EQ(create().status(), 201);
  wait(Milliseconds{5'000});
  const auto down = create();
  EXPECT_EQ(down.status(), 503);
  EXPECT_EQ(down.field("Retry-After"), "1");
  wait(Milliseconds{10'000});
  EXPECT_EQ(create().status(), 201);
}

TEST_F(Stories, OutageAsksForRefusedConnections) {
  with_fault("outage");
  for (int i = 1; i <= 10; ++i) {
    EXPECT_EQ(outage_, std::nullopt) << i;
    EXPECT_EQ(create().status(), 201);
  }
  EXPECT_EQ(outage_, Milliseconds{5'000});
}

TEST_F(Stories, RepliesThatAreNoReplies) {
  with_rule(R"({"rules": [
    {"when": {"method": "HEAD", "nth": 1}, "then": {"reply": {"truncate": {"head": 20}}, "socket": "fin"}},
    {"when": {"method": "HEAD", "nth": 2}, "then": {"reply": {"raw": "HTP/1.1 2O4 {id}\r\n\r\n"}, "socket": "fin"}}]})");
  const auto upload = made();
  EXPECT_EQ(head(upload).text.size(), 20U);
  EXPECT_EQ(head(upload).text, "HTP/1.1 2O4 " + upload.substr(7) + "\r\n\r\n");
}

// ---- the store and the upload

TEST_F(Stories, UploadExpires) {
  with_fault("upload-expires");
  const auto upload = made();
  EXPECT_EQ(patch(upload, "0", "01234").status(), 204);
  EXPECT_THAT(head(upload).status(), testing::AnyOf(404, 410));
}

TEST_F(Stories, UploadVanishes) {
  with_fault("upload-vanishes");
  const auto upload = made();
  EXPECT_EQ(patch(upload, "0", "01234").status(), 204);
  EXPECT_EQ(patch(upload, "5", "5").status(), 204);
  EXPECT_EQ(head(upload).status(), 404);
}

TEST_F(Stories, RolledBack) {
  with_rule(
      R"({"when": {"method": "PATCH", "nth": 2}, "then": {"upload": {"roll_back": "{stored-3}"}}})");
  const auto upload = made();
  patch(upload, "0", "012345");
  EXPECT_EQ(patch(upload, "6", "67").field("Upload-Offset"), "8");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "5");
}

TEST_F(Stories, LateAbort) {
  with_fault("late-abort");
  const auto upload = made();
  line_ = std::make_unique<Line>(loop_, *lane_);
  line_->send(of_ten(upload, "0123"));
  line_->lost();
  EXPECT_EQ(head(upload).field("Upload-Offset"), "0") << "as if nothing had come";
  EXPECT_EQ(patch(upload, "0", "0123456789").status(), 409);
  EXPECT_EQ(head(upload).field("Upload-Offset"), "4");
  EXPECT_EQ(patch(upload, "4", "456789").status(), 204);
  EXPECT_EQ(head(upload).field("Upload-Offset"), "10");
}

TEST_F(Stories, LockedAfterAbort) {
  with_fault("locked-after-abort");
  const auto upload = made();
  line_ = std::make_unique<Line>(loop_, *lane_);
  line_->send("PATCH " + upload +
              " HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
              "Content-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\n0123");
  line_->lost();
  line_.reset();
  loop_.run();
  auto refused = patch(upload, "4", "4");
  // A request first leaves some time to the holder of the lock.
  for (int i = 0; i < 30 && refused.status() == 0; ++i) {
    wait(Milliseconds{100});
    refused = line_->pump();
  }
  EXPECT_EQ(refused.status(), 423);
  wait(Milliseconds{5'000});
  EXPECT_EQ(patch(upload, "4", "4").status(), 204);
}

TEST_F(Stories, StaleHead) {
  with_fault("stale-head");
  const auto upload = made();
  EXPECT_EQ(head(upload).field("Upload-Offset"), "0");
  patch(upload, "0", "01234");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "0");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "5");
}

TEST_F(Stories, DeferTailLost) {
  with_fault("defer-tail-lost");
  const auto upload = made("");
  patch(upload, "0", "01234");
  EXPECT_EQ(patch(upload, "5", "56789", {{"Upload-Length", "10"}}).field("Upload-Offset"), "10");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "5");
}

TEST_F(Stories, PartOrderNeverRecovers) {
  with_fault("part-order");
  const auto upload = made();
  line_ = std::make_unique<Line>(loop_, *lane_);
  line_->send("PATCH " + upload +
              " HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
              "Content-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\n0123");
  line_->lost();
  line_.reset();
  EXPECT_EQ(patch(upload, "4", "4").status(), 500);
  EXPECT_EQ(patch(upload, "4", "4").status(), 500);
}

TEST_F(Stories, AChunkedBodyThatCompletesIsFinishedFirst) {
  with_rule(R"({"when": {"method": "PATCH", "upload": {"completing": true}},
                "then": {"reply": "none", "socket": "rst"}})");
  const auto upload = made();
  const auto chunked = [&](const std::string& offset, const std::string& chunks) {
    line_ = std::make_unique<Line>(loop_, *lane_);
    return line_->send("PATCH " + upload +
                       " HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: " + offset +
                       "\r\nContent-Type: application/offset+octet-stream\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n" +
                       chunks);
  };
  EXPECT_EQ(chunked("0", "4\r\n0123\r\n0\r\n\r\n").status(), 204);
  const auto last = chunked("4", "3\r\n456\r\n3\r\n789\r\n0\r\n\r\n");
  EXPECT_EQ(last.ended, Ending::rst);
  EXPECT_EQ(last.text, "");
  EXPECT_EQ(head(upload).field("Upload-Offset"), "10");
}

// ---- validation

TEST_F(Stories, MetadataThatIsNotAsciiBreaksTheServer) {
  with_fault("metadata-unicode-500");
  EXPECT_EQ(create("10", "a.txt").status(), 201);
  EXPECT_EQ(create("10", "\xc3\xa4.txt").status(), 500);
}

TEST_F(Stories, ARefusalByAHookBecomesA500) {
  with_fault("hook-status-lost");
  EXPECT_EQ(ask("POST", "/files", {{"Upload-Length", "3"}}).status(), 500);
}

TEST_F(Stories, QuotaIsReached) {
  with_fault("quota-404");
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(create().status(), 201);
  EXPECT_EQ(create().status(), 404);
  EXPECT_EQ(create().status(), 404);
}

TEST_F(Stories, IdEscapes) {
  with_fault("id-escapes");
  EXPECT_THAT(ask("GET", "/files/..%2f..%2fetc%2fpasswd").text, HasSubstr("root:"));
}

// ---- what happens after the request

TEST_F(Stories, DeliveryFailsTwice) {
  with_fault("delivery-fails-twice");
  const auto upload = finished();
  EXPECT_THAT(info(upload), HasSubstr("connection to the target was refused"));
  wait(Milliseconds{60'000});
  const auto later = info(upload);
  EXPECT_THAT(later, HasSubstr("SUCCESS"));
  EXPECT_EQ(later.find("FAILURE", later.rfind("FAILURE") + 1), std::string::npos);
}

TEST_F(Stories, DeliveryFailsForEver) {
  with_fault("delivery-fails");
  const auto upload = finished();
  wait(Milliseconds{3'600'000});
  EXPECT_THAT(info(upload), testing::AllOf(HasSubstr("FAILURE"), Not(HasSubstr("SUCCESS"))));
}

TEST_F(Stories, DeliveryErrorSwallowed) {
  with_fault("delivery-error-swallowed");
  EXPECT_THAT(info(finished()), HasSubstr("SUCCESS"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "deliveries"));
}

TEST_F(Stories, DeliveryLate) {
  with_fault("delivery-late");
  const auto upload = finished();
  EXPECT_THAT(info(upload), Not(HasSubstr("SUCCESS")));
  wait(Milliseconds{9'001});
  EXPECT_THAT(info(upload), HasSubstr("SUCCESS"));
}

TEST_F(Stories, InfoRace) {
  with_fault("info-race");
  const auto upload = finished();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(info(upload), HasSubstr("In Progress")) << i;
  EXPECT_THAT(info(upload), Not(HasSubstr("In Progress")));
}

// ---- identity

LaneConfig with_tokens(AuthMode mode = AuthMode::jwt) {
  LaneConfig config;
  config.auth = mode;
  return config;
}

TEST_F(Stories, TokenRevokedMidway) {
  for (const auto& [kind, mode] : auth_modes) {
    if (mode == AuthMode::none) continue;
    token_.clear();
    with_fault("token-revoked-midway", with_tokens(mode));
    token_ = lane_->auth().mint({}).value().access_token;
    const auto upload = made();
    EXPECT_EQ(patch(upload, "0", "0").status(), 204);
    EXPECT_EQ(patch(upload, "1", "1").status(), 204);
    EXPECT_EQ(patch(upload, "2", "2").status(), 204);
    EXPECT_EQ(patch(upload, "3", "3").status(), 401) << kind;
  }
}

TEST_F(Stories, TokenNotRequired) {
  auto config = with_tokens();
  open(config);
  EXPECT_EQ(create().status(), 401);
  config.defects = {"token-not-required"};
  open(config);
  EXPECT_EQ(create().status(), 201);
  token_ = "not.a.token";
  EXPECT_EQ(create().status(), 401) << "a bad one is still refused";
}

TEST_F(Stories, OauthRefuses) {
  const auto log_in = [&] {
    return ask("POST", "/oauth", {{"Content-Type", "application/x-www-form-urlencoded"}},
               "grant_type=password&username=demo&password=demo")
        .status();
  };
  open({});
  EXPECT_EQ(log_in(), 200);
  with_fault("oauth-refuses");
  EXPECT_THAT(log_in(), testing::AnyOf(400, 401));
}

TEST_F(Stories, RefreshAnyBringsATokenThatWorks) {
  with_fault("refresh-any", with_tokens());
  const auto answer =
      ask("POST", "/oauth/refresh", {{"Content-Type", "application/x-www-form-urlencoded"}},
          "grant_type=refresh_token&refresh_token=bogus");
  EXPECT_EQ(answer.status(), 200);
  const auto at = answer.text.find("\"access_token\":\"") + 16;
  token_ = answer.text.substr(at, answer.text.find('"', at) - at);
  EXPECT_EQ(create().status(), 201);
}

TEST_F(Stories, JwksDown) {
  with_fault("jwks-down", with_tokens());
  EXPECT_EQ(ask("GET", "/oauth/jwks").status(), 503);
}

// ---- every fault at once does not hurt anybody else

TEST_F(Stories, EveryFaultLoadsIntoALane) {
  for (const auto& fault : list_named(Named::fault)) {
    with_fault(fault.name.c_str());
    EXPECT_EQ(lane_->rules().report().size(), fault.rules.size()) << fault.name;
    auto answer = ask("GET", "/version");
    for (int i = 0; i < 100 && answer.text.find("}") == std::string::npos; ++i) {
      wait(Milliseconds{100});
      answer = line_->pump();
    }
    EXPECT_THAT(answer.text, HasSubstr("HTTP/1.1 200 OK")) << fault.name;
  }
}

// ---- numbers, how a request came, how many, and other uploads

TEST_F(Stories, NumbersDecide) {
  with_fault("chunk-size-strict");
  const auto upload = made();
  EXPECT_EQ(patch(upload, "0", "01234").status(), 400);
  EXPECT_EQ(patch(upload, "0", "0123456789").status(), 204) << "the last chunk";
  with_fault("large-upload-413");
  EXPECT_EQ(create("1073741824").status(), 201);
  EXPECT_EQ(create("1073741825").status(), 413);
}

TEST_F(Stories, HowARequestIsWrittenDecides) {
  with_fault("http-1.0-refused");
  line_ = std::make_unique<Line>(loop_, *lane_);
  EXPECT_THAT(line_->send("GET /health HTTP/1.0\r\n\r\n").text, HasSubstr(" 505 "));
  EXPECT_EQ(ask("GET", "/health").status(), 200);

  with_fault("lower-case-headers");
  const auto upload = made();
  const Fields lower{{"Content-Type", "application/offset+octet-stream"}, {"upload-offset", "0"}};
  EXPECT_EQ(ask("PATCH", upload, lower, "01234").status() / 100, 4);
  EXPECT_EQ(patch(upload, "0", "01234").status(), 204);
}

TEST_F(Stories, ThePlaceOnItsConnectionDecides) {
  const auto asked = text("GET", "/health", {});
  with_fault("keep-alive-race");
  line_ = std::make_unique<Line>(loop_, *lane_);
  EXPECT_EQ(line_->send(asked).status(), 200);
  loop_.advance(Milliseconds{4'999});
  EXPECT_EQ(line_->send(asked).status(), 200);
  loop_.advance(Milliseconds{5'000});
  EXPECT_EQ(line_->send(asked).ended, Ending::rst);

  with_fault("connection-worn-out");
  line_ = std::make_unique<Line>(loop_, *lane_);
  EXPECT_EQ(line_->send(asked).status(), 200);
  EXPECT_EQ(line_->send(asked).status(), 200);
  EXPECT_EQ(line_->send(asked).ended, Ending::rst);
}

TEST_F(Stories, RatesGoByTheLanesClock) {
  with_fault("rate-limit-429");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(create().status(), 201);
  lane_->clock().advance(Milliseconds{45'000});
  const auto limited = create();
  EXPECT_EQ(limited.status(), 429);
  EXPECT_EQ(limited.field("Retry-After"), "15");
  lane_->clock().advance(Milliseconds{15'000});
  EXPECT_EQ(create().status(), 201);
}

TEST_F(Stories, ChunksAtOnceAreCounted) {
  with_fault("too-many-at-once-503");
  std::vector<std::unique_ptr<Line>> writers;
  const auto begin = [&] {
    const auto upload = made();
    writers.push_back(std::make_unique<Line>(loop_, *lane_));
    return writers.back()->send(of_ten(upload, "01234"));
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(begin().text, "");
  EXPECT_EQ(begin().status(), 503);
  EXPECT_EQ(writers.front()->send("56789").status(), 204);
  EXPECT_EQ(begin().text, "") << "one of them is over";
  EXPECT_EQ(begin().status(), 503);
  writers[1]->lost();
  EXPECT_EQ(begin().text, "");
}

TEST_F(Stories, EachUploadHasItsSecondChunk) {
  with_fault("each-upload-fails-once");
  for (int i = 0; i < 2; ++i) {
    const auto upload = made();
    EXPECT_EQ(patch(upload, "0", "0").status(), 204);
    EXPECT_EQ(patch(upload, "1", "1").status(), 500);
    EXPECT_EQ(patch(upload, "1", "1").status(), 204);
  }
}

TEST_F(Stories, ABodyIsCutByTimeWhileItsBytesFlow) {
  for (const bool answered : {true, false}) {
    with_fault(answered ? "slow-body-408" : "five-second-cut");
    const auto upload = made("100");
    line_ = std::make_unique<Line>(loop_, *lane_);
    auto seen = line_->send(text("PATCH", upload,
                                 {{"Tus-Resumable", "1.0.0"},
                                  {"Upload-Offset", "0"},
                                  {"Content-Type", "application/offset+octet-stream"},
                                  {"Content-Length", "100"}}));
    const int seconds = answered ? 30 : 5;
    for (int i = 1; i < seconds; ++i) {
      loop_.advance(Milliseconds{1'000});
      seen = line_->send("x");
      EXPECT_EQ(seen.text, "");
      EXPECT_EQ(seen.ended, std::nullopt);
    }
    loop_.advance(Milliseconds{1'000});
    seen = line_->pump();
    EXPECT_EQ(seen.status(), answered ? 408 : 0);
    EXPECT_EQ(seen.ended, answered ? Ending::fin : Ending::rst);
    EXPECT_EQ(head(upload).field("Upload-Offset"), std::to_string(seconds - 1));
  }
}

TEST_F(Stories, AnUploadThatNobodyWritesToIsGone) {
  with_fault("idle-upload-410");
  const auto upload = made();
  lane_->clock().advance(Milliseconds{590'000});
  EXPECT_EQ(patch(upload, "0", "0").status(), 204);
  lane_->clock().advance(Milliseconds{590'000});
  EXPECT_EQ(head(upload).status(), 200);
  lane_->clock().advance(Milliseconds{10'000});
  EXPECT_EQ(head(upload).status(), 410);
}

TEST_F(Stories, OtherUploadsAreInTheWay) {
  with_fault("one-upload-at-a-time");
  const auto first = made();
  const auto second = made();
  Line writer{loop_, *lane_};
  writer.send(of_ten(first, "01234"));
  EXPECT_EQ(patch(second, "0", "0").status(), 503);
  EXPECT_EQ(create().status(), 503);
  EXPECT_EQ(writer.send("56789").status(), 204);
  EXPECT_EQ(patch(second, "0", "0").status(), 204);

  with_fault("neighbour-locked");
  const auto neighbour = made();
  const auto later = made();
  EXPECT_EQ(patch(neighbour, "0", "0").status(), 204);
  EXPECT_EQ(patch(later, "0", "0").status(), 204);
  EXPECT_EQ(patch_in_time(neighbour, "1", "1").status(), 423);
  wait(Milliseconds{5'000});
  EXPECT_EQ(patch(neighbour, "1", "1").status(), 204);
}

TEST_F(Stories, PartsHaveANumberAndAnOrder) {
  LaneConfig tus;
  tus.profile = "tus";
  const auto part = [&] {
    const auto answer =
        ask("POST", "/files", {{"Upload-Concat", "partial"}, {"Upload-Length", "0"}});
    loop_.advance(Milliseconds{1});
    return answer.field("Location");
  };
  const auto joined = [&](const std::string& parts) {
    return ask("POST", "/files", {{"Upload-Concat", "final;" + parts}}).status();
  };
  with_fault("parts-order-400", tus);
  const auto a = part();
  const auto b = part();
  EXPECT_EQ(joined(b + " " + a), 400);
  EXPECT_EQ(joined(a + " " + b), 201);
  with_fault("many-parts-400", tus);
  auto ten = part();
  for (int i = 1; i < 10; ++i) ten += " " + part();
  EXPECT_EQ(joined(ten + " " + part()), 400);
  EXPECT_EQ(joined(ten), 201);
  with_fault("part-twice-400", tus);
  const auto c = part();
  EXPECT_EQ(joined(c + " " + c), 400);
  EXPECT_EQ(joined(c + " " + part()), 201);
  with_fault("final-without-length", tus);
  const auto final =
      ask("POST", "/files", {{"Upload-Concat", "final;" + part()}}).field("Location");
  EXPECT_EQ(head(final).status(), 200);
  EXPECT_EQ(head(final).field("Upload-Length"), "");
  EXPECT_EQ(head(part()).field("Upload-Length"), "0");
}

TEST_F(Stories, ChunksAreHeldToTheSizesOfObjectStores) {
  LaneConfig tus;
  tus.profile = "tus";
  with_fault("small-chunk-400", tus);
  constexpr std::size_t least = 5U << 20U;
  const std::string chunk(least, 'x');
  auto upload = made(std::to_string(2 * least));
  EXPECT_EQ(patch(upload, "0", chunk.substr(1)).status(), 400);
  EXPECT_EQ(patch(upload, "0", chunk).status(), 204);
  EXPECT_EQ(patch(upload, std::to_string(least), "x").status(), 400);
  EXPECT_EQ(patch(upload, std::to_string(least), chunk).status(), 204);
  upload = made("1");
  EXPECT_EQ(patch(upload, "0", "x").status(), 204) << "the last one may be small";

  with_fault("whole-parts-500", tus);
  upload = made(std::to_string(least));
  EXPECT_EQ(patch(upload, "0", chunk).status(), 500);
  EXPECT_EQ(head(upload).field("Upload-Offset"), std::to_string(least));
  EXPECT_EQ(ask("DELETE", upload).status(), 204) << "the store has room for one";
  upload = made(std::to_string(least + 1));
  EXPECT_EQ(patch(upload, "0", chunk + "x").status(), 204);
}

TEST_F(Stories, OnlyTheRestIsTaken) {
  with_fault("rest-in-one-request-400");
  const auto upload = made("10");
  EXPECT_EQ(patch(upload, "0", "01234").status(), 400);
  EXPECT_EQ(head(upload).field("Upload-Offset"), "0");
  EXPECT_EQ(patch(upload, "0", "0123456789").status(), 204);
}

TEST_F(Stories, WhatWasJustWrittenIsBusy) {
  with_fault("busy-after-write-423");
  const auto upload = made("10");
  EXPECT_EQ(patch(upload, "0", "0").status(), 204);
  EXPECT_EQ(patch(upload, "1", "1").status(), 423);
  lane_->clock().advance(Milliseconds{1'999});
  EXPECT_EQ(patch(upload, "1", "1").status(), 423);
  lane_->clock().advance(Milliseconds{2});
  EXPECT_EQ(patch(upload, "1", "1").status(), 204);
}

TEST_F(Stories, OnlyAnEarlyCutLocks) {
  const auto cut_after = [&](const std::string& upload, Milliseconds time) {
    Line writer{loop_, *lane_};
    writer.send(of_ten(upload, "01234"));
    loop_.advance(time);
    writer.lost();
  };
  with_fault("lock-after-early-abort");
  const auto late = made("10");
  cut_after(late, Milliseconds{1'001});
  EXPECT_EQ(patch(late, "5", "5").status(), 204);
  const auto early = made("10");
  cut_after(early, Milliseconds{999});
  EXPECT_EQ(patch_in_time(early, "5", "5").status(), 423);
}

TEST_F(Stories, ALocksAgeFollowsTheLanesClock) {
  with_rule(R"({"when": {"method": "PATCH", "nth": 1},
                "then": {"reply": {"early": true, "status": 500}, "upload": {"lock": "10m"}}})");
  const auto upload = made();
  EXPECT_EQ(patch(upload, "0", "0").status(), 500);
  loop_.run();
  lane_->clock().advance(Milliseconds{598'000});
  EXPECT_EQ(patch_in_time(upload, "0", "0").status(), 423);
  lane_->clock().advance(Milliseconds{1'000});
  EXPECT_EQ(patch(upload, "0", "0").status(), 204);
}

TEST_F(Stories, ALockStandsStillWithTheClock) {
  with_rule(R"({"when": {"method": "PATCH", "nth": 1},
                "then": {"reply": {"early": true, "status": 500}, "upload": {"lock": "10s"}}})");
  const auto upload = made();
  EXPECT_EQ(patch(upload, "0", "0").status(), 500);
  loop_.run();
  lane_->clock().freeze();
  wait(Milliseconds{25'000});
  EXPECT_EQ(patch(upload, "0", "0").status(), 423);
  lane_->clock().resume();
  wait(Milliseconds{9'999});
  EXPECT_EQ(patch(upload, "0", "0").status(), 423);
  wait(Milliseconds{1});
  EXPECT_EQ(patch(upload, "0", "0").status(), 204);
}

TEST_F(Stories, WhatLastsIsThereInTheNextLane) {
  const auto cut = [&](const std::string& upload) {
    Line writer{loop_, *lane_};
    writer.send(of_ten(upload, "01234"));
    writer.lost();
  };
  with_fault("lock-outlives-restart");
  auto upload = made();
  cut(upload);
  with_fault("lock-outlives-restart");
  EXPECT_EQ(patch_in_time(upload, "5", "5").status(), 423);
  lane_->clock().advance(Milliseconds{660'000});
  EXPECT_EQ(patch(upload, "5", "5").status(), 204);
  with_fault("lock-outlives-restart");
  EXPECT_EQ(patch(upload, "6", "6").status(), 204);

  with_fault("finished-gone-for-good");
  upload = finished();
  with_fault("finished-gone-for-good");
  EXPECT_EQ(head(upload).status(), 410);
  lane_->rules().reset_counts();
  EXPECT_EQ(head(upload).status(), 200);
  with_fault("finished-gone-for-good");
  EXPECT_EQ(head(upload).status(), 200) << "what was reset is gone from the disk as well";
}

}  // namespace
}  // namespace mock::misbehave
