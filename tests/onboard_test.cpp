// `dex-conformance onboard` for partners who are ready and for partners who are not: the page that
// they send on says what is to be done, and holds nothing of their file or their secrets.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "programs.hpp"
#include "protocol/base64.hpp"
#include "testkit/scripted_server.hpp"
#include "testkit/self_signed.hpp"
#include "testkit/small_proxy.hpp"
#include "testkit/temp_folder.hpp"

namespace {

using programs::Mock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testkit::Peer;
using testkit::ScriptedServer;
using Arguments = std::vector<std::string>;

Arguments operator+(Arguments first, const Arguments& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

const std::string password = "onboard-Pass7!word";
const std::string wrong_password = "onboard-Wrong8!word";

/// A file with names of people, in which no eight bytes occur twice.
const std::string& sample() {
  static const std::string bytes = [] {
    std::string text = "MSH|^~\\&|LAB7|Kirchhoff^Annegret||19470312|PID-555-0173\r";
    const std::string noise = programs::payload(3, 2'000);
    for (std::size_t i = 0; i < noise.size(); i += 20) {
      text += "OBX|" + base64::encode(noise.substr(i, 20)) + "\r";
    }
    return text;
  }();
  return bytes;
}

/// Expects that `output` holds no eight bytes of the file, neither as they are nor in Base64.
void expect_nothing_of_the_file(const std::string& output) {
  for (const std::string& form : {sample(), base64::encode(sample())}) {
    for (std::size_t i = 0; i + 8 <= form.size(); i += 4) {
      ASSERT_EQ(output.find(form.substr(i, 8)), std::string::npos) << form.substr(i, 8) << output;
    }
  }
}

constexpr const char* config = R"({"metadata_config": {"fields": [
  {"field_name": "data_stream_id", "required": true, "allowed_values": ["dextesting"]},
  {"field_name": "data_stream_route", "required": true, "allowed_values": ["testevent1"]},
  {"field_name": "sender_id", "required": true, "description": "Who sends the file."},
  {"field_name": "jurisdiction", "required": true, "allowed_values": ["AL", "FL", "GA"],
   "description": "The place the data is about."},
  {"field_name": "received_filename", "required": true}]}})";

std::string manifest(const std::string& jurisdiction) {
  return R"({"version": "2.0", "data_stream_id": "dextesting", "data_stream_route": "testevent1",
             "sender_id": "lab-7", "received_filename": "results.hl7")" +
         jurisdiction + "}";
}
const std::string in_florida = R"(, "jurisdiction": "FL")";

struct Page {
  int exit_code = -1;
  std::string out, markdown;
};

