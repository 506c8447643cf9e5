// Loads by way of a proxy: the real program, the real mock server, and a small proxy between them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "testkit/child_process.hpp"
#include "testkit/self_signed.hpp"
#include "testkit/small_proxy.hpp"
#include "testkit/temp_folder.hpp"

namespace {
using testing::HasSubstr;
using testkit::SmallProxy;

struct Way {
  const char* name;
  bool tls = false;
  std::string url;  ///< in it and below, PORT is the server's, and PROXY the address of the proxy
  std::map<std::string, std::string> environment;
  std::vector<std::string> flags;
  std::string asked;  ///< what each connection begins with; empty: none came by the proxy
  int exit_code = 0;
  std::string told = "good: 6 verified";
  std::string credentials = {};  ///< that the proxy asks for, as they are sent
};
std::ostream& operator<<(std::ostream& out, const Way& way) { return out << way.name; }

const std::vector<std::string> own{"--i-own-this-target"};
const std::vector<std::string> with_tokens_from_here{
    "--i-own-this-target", "--oauth-url", "http://127.0.0.1:PORT/oauth",
    "--username-env",      "TEST_USER",   "--password-env",
    "TEST_PASSWORD"};

class ByProxy : public testing::TestWithParam<Way> {};
TEST_P(ByProxy, RequestsGoWhereTheyAreToldTo) {
  const Way& way = GetParam();
  const testkit::TempFolder folder;
  const auto certificate = testkit::self_signed();
  const std::string cert = folder.write("cert.pem", certificate.cert_pem);
  const std::string key = folder.write("key.pem", certificate.key_pem);
  std::vector<std::string> server{DEX_MOCK, "--listen",  "127.0.0.1:0", "--store",
                                  "memory", "--profile", "tus"};
  if (way.tls) server.insert(server.end(), {"--tls-cert", cert, "--tls-key", key});
  testkit::ChildProcess mock(server);
  const std::string url = mock.wait_ready();
  const std::string port = url.substr(url.rfind(':') + 1);
  const SmallProxy proxy(std::stoi(port), way.credentials);
  const auto filled = [&](std::string text) {
    for (const auto& [name, value] : {std::pair{"PORT", port}, {"PROXY", proxy.address()}}) {
      if (const auto at = text.find(name); at != std::string::npos) {
        text.replace(at, std::string(name).size(), value);
      }
    }
    return text;
  };
  std::vector<std::string> command{
      DEX_LOADGEN, "run",           "--url", filled(way.url), "--system", "tus",       "--uploads",
      "6",         "--concurrency", "3",     "--size",        "100KiB",   "--ca-file", cert};
  for (const auto& flag : way.flags) command.push_back(filled(flag));
  testkit::ChildProcess::Options options;
  for (const char* other : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                            "no_proxy", "NO_PROXY"}) {
    options.environment[other] = "";
  }
  options.environment["TEST_USER"] = options.environment["TEST_PASSWORD"] = "demo";
  options.environment["TEST_PAIR"] = "u:p%41:";
  for (const auto& [name, value] : way.environment) options.environment[name] = filled(value);
  const auto run = testkit::run(command, options);
  EXPECT_EQ(run.exit_code, way.exit_code) << run.out << run.err;
  EXPECT_THAT(run.out + run.err, HasSubstr(way.told));
  if (way.asked.empty()) {
    EXPECT_TRUE(proxy.asked().empty()) << proxy.asked().front();
  } else {
    EXPECT_GE(proxy.asked().size(), way.exit_code == 0 ? 6U : 1U)
        << "a connection for each partner";
    for (const auto& line : proxy.asked()) EXPECT_THAT(line, HasSubstr(filled(way.asked)));
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, ByProxy,
    testing::Values(Way{"OfTheEnvironment",
                        false,
                        "http://dex.example.test/files",
                        {{"http_proxy", "http://PROXY"}},
                        own,
                        " http://dex.example.test/"},
                    Way{"OfTheEnvironmentForTls",
                        true,
                        "https://dex.example.test/files",
                        {{"HTTPS_PROXY", "http://PROXY"}},
                        own,
                        "CONNECT dex.example.test:443 HTTP/1.1"},
                    Way{"OfTheEnvironmentForAll",
                        false,
                        "http://dex.example.test/files",
                        {{"ALL_PROXY", "http://PROXY"}},
                        own,
                        " http://dex.example.test/"},
                    Way{"NotForHostsThatAreExcepted",
                        false,
                        "http://dex.example.test/files",
                        {{"http_proxy", "http://PROXY"}, {"NO_PROXY", "other.test,example.test"}},
                        own,
                        "",
                        3,
                        "target unreachable"},
                    Way{"NotForThisMachine",
                        false,
                        "http://127.0.0.1:PORT/files",
                        {{"http_proxy", "http://PROXY"}},
                        {},
                        ""},
                    Way{"NotForThisMachineBesideAnother",
                        false,
                        "http://dex.example.test/files",
                        {{"http_proxy", "http://PROXY"}, {"no_proxy", "other.test"}},
                        with_tokens_from_here,
                        " http://dex.example.test/"},
                    Way{"GivenAlsoForThisMachine",
                        false,
                        "http://127.0.0.1:PORT/files",
                        {},
                        {"--proxy", "http://PROXY"},
                        " http://127.0.0.1:PORT/"},
                    Way{"GivenWinsOverTheEnvironment",
                        true,
                        "https://localhost:PORT/files",
                        {{"https_proxy", "http://127.0.0.1:1"}, {"no_proxy", "*"}},
                        {"--proxy", "http://PROXY"},
                        "CONNECT localhost:PORT HTTP/1.1"},
                    Way{"ThatIsNotThere",
                        false,
                        "http://dex.example.test/files",
                        {{"http_proxy", "http://127.0.0.1:1"}},
                        own,
                        "",
                        3,
                        "target unreachable"},
                    Way{"WithCredentials",
                        true,
                        "https://localhost:PORT/files",
                        {},
                        {"--proxy", "http://PROXY", "--proxy-user-env", "TEST_PAIR"},
                        "CONNECT localhost:PORT HTTP/1.1",
                        0,
                        "good: 6 verified",
                        "dTpwJTQxOg=="},
                    Way{"ThatIsNotTold",
                        false,
                        "http://127.0.0.1:PORT/files",
                        {},
                        {"--proxy-user-env", "TEST_USER"},
                        "",
                        2,
                        "TEST_USER does not hold USER:PASSWORD"},
                    Way{"ThatAsksForCredentials",
                        false,
                        "http://dex.example.test/files",
                        {{"http_proxy", "http://PROXY"}},
                        own,
                        " http://dex.example.test/",
                        3,
                        "asks for credentials (407): give USER:PASSWORD by --proxy-user-env",
                        "dTpw"},
                    Way{"WhoseTunnelAsksForCredentials",
                        true,
                        "https://localhost:PORT/files",
                        {},
                        {"--proxy", "http://PROXY"},
                        "CONNECT localhost:PORT HTTP/1.1",
                        3,
                        "asks for credentials (407): give USER:PASSWORD by --proxy-user-env",
                        "dTpw"}),
    [](const auto& way) { return way.param.name; });

}  // namespace
