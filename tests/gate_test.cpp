// Access control: every combination of method, override and credential against what must happen. A
// refused request must have changed nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "control_client.hpp"
#include "programs.hpp"
#include "transport/raw_connection.hpp"

namespace {

using programs::Answer;
using programs::ControlClient;
using programs::Mock;

enum class Credential { none, bearer, cookie };
constexpr std::array credentials{Credential::none, Credential::bearer, Credential::cookie};
constexpr auto draft = "Upload-Draft-Interop-Version";
constexpr std::array wire_methods{"GET", "HEAD", "OPTIONS", "POST", "PATCH", "PUT", "DELETE"};

/// The values of the X-HTTP-Method-Override lines of a request.
using Override = std::vector<std::string>;
const std::vector<Override> overrides{
    {},        {"POST"},           {"PATCH"},         {"DELETE"},         {"GET"},
    {"HEAD"},  {"OPTIONS"},        {"patch"},         {"Delete"},         {"PUT"},
    {"BREW"},  {"PATCH", "PATCH"}, {"GET", "DELETE"}, {"DELETE", "HEAD"}, {"", "DELETE"},
    {"PATCH "}};

/// The method that the server must act by; "" when the override lines contradict each other.
std::string acting(const std::string& wire, const Override& lines) {
  if (lines.empty()) return wire;
  for (const auto& line : lines) {
    if (line != lines.front()) return "";
  }
  return lines.front() == "PATCH " ? "PATCH" : lines.front();
}

class Gate : public testing::Test {
 protected:
  void start(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--store", "memory", "--auth", "jwt"});
    mock_.emplace(std::move(arguments));
    client_.emplace(mock_->url());
    log_in();
  }

  [[nodiscard]] http::Fields fields_of(Credential credential) const {
    if (credential == Credential::bearer) return bearer_;
    return credential == Credential::cookie ? cookie_ : http::Fields{};
  }

  /// Sent over a raw connection: a client library would object to a body in a GET, or in the reply
  /// to a HEAD.
  Answer ask(const std::string& wire, const std::string& path, Credential credential,
             const Override& lines, http::Fields fields = {}, const std::string& body = {}) {
    http::Fields all = fields_of(credential);
    for (const auto& line : lines) all.add("X-HTTP-Method-Override", line);
    for (const auto& field : fields) all.add(field.name, field.value);
    all.add("Host", mock_->url().substr(mock_->url().rfind('/') + 1));
    if (!all.has(draft)) all.add("Tus-Resumable", "1.0.0");
    all.add("Connection", "close");
    if (!body.empty()) all.add("Content-Length", std::to_string(body.size()));
    constexpr std::chrono::seconds patience{20};
    auto connection = transport::RawConnection::open(mock_->url(), {}, patience);
    if (!connection) return {};
    std::ignore = connection->send(transport::request_head(wire, path, all) + body, patience);
    const auto read = connection->read_response(patience, wire == "HEAD");
    Answer answer;
    if (!read.response) return answer;
    answer.status = read.response->status;
    answer.headers = read.response->headers;
    answer.body = read.response->body;
    return answer;
  }

  std::string new_upload() {
    const auto url = client_->create(3, bearer_);
    return url.substr(mock_->url().size());
  }
  /// The upload's offset ("0", "3"), or the status when HEAD does not find it.
  std::string offset_of(const std::string& path) {
    const auto head = ask("HEAD", path, Credential::bearer, {});
    return head.status == 200 ? head.header("Upload-Offset") : std::to_string(head.status);
  }
  std::size_t uploads() { return client_->get("/_mock/uploads").json.at("uploads").size(); }

  /// The status with which access control refuses the request; 0: it lets the request through.
  static int refused(const std::string& wire, const Override& lines, Credential credential,
                     bool secure) {
    if (wire == "OPTIONS" && lines.empty()) return 0;
    if (credential == Credential::none) return 401;
    const auto method = acting(wire, lines);
    const bool reads = method == "GET" || method == "HEAD";
    return secure && credential == Credential::cookie && !reads ? 403 : 0;
  }

