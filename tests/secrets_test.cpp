// The marker-secret matrix: secrets from every source are sent to servers that behave, refuse, send
// back whatever they got, or answer nonsense. Then every output of every program is searched for
// each secret: as it is, percent-encoded, as in a form, and in Base64.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "programs.hpp"
#include "protocol/base64.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "testkit/scripted_server.hpp"
#include "transport/client.hpp"

namespace {

namespace fs = std::filesystem;
using testkit::Peer;
using testkit::ScriptedServer;

// The secrets. Those that go into a header are visible ASCII; all have characters that encodings
// change.
const std::string password = "Mark-pass word&%+=\"1<7>/\xc3\xa4";
const std::string wrong_password = "Mark-wrong-pass word&%+=2";
const std::string given_token = "Mark-given+/token.abcdef==";
const std::string issued_token = "Mark-issued+/token.ghijkl==";
const std::string refresh_token = "Mark-refresh+/token.mnopqr==";
const std::string renewed_token = "Mark-renewed+/token.stuvwx==";
const std::string api_key = "Mark-api&key%41/=3";
const std::string partner = "Mark-partner value?4";
const std::string cookie = "Mark-cookie+/value5";
const std::string in_query = "Mark-query~value6";
const std::string in_url = "Mark-userinfo7";
const std::string tokens_file = "Mark-tokens-file8";
const std::string object_secret = "Mark-object+/secret.yz9==";
const std::string signature = "Mark-signature+/value10==";
const std::string policy = "Mark-policy text11";
const std::string member_token = "Mark-member+/token12==";
const std::string expired_token = "Mark-expired+/token13==";

const std::vector<std::string>& markers() {
  static const std::vector<std::string> all{
      password,      wrong_password, given_token, issued_token, refresh_token, renewed_token,
      api_key,       partner,        cookie,      in_query,     in_url,        tokens_file,
      object_secret, signature,      policy,      member_token, expired_token};
  return all;
}

std::string lower_hex(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (std::size_t j = i + 1; j <= i + 2; ++j) {
      text[j] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[j])));
    }
  }
  return text;
}

/// If a text holds `value`, its Base64 holds one of these, whatever comes before `value`.
std::vector<std::string> base64_forms(const std::string& value) {
  std::vector<std::string> forms;
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string padded = std::string(before, 'x') + value;
    const std::string whole = padded.substr(0, padded.size() - padded.size() % 3);
    // Leave out the first group of four, which depends on the bytes in front.
    forms.push_back(base64::encode(whole).substr(before == 0 ? 0 : 4));
    forms.push_back(base64::encode_url(whole).substr(before == 0 ? 0 : 4));
  }
  return forms;
}

std::vector<std::string> forms_of(const std::string& marker) {
  std::vector<std::string> forms{marker, http::percent_encode(marker),
                                 lower_hex(http::percent_encode(marker)),
                                 // A part of a secret is a secret as well.
                                 marker.substr(0, 12)};
  const std::string form = http::format_form({{"x", marker}}).substr(2);
  forms.push_back(form);
  forms.push_back(lower_hex(form));
  for (auto& one : base64_forms(marker)) forms.push_back(std::move(one));
  return forms;
}

/// Whether a text holds a JSON Web Token, whoever made it.
bool holds_a_jwt(const std::string& text) {
  const auto word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  };
  for (std::size_t at = text.find("eyJ"); at != std::string::npos; at = text.find("eyJ", at + 3)) {
    std::size_t end = at;
    int dots = 0;
    for (; end < text.size() && (word(text[end]) || text[end] == '.'); ++end) {
      dots += text[end] == '.' ? 1 : 0;
    }
    if (dots == 2 && text[end - 1] != '.' && end - at > 100) return true;
  }
  return false;
}

/// Whether a text holds the signature of a URL or a request.
bool holds_a_signature(const std::string& text) {
  const std::string name = "Signature=";
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto value = text.substr(at + name.size(), 3);
    if (value.size() == 3 && std::isalnum(static_cast<unsigned char>(value[2])) != 0) return true;
  }
  return false;
}

int outputs_searched = 0;

/// Fails the test when `text` holds a secret, and shows where.
void search(const std::string& name, const std::string& text) {
  ++outputs_searched;
  for (const auto& marker : markers()) {
    for (const auto& form : forms_of(marker)) {
      const auto at = text.find(form);
      if (at == std::string::npos) continue;
      ADD_FAILURE() << name << " holds " << marker << " as " << form << ":\n..."
                    << text.substr(at - std::min<std::size_t>(at, 120), 300);
      break;
    }
  }
  EXPECT_FALSE(holds_a_jwt(text)) << name;
  EXPECT_FALSE(holds_a_signature(text)) << name;
  // Nor may it hold control sequences of terminals.
  for (const char* control : {"\x1b", "\xc2\x9b", "\xe2\x80\xae", "\x7f"}) {
    EXPECT_EQ(text.find(control), std::string::npos) << name << ": " << control;
  }
}