/// A partner with files on their disk, who runs `onboard`.
class Partner {
 public:
  Partner() {
    folder_.write("sample.hl7", sample());
    folder_.write("partner.json", manifest(in_florida));
    folder_.write("out/about", "What was delivered lies beside this.");
    folder_.write("configs/dextesting_testevent1.json", config);
    folder_.write("users.json",
                  R"({"users": [{"username": "lab-7", "password": ")" + password + R"("}]})");
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  void write(const std::string& name, const std::string& text) { folder_.write(name, text); }

  [[nodiscard]] Page walk(const std::string& url, const Arguments& more) {
    testkit::ChildProcess::Options options;
    options.environment = {{"W_USER", "lab-7"},
                           {"W_PASSWORD", password},
                           {"W_WRONG", wrong_password},
                           {"W_TOKEN", token_},
                           {"W_KEY", "demodemodemodemodemodemodemodemo"},
                           {"W_PROJECT", "example_token"},
                           {"https_proxy", ""},
                           {"HTTPS_PROXY", ""},
                           {"http_proxy", ""},
                           {"HTTP_PROXY", ""}};
    const auto run = testkit::run(
        Arguments{DEX_CONFORMANCE, "onboard", "--url", url, "--file", path("sample.hl7"),
                  "--patience", "2", "--markdown", path("page.md"), "--html", path("page.html")} +
            more,
        options);
    EXPECT_EQ(run.err, "");
    Page page{run.exit_code, run.out, folder_.read("page.md")};
    for (const std::string& output : {run.out, run.err, page.markdown, folder_.read("page.html")}) {
      expect_nothing_of_the_file(output);
      for (const std::string& secret : {password, wrong_password, token_}) {
        if (secret.empty()) continue;
        EXPECT_EQ(output.find(secret), std::string::npos) << output;
      }
    }
    // Set DEX_WALKS to read the pages.
    if (std::getenv("DEX_WALKS") != nullptr) fmt::print("{}\n{}\n", page.out, page.markdown);
    return page;
  }
  /// Logs in; later walks have the token in W_TOKEN.
  void get_token(const std::string& url) {
    const auto answer = programs::curl(
        {url + "/oauth", "-d", "username=lab-7", "--data-urlencode", "password=" + password});
    token_ = nlohmann::json::parse(answer.body).at("access_token").get<std::string>();
  }

  void know_token(const std::string& token) { token_ = token; }

  /// Arguments for a right server that knows the partner and delivers to "out".
  [[nodiscard]] Arguments server(const Arguments& more = {}) const {
    return Arguments{"--profile",        "dex",           "--store",        "memory",
                     "--auth",           "jwt",           "--users",        path("users.json"),
                     "--upload-configs", path("configs"), "--deliver-root", path("out")} +
           more;
  }
  [[nodiscard]] Arguments as_dex(const Arguments& more = {}) const {
    return Arguments{"--manifest", path("partner.json"), "--upload-config",
                     path("configs/dextesting_testevent1.json")} +
           more;
  }
  [[nodiscard]] Arguments with_password(const Arguments& more = {}) const {
    return as_dex({"--username-env", "W_USER", "--password-env", "W_PASSWORD"}) + more;
  }

 private:
  testkit::TempFolder folder_;
  std::string token_;
};

/// Expects that the partner is not ready, with one finding and its remedy on the page and in the
/// last lines.
void expect_one(const Page& page, int exit_code, const std::string& what,
                const std::string& remedy) {
  EXPECT_EQ(page.exit_code, exit_code) << page.out;
  EXPECT_THAT(page.markdown, AllOf(HasSubstr("**Not yet: one thing is to be done.**"),
                                   HasSubstr(what), HasSubstr(remedy)));
  EXPECT_THAT(page.markdown, Not(HasSubstr("\n2. ")));
  const auto verdict = page.out.find("NOT READY: 1 thing to do\n");
  ASSERT_NE(verdict, std::string::npos) << page.out;
  EXPECT_THAT(page.out.substr(verdict), AllOf(HasSubstr(what), HasSubstr(remedy)));
}

TEST(Onboarding, WhoIsReady) {
  Partner partner;
  const Mock mock(partner.server());
  const auto page =
      partner.walk(mock.url(), partner.with_password({"--delivered-dir", partner.path("out")}));
  EXPECT_EQ(page.exit_code, 0) << page.out;
  for (const char* const step :
       {"| done | **Name and address**", "| note | **Certificate**", "| done | **Login**",
        "| done | **Login that must fail**", "| done | **Manifest and upload config**",
        "| done | **Manifest and service**", "| done | **File in pieces**",
        "| done | **Lost connection**", "| done | **Received**", "| done | **Delivered**",
        "| done | **Delivered bytes**"}) {
    EXPECT_THAT(page.markdown, HasSubstr(step)) << page.out;
  }
  EXPECT_THAT(page.markdown, AllOf(HasSubstr("**Yes.**"), HasSubstr("staging"),
                                   HasSubstr("Send this page to your contact in CDC"),
                                   HasSubstr("lab-7"), HasSubstr("Id of the upload"),
                                   HasSubstr(fmt::format("| {},", sample().size() / 1000))));
  EXPECT_THAT(page.out, HasSubstr("\nREADY\n"));
}

TEST(Onboarding, AWrongPassword) {
  Partner partner;
  const Mock mock(partner.server());
  expect_one(partner.walk(mock.url(), partner.as_dex({"--username-env", "W_USER", "--password-env",
                                                      "W_WRONG"})),
             3, "The service refuses this user name and password", "accounts get locked");
}

/// Walks to a server with this TLS fault; the partner trusts its good authority.
Page walk_over_tls(Partner& partner, const std::string& fault, const Arguments& more = {}) {
  Arguments server = partner.server({"--tls-self-signed", partner.path("tls")});
  if (!fault.empty()) server = server + Arguments{"--fault", fault};
  const Mock mock(server);
  return partner.walk(mock.url(),
                      partner.with_password({"--ca-file", partner.path("tls/ca.pem")}) + more);
}

TEST(Onboarding, AnAuthorityThatIsNotTrusted) {
  Partner partner;
  expect_one(
      walk_over_tls(partner, "tls-unknown-authority"), 3,
      "The service's certificate was signed by \"unknown authority\", whom this computer does "
      "not know.",
      "give that with --ca-file");
}

TEST(Onboarding, ACertificateThatEnded) {
  Partner partner;
  const auto page = walk_over_tls(partner, "tls-expired");
  expect_one(page, 3, "The service's certificate ended on 20", "only they can mend it");
  EXPECT_THAT(page.markdown, HasSubstr("At the service: "));
}

struct FaultCase {
  const char* name;  ///< of the fault after "tls-", and of a lane
  const char* what;
};
constexpr FaultCase other_faults[] = {
    {"not-yet-valid", "The service's certificate begins only on 20"},
    {"other-host", "The certificate is for elsewhere.example, and not for 127.0.0.1."},
    {"self-signed", "The service vouches for itself"},
    {"missing-intermediate", "a missing intermediate certificate"},
    {"revoked", "The service's certificate was revoked"},
    {"revoked-stapled", "The service's certificate was revoked"},
    {"staple-missing", "OCSP stapling"},
    {"1-1-only", "The service speaks only TLS 1.0 or 1.1"},
    {"alert", "The service broke off while the protected connection was being made."},
    {"reset-after-certificate", "The connection broke, or stood still, while protection"},
};

TEST(Onboarding, OtherCertificatesAreToldApart) {
  Partner partner;
  Arguments server{"--profile",         "dex",       "--store",    "memory", "--tls-self-signed",
                   partner.path("tls"), "--control", "127.0.0.1:0"};
  for (const auto& fault : other_faults) {
    const std::string file = std::string(fault.name) + ".json";
    partner.write(file,
                  fmt::format(R"({{"listen": "127.0.0.1:0", "faults": ["tls-{}"]}})", fault.name));
    server = server + Arguments{"--lane", fmt::format("{}={}", fault.name, partner.path(file))};
  }
  Mock mock(server);
  partner.write("trusted.pem", testkit::read_file(partner.path("tls/ca.pem")) +
                                   testkit::read_file(partner.path("tls/crl.pem")));
  for (const auto& fault : other_faults) {
    const std::string& said = mock.process().out();
    const std::string before = fmt::format("lane {} ", fault.name);
    const auto at = said.find(before);
    ASSERT_NE(at, std::string::npos) << said;
    const auto url = said.substr(at + before.size(), said.find('\n', at) - at - before.size());
    expect_one(partner.walk(url, partner.with_password({"--ca-file", partner.path("trusted.pem")})),
               3, fault.what, "");
  }
}

/// As with an inspecting proxy, which makes a certificate of its own for each host.
TEST(Onboarding, ADeviceThatOpensConnections) {
  Partner partner;
  const auto made = testkit::self_signed(/*expired=*/false, "Zscaler Intermediate Root CA");
  partner.write("device.pem", made.cert_pem);
  partner.write("device.key", made.key_pem);
  const Mock mock(partner.server(
      {"--tls-cert", partner.path("device.pem"), "--tls-key", partner.path("device.key")}));
  expect_one(partner.walk(mock.url(), partner.with_password({})), 3,
             "A device in your network opens the connection: the certificate that came was made by "
             "\"Zscaler Intermediate Root CA\", and is not the service's own.",
             "ask for that device's certificate as a PEM file");
  // With that certificate the walk goes on, and says that the upload program has to trust it too.
  const auto trusted =
      partner.walk(mock.url(), partner.with_password({"--ca-file", partner.path("device.pem")}));
  EXPECT_EQ(trusted.exit_code, 0) << trusted.out;
  EXPECT_THAT(trusted.markdown, HasSubstr("your upload program has to trust it too"));
}

TEST(Onboarding, AProxyThatRefuses) {
  Partner partner;
  ScriptedServer proxy(
      testkit::answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n"
                      "Connection: close\r\n\r\n"));
  expect_one(partner.walk("https://upload.dex.example.test/upload",
                          partner.with_password({"--proxy", proxy.url()})),
             3, "refuses to connect to upload.dex.example.test (its answer: 403)",
             "Ask your IT to allow this computer to connect to upload.dex.example.test, port 443");
}