  /// Tries every combination, each against an upload of its own.
  void sweep_uploads(bool secure) {
    for (const auto* const wire : wire_methods) {
      for (const auto& lines : overrides) {
        for (const auto credential : credentials) {
          SCOPED_TRACE(fmt::format("{} [{}] credential {} secure {}", wire, fmt::join(lines, "|"),
                                   static_cast<int>(credential), secure));
          one_upload(wire, lines, credential, secure);
        }
      }
    }
  }

  void one_upload(const std::string& wire, const Override& lines, Credential credential,
                  bool secure) {
    const auto path = new_upload();
    const auto answer =
        ask(wire, path, credential, lines,
            {{"Upload-Offset", "0"}, {"Content-Type", "application/offset+octet-stream"}}, "abc");
    const auto method = acting(wire, lines);
    if (const int refusal = refused(wire, lines, credential, secure)) {
      EXPECT_EQ(answer.status, refusal);
      EXPECT_EQ(offset_of(path), "0") << "refused, and yet it did something";
    } else {
      int expected = 405;
      if (method.empty()) expected = 400;
      if (method == "PATCH" || method == "DELETE" || method == "OPTIONS") expected = 204;
      if (method == "GET" || method == "HEAD") expected = 200;
      EXPECT_EQ(answer.status, expected);
      EXPECT_EQ(offset_of(path), method == "PATCH" ? "3" : method == "DELETE" ? "404" : "0");
    }
    std::ignore = ask("DELETE", path, Credential::bearer, {});
  }

  void sweep_creation(bool secure, const std::string& path) {
    for (const auto* const wire : wire_methods) {
      for (const auto& lines : overrides) {
        for (const auto credential : credentials) {
          SCOPED_TRACE(fmt::format("{} {} [{}] credential {} secure {}", wire, path,
                                   fmt::join(lines, "|"), static_cast<int>(credential), secure));
          const auto answer = ask(wire, path, credential, lines, {{"Upload-Length", "3"}});
          const auto method = acting(wire, lines);
          int expected = refused(wire, lines, credential, secure);
          if (expected == 0 && method.empty()) expected = 400;
          if (expected == 0) expected = method == "POST" ? 201 : method == "OPTIONS" ? 204 : 405;
          EXPECT_EQ(answer.status, expected);
          EXPECT_EQ(uploads(), expected == 201 ? 1U : 0U);
          if (expected == 201) begin_again();
        }
      }
    }
  }
  void begin_again() {
    EXPECT_EQ(client_->post("/_mock/reset").status, 204);
    log_in();
  }
  void log_in() {
    const auto minted = client_->post("/_mock/tokens").json;
    bearer_ = {{"Authorization", "Bearer " + minted.at("access_token").get<std::string>()}};
    cookie_ = {{"Cookie", minted.at("cookie").get<std::string>()}};
  }