void search_folder(const std::string& name, const fs::path& folder) {
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator(folder, none)) {
    if (!entry.is_regular_file()) continue;
    const auto text = testkit::read_file(entry.path());
    const auto file = name + "/" + entry.path().filename().string();
    // The file is empty when the run ended before it judged anything.
    if (entry.path().extension() == ".json" && !text.empty()) {
      // JSON may escape characters of a secret, so search its values both escaped and plain.
      const auto json = nlohmann::json::parse(text, nullptr, false);
      EXPECT_FALSE(json.is_discarded()) << file << " is not JSON";
      ++outputs_searched;
      const auto plain = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::strict);
      for (const auto& marker : markers()) {
        for (const auto& form : forms_of(marker)) {
          if (text.find(form) == std::string::npos && plain.find(form) == std::string::npos)
            continue;
          ADD_FAILURE() << file << " holds " << marker << " as " << form;
          break;
        }
      }
      continue;
    }
    search(file, text);
  }
}

testkit::ChildProcess::Options environment() {
  testkit::ChildProcess::Options options;
  options.environment = {
      {"M_USER", "someone"},    {"M_PASSWORD", password}, {"M_WRONG_PASSWORD", wrong_password},
      {"M_TOKEN", given_token}, {"M_KEY", "AKIAMARKED"},  {"M_SECRET", object_secret},
      {"M_OTHER", member_token}};
  return options;
}

const std::vector<std::string> with_password{"--username-env", "M_USER", "--password-env",
                                             "M_PASSWORD"};
const std::vector<std::string> with_wrong_password{"--username-env", "M_USER", "--password-env",
                                                   "M_WRONG_PASSWORD"};
const std::vector<std::string> with_token{"--token-env", "M_TOKEN"};
const std::vector<std::string> with_headers{"--header", "Ocp-Apim-Subscription-Key: " + api_key,
                                            "--header", "X-Partner: " + partner,
                                            "--header", "Cookie: a=1; session=" + cookie};