TEST(Onboarding, AProxyThatConnects) {
  Partner partner;
  const Mock mock(partner.server());
  const testkit::SmallProxy proxy(std::stoi(mock.url().substr(mock.url().rfind(':') + 1)));
  const auto page =
      partner.walk(mock.url(), partner.with_password({"--proxy", "http://" + proxy.address(),
                                                      "--delivered-dir", partner.path("out")}));
  EXPECT_EQ(page.exit_code, 0) << page.out;
  EXPECT_THAT(page.markdown,
              AllOf(HasSubstr("| done | **Proxy** "), HasSubstr("| done | **Lost connection**")));
}

TEST(Onboarding, AFieldThatIsMissing) {
  Partner partner;
  partner.write("partner.json", manifest(""));
  const Mock mock(partner.server());
  const auto page = partner.walk(mock.url(), partner.with_password());
  expect_one(page, 1, "The manifest has no field \"jurisdiction\" (The place the data is about).",
             "with the value \"AL\", \"FL\" or \"GA\"");
  // The service says the same, and nothing else is sent.
  EXPECT_THAT(page.markdown, HasSubstr("| STOP | **Manifest and service**"));
  EXPECT_THAT(page.markdown, HasSubstr("| not tried | **File in pieces**"));
}

TEST(Onboarding, AValueThatIsNotAllowed) {
  Partner partner;
  partner.write("partner.json", manifest(R"(, "jurisdiction": "Florida")"));
  const Mock mock(partner.server());
  expect_one(partner.walk(mock.url(), partner.with_password()), 1,
             "The field \"jurisdiction\" of the manifest is \"Florida\", which is not allowed.",
             "Set \"jurisdiction\" to \"AL\", \"FL\" or \"GA\".");
}

