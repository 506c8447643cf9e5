// What can go wrong before the first client, each told in one line.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "net/openssl_ptr.hpp"
#include "net/self_signed.hpp"
#include "net/test_server.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;
using test::Echo;
using test::eventually;
using test::Log;
using test::MakesHandlers;
using test::RunningServer;

class ListenTest : public testing::Test {
 protected:
  ListenTest() {
    std::string pattern = (fs::temp_directory_path() / "listen-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ListenTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string error_of(const ListenOptions& options) {
    const auto server = make_server();
    const auto result = server->listen(options, application_, nullptr, nullptr);
    if (result) return "";
    const auto line = result.error().line();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return line;
  }
  std::string tls_error(const std::string& certificate, const std::string& key) {
    ListenOptions options;
    options.port = 0;
    options.tls = TlsFiles{certificate, key};
    return error_of(options);
  }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }

  fs::path folder_;
  Log log_;
  Loop* loop_ = nullptr;
  MakesHandlers application_{
      [this](const Request&, Intercept*) { return std::make_unique<Echo>(log_, loop_); }};
};

void expect_in(const std::string& line, std::initializer_list<std::string> parts) {
  for (const auto& part : parts) EXPECT_NE(line.find(part), std::string::npos) << line;
}

TEST_F(ListenTest, TellsTheUrl) {
  ListenOptions options;
  options.port = 0;
  const auto server = make_server();
  EXPECT_EQ(server->url(), "");
  ASSERT_TRUE(server->listen(options, application_, nullptr, nullptr));
  EXPECT_TRUE(server->url().starts_with("http://127.0.0.1:")) << server->url();
  EXPECT_FALSE(server->url().ends_with(":0"));
  options.host = "localhost";
  const auto by_name = make_server();
  EXPECT_TRUE(by_name->listen(options, application_, nullptr, nullptr));
}

TEST_F(ListenTest, APortInUseIsNamed) {
  const RunningServer first(application_);
  ListenOptions options;
  options.port = first.port();
  expect_in(error_of(options), {"127.0.0.1:" + std::to_string(first.port()), "in use"});
}

TEST_F(ListenTest, AHostThatIsNotHereIsNamed) {
  ListenOptions options;
  options.host = "192.0.2.1";
  expect_in(error_of(options), {"192.0.2.1:8080", "not one of this machine"});
  options.host = "no such host";
  expect_in(error_of(options), {"no such host:8080"});
  options.host = "";
  EXPECT_NE(error_of(options), "") << "an empty host is a mistake, not every interface";
}