std::vector<std::string> operator+(std::vector<std::string> first,
                                   const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Runs dex-conformance with every report there is, searches all that it wrote, and returns its
/// exit code.
int judged(const std::string& name, const std::string& url, const std::vector<std::string>& more) {
  const testkit::TempFolder folder;
  const auto file = [&](const char* leaf) { return (folder.path() / leaf).string(); };
  const auto run = testkit::run(std::vector<std::string>{DEX_CONFORMANCE,
                                                         "run",
                                                         "--url",
                                                         url,
                                                         "--junit",
                                                         file("junit.xml"),
                                                         "--json",
                                                         file("report.json"),
                                                         "--evidence",
                                                         file("evidence"),
                                                         "--html",
                                                         file("page.html"),
                                                         "--record",
                                                         file("record.json"),
                                                         "--update-baseline",
                                                         file("baseline.json"),
                                                         "--badge",
                                                         file("badge.json"),
                                                         "--notes",
                                                         "--patience",
                                                         "200ms",
                                                         "--case-timeout",
                                                         "5",
                                                         "--jobs",
                                                         "2"} +
                                    more,
                                environment(), std::chrono::seconds{100});
  search(name + " stdout", run.out);
  search(name + " stderr", run.err);
  search_folder(name, folder.path());
  return run.exit_code;
}

/// The same for dex-loadgen.
int loaded(const std::string& name, const std::string& url, const std::vector<std::string>& more) {
  const testkit::TempFolder folder;
  std::vector<std::string> arguments{DEX_LOADGEN, "run",       "--url",
                                     url,         "--uploads", "3",
                                     "--size",    "1KiB",      "--retry-delays",
                                     "none",      "--report",  (folder.path() / "report").string()};
  if (std::ranges::find(more, "--system") == more.end()) {
    arguments = arguments + std::vector<std::string>{"--deliver-timeout", "300ms"};
  }
  const auto run = testkit::run(arguments + more, environment(), std::chrono::seconds{60});
  search(name + " stdout", run.out);
  search(name + " stderr", run.err);
  search_folder(name, folder.path());
  return run.exit_code;
}

// ---- servers -----------------------------------------------------------------------------------

std::string answer(const std::string& status, const std::string& fields, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string value_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

/// All that a server could send back: the values of the request in every form, and control
/// sequences of terminals.
std::string reflection(const std::string& request) {
  std::string text =
      "\x1b[2J\xc2\x9b"
      "31m\xe2\x80\xae\x7f\xff";
  for (const char* name : {"Authorization", "Ocp-Apim-Subscription-Key", "X-Partner", "Cookie"}) {
    const auto value = value_of(request, name);
    if (value.empty()) continue;
    text += fmt::format(" {} {} {} {} {}", value, http::percent_encode(value),
                        http::format_form({{"x", value}}), base64::encode(value),
                        base64::encode("user:" + value));
  }
  const auto line = request.substr(0, request.find("\r\n"));
  const auto body = request.substr(std::min(request.find("\r\n\r\n") + 4, request.size()));
  text += " " + line;
  if (body.size() < 1000) text += " " + body;
  return text;
}

std::string without_breaks(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return text;
}

const std::string options_fields =
    "Tus-Resumable: 1.0.0\r\nTus-Version: 1.0.0\r\nTus-Extension: creation,termination\r\n";

using Serve = std::function<std::string(const std::string& request)>;

ScriptedServer::Script serving(Serve serve) {
  return [serve = std::move(serve)](Peer& peer) {
    const auto request = peer.read_request();
    if (!request.empty()) peer.send(serve(request));
  };
}

/// A token endpoint that issues and renews tokens, and an upload service that sends everything
/// back. `created` answers creations.
Serve reflecting(std::function<std::string(const std::string& request)> created) {
  auto grants = std::make_shared<std::atomic<int>>(0);
  return [created = std::move(created), grants](const std::string& request) -> std::string {
    const auto line = request.substr(0, request.find("\r\n"));
    const auto echo = without_breaks(reflection(request));
    if (line.find("/oauth") != std::string::npos) {
      const bool refreshed = line.find("/refresh") != std::string::npos;
      const auto& token = refreshed ? renewed_token : issued_token;
      // Each token lives for a second, so that runs renew them.
      return answer("200 OK", "Content-Type: application/json\r\n",
                    fmt::format(R"({{"access_token":"{}","token_type":"Bearer","expires_in":1,)"
                                R"("refresh_token":"{}"}})",
                                token, refresh_token));
    }
    if (line.starts_with("OPTIONS")) return answer("204 No Content", options_fields, "");
    const auto fields = options_fields + "X-Echo: " + echo + "\r\nSet-Cookie: s=" + cookie +
                        "; Path=/\r\nContent-Type: text/plain\r\n";
    if (line.starts_with("POST")) return created(request);
    if (line.starts_with("HEAD") || line.starts_with("PATCH")) {
      return answer("400 " + echo.substr(0, 300), fields, line.starts_with("HEAD") ? "" : echo);
    }
    return answer("500 Internal Server Error", fields, echo);
  };
}

std::string created_here(const std::string& request) {
  const auto echo = without_breaks(reflection(request));
  return answer("201 Created",
                options_fields + "X-Echo: " + echo + "\r\nLocation: /files/1?back=" +
                    http::percent_encode(value_of(request, "Authorization")) + "\r\n",
                echo);
}

/// Rows that send requests to every route.
const std::vector<std::string> some_rows{
    "--select", "TUS-CREATE-00*",     "--select", "TUS-CREATE-018", "--select", "TUS-CORE-HEAD-00*",
    "--select", "TUS-CORE-PATCH-00*", "--select", "DEX-AUTH-*",     "--select", "DEX-INFO-00*"};
const std::vector<std::string> as_dex{"--system", "dex"};

class SecretsMatrix : public ::testing::Test {
 protected:
  static void TearDownTestSuite() {
    fmt::print("{} outputs were searched for {} secrets in {} forms each\n", outputs_searched,
               markers().size(), forms_of(markers().front()).size());
  }
};

// ---- dex-conformance and dex-loadgen -----------------------------------------------------------

std::string users_json() {
  return nlohmann::json{{"users", {{{"username", "someone"}, {"password", password}}}}}.dump();
}

/// Searches all that the control API and the metrics of a mock tell.
void search_control(const std::string& url) {
  transport::Client client({});
  const auto get = [&](const std::string& path) {
    transport::Request request;
    request.method = "GET";
    request.url = url + path;
    const auto seen = client.send(request);
    EXPECT_TRUE(seen.response) << path;
    const auto body = seen.response ? seen.response->body : "";
    search("mock " + path, body);
    return body;
  };
  for (const char* path : {"/_mock/", "/_mock/journal", "/_mock/rules", "/_mock/lanes",
                           "/_mock/metrics", "/metrics"}) {
    get(path);
  }
  const auto uploads = nlohmann::json::parse(get("/_mock/uploads"));
  for (const auto& upload : uploads.at("uploads")) {
    get("/_mock/uploads/" + upload.at("id").get<std::string>());
  }
  transport::Request verify;
  verify.method = "POST";
  verify.url = url + "/_mock/journal/verify";
  verify.headers = {{"Content-Type", "application/json"}};
  verify.body = R"({"match": {"method": "PUT"}, "count": {"exactly": 999}})";
  const auto verified = client.send(verify);
  ASSERT_TRUE(verified.response);
  EXPECT_EQ(verified.response->status, 200) << verified.response->body;
  search("mock verify", verified.response->body);
}

/// A mock that logs all it can.
class LoggedMock {
 public:
  LoggedMock(const testkit::TempFolder& folder, std::string format,
             const std::vector<std::string>& arguments)
      : format_(std::move(format)),
        // The log goes to a file, because nobody reads a pipe while the other programs run.
        log_((folder.path() / ("mock-" + format_ + ".log")).string()),
        mock_(std::vector<std::string>{"/bin/sh", "-c", "log=$1; shift; exec \"$@\" 2> \"$log\"",
                                       "sh", log_, DEX_MOCK_SERVER, "--listen", "127.0.0.1:0",
                                       "--log-level", "debug", "--log-format", format_} +
              arguments),
        url_(mock_.wait_ready()) {}
  [[nodiscard]] const std::string& url() const { return url_; }

  /// Searches the control API, ends the mock, and searches its output.
  void search_all() {
    search_control(url_);
    mock_.signal(SIGTERM);
    mock_.wait();
    search("mock stdout " + format_, mock_.out());
    search("mock log " + format_, testkit::read_file(log_));
  }

 private:
  std::string format_;
  std::string log_;
  testkit::ChildProcess mock_;
  std::string url_;
};

TEST_F(SecretsMatrix, GoodAndRefused) {
  const testkit::TempFolder folder;
  const auto users = folder.write("users.json", users_json());
  for (const std::string format : {"human", "json"}) {
    LoggedMock mock(
        folder, format,
        {"--auth", format == "json" ? "jwt" : "opaque", "--users", users, "--store", "memory"});
    const auto creation_url = mock.url() + "/files";
    const auto target = creation_url + "?sig=" + in_query;
    judged("good " + format, target, as_dex + some_rows + with_password + with_headers);
    EXPECT_EQ(judged("refused " + format, target, as_dex + with_wrong_password), 3);
    EXPECT_EQ(judged("refused token " + format, target, as_dex + with_token), 3);
    loaded("load good " + format, creation_url, with_password);
    EXPECT_EQ(loaded("load refused " + format, creation_url, with_wrong_password), 3);
    EXPECT_EQ(loaded("load refused token " + format, creation_url, with_token), 3);

    mock.search_all();
  }
}

int send(const std::string& url, const std::string& method, const std::string& target,
         http::Fields fields, const std::string& body) {
  transport::Request request;
  request.method = method;
  request.url = url + target;
  request.headers = std::move(fields);
  request.body = body;
  const auto answer = transport::Client({}).send(request);
  EXPECT_TRUE(answer.response) << target;
  return answer.response ? answer.response->status : 0;
}

/// Sends every kind of proof that the object store knows, right and wrong.
void send_objects(const std::string& url) {
  const s3::Credentials owner{"AKIAMARKED", object_secret};
  const auto now = std::chrono::system_clock::now();
  const std::string path = "/examplebucket/k";
  const auto right = s3::presign_v2({"PUT", path, {}}, owner, now + std::chrono::hours{1});
  EXPECT_EQ(send(url, "PUT", right, {}, "x"), 200);
  const auto query = http::format_form(
      {{"Signature", signature}, {"Expires", "9999999999"}, {"AWSAccessKeyId", owner.access_key}});
  EXPECT_EQ(send(url, "PUT", path + "?" + query, {}, "x"), 403);
  EXPECT_EQ(send(url, "PUT", path + "?X-Amz-Signature=" + http::percent_encode(signature), {}, "x"),
            400);
  const auto dated = http::format_imf_fixdate(now);
  EXPECT_EQ(send(url, "PUT", path,
                 {{"Date", dated}, {"Authorization", "AWS AKIAMARKED:" + signature}}, "x"),
            403);
  EXPECT_EQ(send(url, "PUT", path,
                 {{"Authorization",
                   "AWS4-HMAC-SHA256 Credential=A/20260101/r/s3/aws4_request, "
                   "SignedHeaders=host, Signature=" +
                       signature}},
                 "x"),
            403);
  EXPECT_EQ(send(url, "PUT", path, {{"Authorization", signature}}, "x"), 400);
  const s3::Policy conditions{now + std::chrono::hours{1},
                              {s3::equals("bucket", "examplebucket"), s3::equals("key", "k"),
                               s3::equals("x-ignore-mark", policy)}};
  for (const auto& proof : {std::string(), signature}) {
    auto fields = s3::sign_post_v2(conditions, owner);
    if (!proof.empty()) fields.back().second = proof;
    fields.insert(fields.begin(), {{"key", "k"}, {"x-ignore-mark", policy}});
    const auto form = http::write_form(fields, {"file", "f", ""}, "boundary");
    EXPECT_EQ(send(url, "POST", "/examplebucket", {{"Content-Type", form.content_type}},
                   form.head + "x" + form.tail),
              proof.empty() ? 204 : 403);
  }
}

void send_tokens(const std::string& url) {
  const std::string members = "/api/direct-sharing/project/members/";
  for (const auto& [token, status] :
       {std::pair{given_token, 200}, {expired_token, 401}, {member_token, 401}, {api_key, 401}}) {
    const auto in_a_query = members + "?" + http::format_form({{"access_token", token}});
    EXPECT_EQ(send(url, "GET", in_a_query, {}, ""), status);
    EXPECT_EQ(send(url, "GET", members, {{"Authorization", "Bearer " + token}}, ""), status);
  }
  // A token in the wrong place.
  EXPECT_EQ(send(url, "POST", members, {{"Authorization", given_token}}, given_token), 401);
}

const std::vector<std::string> as_objects{"--system", "objects"};
const std::vector<std::string> with_key{"--access-key-env", "M_KEY", "--secret-key-env",
                                        "M_SECRET"};
const std::vector<std::string> some_objects_rows{"--select",    "OBJ-SIG-00*", "--select",
                                                 "OBJ-URL-00*", "--select",    "OBJ-POST-00*",
                                                 "--select",    "OBJ-POL-00*"};
const std::vector<std::string> as_openhumans{"--system", "openhumans"};
const std::vector<std::string> some_openhumans_rows{"--select",  "OH-AUTH-*", "--select",
                                                    "OH-UP-00*", "--select",  "OH-FILES-00*"};

void send_keys(const std::string& url) {
  const std::string samples = "/api/v1/samples";
  const auto basic = [](const std::string& key) {
    return http::Fields{{"Authorization", "Basic " + base64::encode(key + ":")}};
  };
  for (const auto& [key, status] : {std::pair{given_token, 200}, {expired_token, 401}}) {
    EXPECT_EQ(send(url, "GET", samples, basic(key), ""), status);
    EXPECT_EQ(send(url, "GET", samples, {{"Authorization", "Bearer " + key}}, ""), status);
    EXPECT_EQ(send(url, "GET", samples, {{"X-API-Key", key}}, ""), status);
  }
  EXPECT_EQ(send(url, "GET", samples, basic(given_token + ":" + wrong_password), ""), 401);
}

const std::vector<std::string> as_onecodex{"--system", "onecodex"};
const std::vector<std::string> some_onecodex_rows{"--select", "OC-AUTH-*", "--select", "OC-UP-00*",
                                                  "--select", "OC-UP-021", "--select", "OC-UP-025"};
const std::vector<std::string> with_other_key{"--other-token-env", "M_OTHER"};

TEST_F(SecretsMatrix, ObjectsAndFilesOfMembers) {
  const testkit::TempFolder folder;
  const auto profile = folder.write(
      "objects.json",
      R"({"name": "marked", "description": "Marked.", "system": "objects", "objects": {)"
      R"("buckets": ["examplebucket"], "keys": {"AKIAMARKED": ")" +
          object_secret + R"("}}})");
  for (const std::string format : {"human", "json"}) {
    const auto store = folder.path() / ("store-" + format);
    const std::vector<std::string> stored{"--store", store.string()};
    LoggedMock objects(folder, format, std::vector<std::string>{"--profile", profile} + stored);
    send_objects(objects.url());
    EXPECT_EQ(judged("objects " + format, objects.url() + "/examplebucket",
                     as_objects + some_objects_rows + with_key),
              0);
    objects.search_all();
    LoggedMock files(folder, format,
                     std::vector<std::string>{"--profile", "openhumans", "--oh-tokens", given_token,
                                              "--oh-expired-tokens", expired_token, "--oh-members",
                                              "12345678=" + member_token + ",87654321"} +
                         stored);
    send_tokens(files.url());
    EXPECT_EQ(
        judged("files " + format, files.url(), as_openhumans + some_openhumans_rows + with_token),
        0);
    for (const std::string call : {"direct", "simple"}) {
      const std::vector<std::string> by{"--member", "12345678", "--openhumans-call", call};
      EXPECT_EQ(loaded("load files " + call, files.url(), as_openhumans + by + with_token), 0);
    }
    files.search_all();
    LoggedMock samples(folder, format,
                       std::vector<std::string>{"--profile", "onecodex", "--oc-api-keys",
                                                given_token + "," + member_token} +
                           stored);
    send_keys(samples.url());
    EXPECT_EQ(judged("samples " + format, samples.url(),
                     as_onecodex + some_onecodex_rows + with_token + with_other_key),
              0);
    for (const std::string flow : {"onecodex", "onecodex-multipart"}) {
      EXPECT_EQ(loaded("load samples " + flow, samples.url(),
                       std::vector<std::string>{"--system", flow} + with_token),
                0);
    }
    samples.search_all();
    for (const auto& entry : fs::directory_iterator(store)) {
      if (entry.path().extension() == ".info") {
        search("store " + format, testkit::read_file(entry.path()));
      }
    }
  }
}