TEST(Onboarding, ADeliveryThatFails) {
  Partner partner;
  const Mock mock(partner.server({"--fault", "delivery-fails"}));
  const auto page = partner.walk(mock.url(), partner.with_password());
  expect_one(page, 1, "could not be handed on: 1 of 1 deliveries failed",
             "Send this page to your contact in CDC");
  EXPECT_THAT(page.markdown, HasSubstr("| done | **Received**"));
}

TEST(Onboarding, ATokenThatEnds) {
  Partner partner;
  partner.write("rules.json",
                R"({"when": {"method": "PATCH", "route": "upload", "nth": 2},
                    "then": {"server": {"revoke_token": true, "at": "before"}}, "times": 1})");
  {
    const Mock mock(partner.server({"--rules", partner.path("rules.json")}));
    partner.get_token(mock.url());
    expect_one(partner.walk(mock.url(), partner.as_dex({"--token-env", "W_TOKEN"})), 1,
               "The token ended on the way", "let your program ask for a new token");
  }
  // With a password the walk gets a new token.
  const Mock mock(partner.server({"--rules", partner.path("rules.json")}));
  const auto page = partner.walk(mock.url(), partner.with_password());
  EXPECT_EQ(page.exit_code, 0) << page.out;
  EXPECT_THAT(page.markdown, HasSubstr("a new one was asked for, and the upload went on"));
}