  std::optional<Mock> mock_;
  std::optional<ControlClient> client_;
  http::Fields bearer_;
  http::Fields cookie_;
};

TEST_F(Gate, JudgesTheMethodThatIsActedBy) {
  start({"--profile", "tus"});
  sweep_uploads(false);
  sweep_creation(false, "/files");
}

TEST_F(Gate, UnderSecureACookieReadsWhateverTheOverrideSays) {
  start({"--profile", "tus", "--secure"});
  sweep_uploads(true);
  sweep_creation(true, "/files/");
  sweep_creation(true, "/upload");
}

TEST_F(Gate, TheDraftActsByTheSameMethod) {
  start({"--profile", "tus", "--secure"});
  for (const auto* const wire : {"GET", "HEAD", "POST", "DELETE"}) {
    for (const auto& lines : overrides) {
      for (const auto credential : credentials) {
        SCOPED_TRACE(fmt::format("{} [{}] credential {}", wire, fmt::join(lines, "|"),
                                 static_cast<int>(credential)));
        const auto method = acting(wire, lines);
        int expected = refused(wire, lines, credential, true);
        if (expected == 0 && method.empty()) expected = 400;
        if (expected == 0) expected = method == "POST" ? 201 : method == "OPTIONS" ? 204 : 405;
        const auto created =
            ask(wire, "/files", credential, lines, {{draft, "6"}, {"Upload-Complete", "?0"}});
        EXPECT_EQ(created.status, expected);

        const auto path = new_upload();
        expected = refused(wire, lines, credential, true);
        const auto deleted = ask(wire, path, credential, lines, {{draft, "6"}});
        if (expected != 0) {
          EXPECT_EQ(deleted.status, expected);
        }
        EXPECT_EQ(offset_of(path), expected == 0 && method == "DELETE" ? "404" : "0");
      }
    }
  }
}

TEST_F(Gate, UnderSecureWhatChangesStateElsewhereTakesNoCookieEither) {
  start({"--profile", "dex", "--secure"});
  for (const std::string path : {"/route/x", "/info/x", "/upload/info/x"}) {
    for (const auto* const wire : {"POST", "PUT", "PATCH", "DELETE"}) {
      for (const Override& lines : {Override{}, {"GET"}, {"HEAD"}, {"OPTIONS"}}) {
        SCOPED_TRACE(fmt::format("{} {} [{}]", wire, path, fmt::join(lines, "|")));
        EXPECT_EQ(ask(wire, path, Credential::cookie, lines).status, 403);
        EXPECT_EQ(ask(wire, path, Credential::none, lines).status, 401);
        EXPECT_NE(ask(wire, path, Credential::bearer, lines).status / 100, 2);
      }
    }
    // These routes know no override: a GET stays a GET.
    for (const Override& lines : {Override{"POST"}, {"DELETE"}}) {
      const auto status = ask("GET", path, Credential::cookie, lines).status;
      EXPECT_EQ(status, path.starts_with("/route") ? 400 : 404) << path;
    }
  }
}

/// Spellings by which an attacker might make access control see another path than the handler.
TEST_F(Gate, NoSpellingOfAPathGetsRoundIt) {
  start({"--profile", "dex", "--secure"});
  const auto manifest =
      "sender_id YQ==,data_producer_id YQ==,jurisdiction YQ==,received_filename YQ==,"
      "data_stream_id ZGV4dGVzdGluZw==,data_stream_route dGVzdGV2ZW50MQ==,version Mi4w";
  for (const std::string path : {"/files",
                                 "/files/",
                                 "//files",
                                 "/files//",
                                 "/./files",
                                 "/x/../files",
                                 "/%66iles",
                                 "/files?",
                                 "/files?a=/oauth",
                                 "/files;x",
                                 "/upload",
                                 "/upload/",
                                 "//upload",
                                 "/FILES",
                                 "/oauth/../files",
                                 "/health/../files",
                                 "/_lane/a/files",
                                 "/_lane/a//files",
                                 "/_lane/a/_lane/b/files",
                                 "/_mock/../files",
                                 "/%2Ffiles",
                                 "/files%2F",
                                 "/files%3F",
                                 "/files#",
                                 "*",
                                 "files"}) {
    for (const auto credential : {Credential::none, Credential::cookie}) {
      for (const auto& lines : {Override{}, {"POST"}}) {
        for (const auto* const wire : {"POST", "GET", "OPTIONS"}) {
          const auto answer = ask(wire, path, credential, lines,
                                  {{"Upload-Length", "3"}, {"Upload-Metadata", manifest}});
          EXPECT_NE(answer.status, 201) << wire << " " << path;
        }
      }
    }
  }
  EXPECT_EQ(uploads(), 0U);
  EXPECT_EQ(client_->get("/_lane/a/_mock/uploads").json.at("uploads").size(), 0U);
  EXPECT_EQ(ask("POST", "/files", Credential::bearer, {},
                {{"Upload-Length", "3"}, {"Upload-Metadata", manifest}})
                .status,
            201)
      << "or the table above shows nothing";
}

TEST_F(Gate, AnAuthorizationFieldIsJudgedBeforeTheCookieHoweverItIsSent) {
  start({"--profile", "tus"});
  for (const std::vector<std::string>& values :
       std::vector<std::vector<std::string>>{{"Bearer x"}, {"", "Bearer x"}, {"Basic eDp5", ""}}) {
    http::Fields fields{{"Upload-Length", "3"}};
    for (const auto& value : values) fields.add("Authorization", value);
    EXPECT_EQ(ask("POST", "/files", Credential::cookie, {}, fields).status, 401)
        << fmt::format("{}", fmt::join(values, "|"));
  }
  EXPECT_EQ(
      ask("POST", "/files", Credential::cookie, {}, {{"Upload-Length", "3"}, {"Authorization", ""}})
          .status,
      201);
}

}  // namespace