/// A store that sends everything back, judged with an access key and with a form and URLs that a
/// service handed out.
TEST_F(SecretsMatrix, ReflectedObjects) {
  // dex-conformance tries the key with two objects before it judges anything.
  std::atomic<int> puts = 0;
  ScriptedServer server(serving([&puts](const std::string& request) {
    if (request.starts_with("PUT") && puts++ < 2) return answer("200 OK", "", "");
    return answer("403 Forbidden", "Content-Type: application/xml\r\n",
                  "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>" + reflection(request) +
                      "</StringToSign></Error>");
  }));
  const auto url = server.url("/bucket");
  EXPECT_EQ(judged("reflected objects", url, as_objects + some_objects_rows + with_key), 1);
  const testkit::TempFolder folder;
  const auto query = http::format_form(
      {{"Signature", signature}, {"Expires", "9999999999"}, {"AWSAccessKeyId", "AKIA"}});
  const nlohmann::json fields{{"key", "k"},
                              {"AWSAccessKeyId", "AKIA"},
                              {"policy", base64::encode(policy)},
                              {"signature", signature}};
  const nlohmann::json handed_out{{"form", {{"url", url}, {"fields", fields}}},
                                  {"put_url", url + "/k?" + query},
                                  {"get_url", url + "/k?" + query}};
  EXPECT_EQ(judged("reflected form", url,
                   as_objects + some_objects_rows +
                       std::vector<std::string>{"--handed-out",
                                                folder.write("handed.json", handed_out.dump())}),
            1);
}