TEST(Onboarding, AServerThatLosesBytes) {
  Partner partner;
  const Mock mock(partner.server({"--fault", "rolled-back"}));
  expect_one(partner.walk(mock.url(), partner.with_password()), 1, "The service lost bytes",
             "no real data before they have mended it");
}

// ---- and more ----------------------------------------------------------------------------------

TEST(Onboarding, DamageIsFoundWhereDeliveriesCanBeRead) {
  Partner partner;
  const Mock mock(partner.server({"--defect", "delivery-damaged"}));
  expect_one(
      partner.walk(mock.url(), partner.with_password({"--delivered-dir", partner.path("out")})), 1,
      "What was delivered is not the file that was sent", "theirs to mend");
}

TEST(Onboarding, ByTheGuideAsWell) {
  Partner partner;
  const Mock mock(partner.server({"--contract", "guide"}));
  const auto page = partner.walk(mock.url() + "/upload", partner.with_password());
  EXPECT_EQ(page.exit_code, 0) << page.out;
  partner.write("partner.json", manifest(""));
  expect_one(partner.walk(mock.url() + "/upload", partner.with_password()), 1,
             "The manifest has no field \"jurisdiction\"", "\"AL\", \"FL\" or \"GA\"");
}

TEST(Onboarding, ASampleForOneCodex) {
  Partner partner;
  const Mock mock({"--profile", "onecodex", "--store", "memory"});
  partner.write("sample.json", R"({"name": "Sample 7"})");
  const auto page = partner.walk(mock.url(), {"--system", "onecodex", "--token-env", "W_KEY",
                                              "--manifest", partner.path("sample.json")});
  EXPECT_EQ(page.exit_code, 0) << page.out;
  EXPECT_THAT(page.markdown,
              AllOf(HasSubstr("| done | **Lost connection**"),
                    HasSubstr("| done | **Stored bytes**"), HasSubstr("Id of the sample")));
}

TEST(Onboarding, AFileForOpenHumans) {
  Partner partner;
  const Mock mock({"--profile", "openhumans", "--store", "memory"});
  partner.write("file.json", R"({"tags": ["genome"], "description": "A genome"})");
  const auto page = partner.walk(mock.url(), {"--system", "openhumans", "--token-env", "W_PROJECT",
                                              "--manifest", partner.path("file.json")});
  EXPECT_EQ(page.exit_code, 0) << page.out;
  EXPECT_THAT(page.markdown,
              AllOf(HasSubstr("| done | **Lost connection**"),
                    HasSubstr("| done | **Stored bytes**"), HasSubstr("Id of the file")));
}