TEST_F(ListenTest, APrivilegedPortIsNamed) {
  std::ifstream limit("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  int first = 0;
  limit >> first;
  if (::geteuid() == 0 || first <= 1) GTEST_SKIP() << "this user may listen on every port";
  ListenOptions options;
  options.port = 1;
  expect_in(error_of(options), {"127.0.0.1:1", "not permitted", "1024"});
}

TEST_F(ListenTest, EveryMistakeInTheCertificatesIsNamed) {
  const auto files = self_signed(folder_.string());
  ASSERT_TRUE(files) << files.error().line();
  const auto other = self_signed((folder_ / "other").string());
  ASSERT_TRUE(other);
  EXPECT_EQ(tls_error(files->certificate, files->key), "");

  const auto missing = (folder_ / "missing.pem").string();
  expect_in(tls_error(missing, files->key), {missing, "certificate", "No such file"});
  expect_in(tls_error(files->certificate, missing), {missing, "private key", "No such file"});
  expect_in(tls_error(folder_.string(), files->key), {folder_.string(), "certificate"});
  const auto empty = write("empty.pem", "");
  expect_in(tls_error(empty, files->key), {empty, "empty"});
  const auto garbage = write("garbage.pem", "garbage\n");
  expect_in(tls_error(garbage, files->key), {garbage, "not a PEM certificate"});
  expect_in(tls_error(files->certificate, garbage), {garbage, "not a PEM private key"});
  expect_in(tls_error(files->certificate, other->key), {other->key, "does not belong"});
  if (::geteuid() != 0) {
    ::chmod(other->key.c_str(), 0);
    expect_in(tls_error(files->certificate, other->key), {other->key, "Permission denied"});
  }
}

/// Writes the certificate of `files` to `to`, signed anew with other dates: seconds from now.
std::string redated(const TlsFiles& files, const std::string& to, long from, long until) {
  const BioPtr in(BIO_new_file(files.certificate.c_str(), "r"));
  const BioPtr key_in(BIO_new_file(files.key.c_str(), "r"));
  const X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  const KeyPtr key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const BioPtr out(BIO_new_file(to.c_str(), "w"));
  PEM_write_bio_X509(out.get(), certificate.get());
  return to;
}

TEST_F(ListenTest, ACertificateOutOfItsTimeIsNamed) {
  const auto files = self_signed(folder_.string());
  ASSERT_TRUE(files);
  const auto path = (folder_ / "dated.pem").string();
  EXPECT_EQ(tls_error(redated(*files, path, -100, 100), files->key), "");
  expect_in(tls_error(redated(*files, path, -100, -10), files->key),
            {path, "expired on", "--tls-self-signed"});
  expect_in(tls_error(redated(*files, path, 100, 200), files->key), {path, "not valid before"});

  // Its own certificates are renewed before it comes to that.
  redated(*files, files->certificate, -100, 60);
  ASSERT_TRUE(self_signed(folder_.string()));
  EXPECT_EQ(tls_error(files->certificate, files->key), "");
}

// ---- self_signed

std::string read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(ListenTest, SelfSignedCertificatesAreUsedAgain) {
  const auto dir = (folder_ / "deep" / "tls").string();
  const auto first = self_signed(dir);
  ASSERT_TRUE(first) << first.error().line();
  const auto certificate = read(first->certificate);
  const auto key = read(first->key);
  struct stat info {};
  ASSERT_EQ(::stat(first->key.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  ASSERT_TRUE(self_signed(dir));
  EXPECT_EQ(read(first->certificate), certificate);
  EXPECT_EQ(read(first->key), key);

  // A damaged pair is renewed, under the authority that clients trust already.
  const auto authority = read(dir + "/ca.pem");
  std::ofstream(first->certificate) << "torn";
  ASSERT_TRUE(self_signed(dir));
  EXPECT_NE(read(first->certificate), certificate);
  EXPECT_EQ(read(dir + "/ca.pem"), authority);
  EXPECT_EQ(tls_error(first->certificate, first->key), "");

  // Another authority makes a new pair necessary.
  fs::remove(dir + "/ca-key.pem");
  const auto renewed = read(first->certificate);
  ASSERT_TRUE(self_signed(dir));
  EXPECT_NE(read(dir + "/ca.pem"), authority);
  EXPECT_NE(read(first->certificate), renewed);
}

TEST_F(ListenTest, AFolderThatCannotBeMadeIsNamed) {
  const auto file = write("file", "x");
  const auto result = self_signed(file);
  ASSERT_FALSE(result);
  expect_in(result.error().line(), {file});
}

// ---- descriptors

TEST_F(ListenTest, RunningOutOfDescriptorsIsSurvived) {
  std::mutex mutex;
  std::vector<Notice> notices;
  RunningServer server(application_);
  server.server().loop().post([&] {
    server.server().on_trouble([&](const Notice& notice) {
      const std::lock_guard lock(mutex);
      notices.push_back(notice);
    });
  });
  auto first = server.connect();
  first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(first.reply().status, 200);

  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(before.rlim_cur, before.rlim_max) << "raised by the server";
  std::vector<test::Client> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back(server.port());
  for (auto& client : waiting) {
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.reply().status, 200);
  }

  rlimit tight = before;
  const int probe = ::dup(0);
  ::close(probe);
  tight.rlim_cur = static_cast<rlim_t>(probe) + 1;  // room for the client's end only
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  test::Client starved(server.port());
  starved.send("GET /starved HTTP/1.1\r\nHost: h\r\n\r\n");
  // What is open is served all the same, and the server does not spin.
  const auto cpu = std::clock();
  for (int i = 0; i < 20; ++i) {
    first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(first.reply().status, 200);
  }
  pollfd quiet{starved.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&quiet, 1, 300), 0) << "not accepted yet";
  EXPECT_LT(static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, 0.2);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(starved.reply().body, "GET /starved? ");
  const std::lock_guard lock(mutex);
  ASSERT_EQ(notices.size(), 1U) << "told once, however often it was tried again";
  EXPECT_EQ(notices[0].kind, "accept");
  expect_in(notices[0].text, {std::to_string(tight.rlim_cur), "ulimit -n"});
}

}  // namespace
}  // namespace mock