/// An API that sends everything back, with a storage that does so too.
TEST_F(SecretsMatrix, ReflectedFilesOfMembers) {
  std::string storage;
  ScriptedServer server(serving([&storage](const std::string& request) {
    const auto line = request.substr(0, request.find("\r\n"));
    const auto echo = reflection(request);
    const auto reply = [](const std::string& status, const nlohmann::json& body) {
      return answer(status, "Content-Type: application/json\r\n",
                    body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    };
    if (line.starts_with("PUT")) {
      return answer("403 Forbidden", "Content-Type: application/xml\r\n",
                    "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>" + signature +
                        "</SignatureProvided><StringToSign>" + line + "</StringToSign></Error>");
    }
    if (line.find("/direct/") != std::string::npos) {
      return reply("201 Created", {{"id", 1}, {"url", storage}});
    }
    if (line.find("/delete/") != std::string::npos) return reply("200 OK", {{"ids", {}}});
    return reply("400 Bad Request", {{"detail", echo}});
  }));
  storage = server.url("/bucket/k?") +
            http::format_form(
                {{"Signature", signature}, {"Expires", "9999999999"}, {"AWSAccessKeyId", "A"}});
  const auto url = server.url("");
  EXPECT_EQ(judged("reflected files", url, as_openhumans + some_openhumans_rows + with_token), 1);
  for (const std::string call : {"direct", "simple"}) {
    loaded("load reflected files " + call, url,
           as_openhumans + std::vector<std::string>{"--member", "1", "--openhumans-call", call} +
               with_token);
  }
  EXPECT_THAT(server.problems(), testing::IsEmpty());
}

/// The same with an API that hands out forms, and the secret key of the storage.
TEST_F(SecretsMatrix, ReflectedSamples) {
  std::string storage;
  ScriptedServer server(serving([&storage](const std::string& request) {
    const auto line = request.substr(0, request.find("\r\n"));
    const auto reply = [](const std::string& status, const nlohmann::json& body) {
      return answer(status, "Content-Type: application/json\r\n",
                    body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    };
    if (line.starts_with("POST /bucket")) {
      return answer("403 Forbidden", "Content-Type: application/xml\r\n",
                    "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>" + signature +
                        "</SignatureProvided></Error>");
    }
    if (line.find("/init_upload") != std::string::npos) {
      return reply("200 OK", {{"additional_fields",
                               {{"key", "k"}, {"policy", "p"}, {"signature", signature}}},
                              {"sample_id", "0123456789abcdef"},
                              {"upload_url", storage}});
    }
    if (line.find("/init_multipart_upload") != std::string::npos) {
      return reply("200 OK", {{"upload_aws_secret_access_key", object_secret}});
    }
    if (line.find("per_page") != std::string::npos) return reply("200 OK", nlohmann::json::array());
    return reply("400 Bad Request", {{"message", reflection(request)}});
  }));
  storage = server.url("/bucket");
  EXPECT_EQ(judged("reflected samples", server.url(""), as_onecodex + with_token + with_other_key),
            1);
  for (const std::string flow : {"onecodex", "onecodex-multipart"}) {
    loaded("load reflected samples " + flow, server.url(""),
           std::vector<std::string>{"--system", flow} + with_token);
  }
  EXPECT_THAT(server.problems(), testing::IsEmpty());
}

TEST_F(SecretsMatrix, Reflected) {
  ScriptedServer server(serving(reflecting(created_here)));
  const auto url = server.url("/files") + "?sig=" + in_query;
  judged("reflected password", url, as_dex + some_rows + with_password + with_headers);
  judged("reflected token", url, as_dex + some_rows + with_token + with_headers);
  judged("reflected guide", url,
         as_dex + std::vector<std::string>{"--contract", "guide", "--select", "DEX-AUTH-*"} +
             with_password);
  loaded("load reflected password", url, with_password);
  loaded("load reflected token", url, with_token);
  EXPECT_THAT(server.problems(), testing::IsEmpty());
}

/// A server at another origin; keeps the requests that it gets.
struct Stranger {
  std::mutex mutex;
  std::vector<std::string> requests;
  ScriptedServer server{serving([this](const std::string& request) {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    return answer("400 Bad Request", "", reflection(request));
  })};
  void expect_no_secret() {
    const std::lock_guard lock(mutex);
    for (const auto& request : requests) search("what a stranger was sent", request);
  }
};

TEST_F(SecretsMatrix, CredentialsStayAtTheirOrigin) {
  Stranger stranger;
  ScriptedServer server(serving(reflecting([&stranger](const std::string& request) {
    return answer("201 Created",
                  options_fields + "Location: " + stranger.server.url("/files/1?back=") +
                      http::percent_encode(value_of(request, "Authorization")) + "\r\n",
                  "");
  })));
  const auto url = server.url("/files");
  EXPECT_EQ(judged("elsewhere password", url, as_dex + some_rows + with_password + with_headers),
            1);
  EXPECT_EQ(judged("elsewhere token", url, some_rows + with_token), 1);
  loaded("load elsewhere password", url, with_password);
  loaded("load elsewhere token", url, with_token + std::vector<std::string>{"--i-own-this-target"});
  stranger.expect_no_secret();
  {
    const std::lock_guard lock(stranger.mutex);
    EXPECT_THAT(stranger.requests, testing::IsEmpty());
  }

  // With --trust-origin it gets the token.
  const std::vector<std::string> trusting{"--trust-origin", stranger.server.url("/")};
  judged("trusted", url, some_rows + with_token + trusting);
  loaded("load trusted", url, with_token + trusting);
  const std::lock_guard lock(stranger.mutex);
  EXPECT_THAT(stranger.requests, testing::Contains(testing::HasSubstr(given_token)));
}

TEST_F(SecretsMatrix, ARedirectIsNotFollowed) {
  Stranger stranger;
  ScriptedServer server(serving([&stranger](const std::string& request) {
    return answer("307 Temporary Redirect",
                  options_fields + "Location: " + stranger.server.url("/") +
                      "?back=" + http::percent_encode(value_of(request, "Authorization")) + "\r\n",
                  "");
  }));
  const auto url = server.url("/files");
  judged("redirected", url, as_dex + some_rows + with_token + with_headers);
  loaded("load redirected", url, with_token);
  const std::lock_guard lock(stranger.mutex);
  EXPECT_THAT(stranger.requests, testing::IsEmpty());
}

TEST_F(SecretsMatrix, HeadersDoNotGoToATokenEndpointElsewhere) {
  Stranger stranger;
  ScriptedServer server(serving(reflecting(created_here)));
  judged("token endpoint elsewhere", server.url("/files"),
         as_dex + some_rows + with_password + with_headers +
             std::vector<std::string>{"--oauth-url", stranger.server.url("/oauth")});
  const std::lock_guard lock(stranger.mutex);
  ASSERT_FALSE(stranger.requests.empty());
  for (const auto& request : stranger.requests) {
    EXPECT_EQ(request.find(api_key), std::string::npos) << request;
    EXPECT_EQ(request.find(cookie), std::string::npos) << request;
  }
}

TEST_F(SecretsMatrix, Malformed) {
  const std::string long_token(160'000, 'q');
  for (const auto& document :
       {"{\"access_token\":\"" + issued_token,
        "{\"access_token\":\"" + issued_token + "\" nonsense",
        "{\"access_token\":\"" + issued_token + "\",\"" + refresh_token + "\":1," + refresh_token,
        "\"" + issued_token + long_token, refresh_token + " " + password,
        "{\"access_token\":7,\"token_type\":\"" + issued_token + "\x01\"}"}) {
    ScriptedServer server(serving([&document](const std::string& request) {
      if (request.find("/oauth") != std::string::npos) return answer("200 OK", "", document);
      if (request.starts_with("OPTIONS")) return answer("204 No Content", options_fields, "");
      return answer("401 Unauthorized", "", "");
    }));
    EXPECT_EQ(judged("malformed token", server.url("/files"), as_dex + some_rows + with_password),
              3);
    EXPECT_EQ(loaded("load malformed token", server.url("/files"), with_password), 3);
  }
}

/// Records, comparisons with them, and runs with --repeat.
TEST_F(SecretsMatrix, RecordsAndWhatIsSaidOfThem) {
  ScriptedServer server(serving(reflecting(created_here)));
  const auto url = server.url("/files") + "?sig=" + in_query;
  const testkit::TempFolder folder;
  const auto record = (folder.path() / "record.json").string();
  const std::vector<std::string> rows{"--select", "TUS-CORE-HEAD-00*", "--select", "TUS-CREATE-00*",
                                      "--keep-going"};
  const auto run =
      testkit::run(std::vector<std::string>{DEX_CONFORMANCE, "run", "--url", url, "--record",
                                            record, "--patience", "200ms", "--case-timeout", "5"} +
                       as_dex + rows + with_token + with_headers,
                   environment(), std::chrono::seconds{100});
  search("recording stdout", run.out);
  search("recording stderr", run.err);
  search_folder("recording", folder.path());
  judged("against", url,
         as_dex + rows + with_token + with_headers +
             std::vector<std::string>{"--against", record, "--repeat", "2"});
  const auto diff = testkit::run({DEX_CONFORMANCE, "diff", record, record});
  EXPECT_EQ(diff.exit_code, 0) << diff.err;
  search("diff", diff.out + diff.err);
}

/// The proxy's URL in the environment holds a password, and the program reports that the proxy is
/// not there.
TEST_F(SecretsMatrix, TheProxyOfTheEnvironment) {
  const testkit::TempFolder folder;
  auto options = environment();
  const auto proxy = "http://someone:" + in_url + "@127.0.0.1:1";
  for (const char* name : {"http_proxy", "https_proxy"}) options.environment[name] = proxy;
  const auto run = testkit::run({DEX_CONFORMANCE, "run", "--url", "http://up.example.test/files",
                                 "--wait-for", "1ms", "--evidence", (folder.path() / "e").string()},
                                std::move(options), std::chrono::seconds{30});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  search("proxy stdout", run.out);
  search("proxy stderr", run.err);
  search_folder("proxy", folder.path());
}

// ---- command lines and files -------------------------------------------------------------------

TEST_F(SecretsMatrix, CommandLinesThatAreRefused) {
  const std::string host = "http://127.0.0.1:1";
  for (const std::string tool : {DEX_CONFORMANCE, DEX_LOADGEN}) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"--url", "http://someone:" + in_url + "@127.0.0.1:1/files"},
             {"--url", "127.0.0.1:1/files?sig=" + in_query},
             {"--url", "http://127.0.0.1:99999/files?sig=" + in_query},
             {"--url", "http://someone:" + in_url + "/x@127.0.0.1:1/files"},
             {"--url", host + "/files?sig=" + in_query},
             {"--url", host, "--oauth-url", "http://someone:" + in_url + "@h"},
             {"--url", host, "--token-env", given_token},
             {"--url", host, "--system", "onecodex", "--other-token-env", given_token},
             {"--url", host, "--username-env", "M_USER", "--password-env", password},
             {"--url", host, "--password", password},
             {"--url", host, "--token=" + given_token},
             {"--url", host, "--header", "Authorization Bearer " + given_token},
             {"--url", host, "--header", "X-API-Key " + api_key},
             {"--url", host, "--header", "X-API-Key: " + api_key + "\n"},
             {"--url", host, "--header", "Bad Name: " + api_key},
         }) {
      const auto run = testkit::run(std::vector<std::string>{tool, "run"} + arguments,
                                    environment(), std::chrono::seconds{20});
      EXPECT_NE(run.exit_code, 0);
      search(tool + " " + arguments.back() + " stderr", run.err);
      search(tool + " " + arguments.back() + " stdout", run.out);
    }
  }
}