std::string reply(const std::string& status, const std::string& fields, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A service that sends back whatever it got, in a body, a field and a reason phrase.
TEST(Onboarding, NothingThatAServiceSendsBackIsOnThePage) {
  Partner partner;
  std::string kept;
  ScriptedServer server([&kept](Peer& peer) {
    const auto request = peer.read_request();
    const auto line = request.substr(0, request.find("\r\n"));
    const auto body = request.substr(std::min(request.find("\r\n\r\n") + 4, request.size()));
    if (line.starts_with("OPTIONS")) return void(peer.send(reply("204 No Content", "", "")));
    if (line.starts_with("POST")) {
      return void(peer.send(reply("201 Created", "Location: /files/1\r\n", "")));
    }
    if (line.starts_with("PATCH")) kept += body;
    if (line.starts_with("GET /info/1 ")) {
      const nlohmann::json info{{"upload_status", {{"status", "Complete"}}},
                                {"file_info", {{"size_bytes", sample().size()}}},
                                {"deliveries",
                                 {{{"name", sample().substr(0, 40)},
                                   {"status", sample().substr(0, 40)},
                                   {"issues", {{{"message", sample()}}}}}}}};
      return void(peer.send(reply("200 OK", "", info.dump())));
    }
    if (line.starts_with("GET"))
      return void(peer.send(reply("404 " + kept.substr(0, 40), "", kept)));
    const auto offset = "Upload-Offset: " + std::to_string(kept.size()) + "\r\n";
    const bool last = kept.size() == sample().size();
    peer.send(reply(last || line.starts_with("HEAD") ? "200 OK" : "204 No Content",
                    offset + "X-Echo: " + base64::encode(body.substr(0, 100)) + "\r\n", ""));
  });
  const auto page = partner.walk(server.url("/files"), partner.as_dex());
  EXPECT_EQ(page.exit_code, 1) << page.out;
  EXPECT_THAT(page.markdown, HasSubstr("could not be handed on: 1 of 1 deliveries failed"));
}

/// The page quotes what a service says of a manifest, but masks secrets.
TEST(Onboarding, ATokenThatIsSentBackIsMasked) {
  Partner partner;
  partner.know_token("onboard-Token9+/marker.abc==");
  ScriptedServer server([](Peer& peer) {
    const auto request = peer.read_request();
    const auto at = request.find("Authorization: ");
    const auto token =
        at == std::string::npos ? std::string() : request.substr(at, request.find("\r\n", at) - at);
    if (request.starts_with("OPTIONS")) return void(peer.send(reply("204 No Content", "", "")));
    if (request.starts_with("GET")) {
      const bool known = token.find("Token9") != std::string::npos;
      return void(peer.send(reply(known ? "404 Not Found" : "401 Unauthorized", "", token)));
    }
    const nlohmann::json refusal{{"upload_id", token}, {"validation_errors", {"sent: " + token}}};
    peer.send(reply("400 Bad Request", "", refusal.dump()));
  });
  const auto page = partner.walk(server.url("/files?sig=onboard-Query6"),
                                 partner.as_dex({"--token-env", "W_TOKEN"}));
  EXPECT_EQ(page.exit_code, 1) << page.out;
  EXPECT_THAT(page.out, AllOf(HasSubstr("it says: \"sent: Authorization: Bearer ***"),
                              Not(HasSubstr("onboard-Query6"))));
}

TEST(Onboarding, WhatIsGivenWrongIsOneLine) {
  Partner partner;
  const auto line = [&](const Arguments& arguments) {
    const auto run = testkit::run(Arguments{DEX_CONFORMANCE, "onboard"} + arguments);
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    return run.err;
  };
  const Arguments url{"--url", "http://127.0.0.1:1"};
  const Arguments file{"--file", partner.path("sample.hl7")};
  partner.write("empty", "");
  partner.write("list.json", "[1]");
  EXPECT_THAT(line(url), HasSubstr("--file"));
  EXPECT_THAT(line(url + file), HasSubstr("--manifest: is needed"));
  EXPECT_THAT(line(url + Arguments{"--file", partner.path("none")}), HasSubstr("--file"));
  EXPECT_THAT(line(url + Arguments{"--file", partner.path("empty")}), HasSubstr("is empty"));
  EXPECT_THAT(line(url + file + Arguments{"--manifest", partner.path("list.json")}),
              HasSubstr("list.json"));
  EXPECT_THAT(line(url + file + Arguments{"--system", "tus"}), HasSubstr("--system"));
}

}  // namespace