TEST_F(SecretsMatrix, FilesOfSecretsThatCannotBeRead) {
  const testkit::TempFolder folder;
  const std::string long_value(160'000, 'q');
  for (const auto& text :
       {"{\"expired\": \"" + tokens_file, "{\"expired\": " + tokens_file + "}",
        "{\"expired\": \"" + tokens_file + long_value, "{\"" + tokens_file + "\": \"x\"}",
        "{\"" + tokens_file + "\": 1, \"" + tokens_file + "\": 2}",
        "{\"expired\": \"" + tokens_file + " \"}", "[\"" + tokens_file + "\"]",
        "{\"users\": [{\"username\": \"a\", \"password\": \"" + tokens_file + "\", \"" +
            tokens_file + "\": 1}]}",
        "{\"users\": [{\"username\": \"a\", \"password\": [\"" + tokens_file + "\"]}]}",
        "{\"users\": [{\"username\": \"a\", \"password\": \"" + tokens_file + "\nx\"}]}"}) {
    const auto file = folder.write("secret.json", text);
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {DEX_CONFORMANCE, "run", "--url", "http://127.0.0.1:1/files", "--tokens", file},
             {DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--users", file}}) {
      const auto run = testkit::run(command, environment(), std::chrono::seconds{20});
      EXPECT_EQ(run.exit_code, 2) << run.err;
      EXPECT_LT(run.err.size(), 500U) << run.err.substr(0, 500);
      search(command.front() + " stderr", run.err);
      search(command.front() + " stdout", run.out);
    }
  }
}

TEST_F(SecretsMatrix, TheRerunLineCanBeUsed) {
  programs::Mock mock({"--profile", "tus", "--store", "memory", "--defect", "version-400"});
  const auto run =
      testkit::run({DEX_CONFORMANCE, "run", "--url", mock.creation_url() + "?sig=" + in_query,
                    "--header", "X-API-Key: " + api_key, "--header=X-Partner: lab-7", "--header",
                    "User-Agent: mine/1", "--select", "TUS-CORE-VER-003"},
                   environment());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out,
              testing::HasSubstr("rerun:     dex-conformance run --url '" + mock.creation_url() +
                                 "?sig=***' --header 'X-API-Key: "
                                 "***' --header 'X-Partner: ***' --header 'User-Agent: "
                                 "mine/1' --select TUS-CORE-VER-003"));
  EXPECT_THAT(run.out, testing::Not(testing::HasSubstr("lab-7")));
}

}  // namespace
