// Requests that once made the server run out of memory, against the real server in the address
// space that `ulimit -v 1500000` leaves.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "programs.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"

namespace {

using transport::RawConnection;
namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // shadow memory needs more address space
#else
constexpr bool sanitized = false;
#endif

constexpr Milliseconds patience{30'000};
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

testkit::ChildProcess::Options narrow() {
  testkit::ChildProcess::Options options;
  if (!sanitized) options.address_space = 1'500'000 * kib;
  return options;
}

std::uint64_t resident(int pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::uint64_t size = 0;
    status >> size;
    return size * kib;
  }
  return 0;
}

class Memory : public testing::Test {
 protected:
  void start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--profile", "tus"});
    mock_.emplace(std::move(arguments), narrow());
  }
  RawConnection connect() {
    auto connection = RawConnection::open(mock_->url(), tls_, patience);
    EXPECT_TRUE(connection) << connection.error().line();
    return *std::move(connection);
  }
  static transport::Response ask(RawConnection& connection, const std::string& line,
                                 const std::string& fields = {}, const std::string& body = {}) {
    EXPECT_TRUE(connection.send(head(line, fields) + body, patience));
    const auto read = connection.read_response(patience);
    return read.response.value_or(transport::Response{});
  }
  static std::string head(const std::string& line, const std::string& fields = {}) {
    return line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\n" + fields + "\r\n";
  }
  /// Creates an upload; returns its path.
  std::string create(RawConnection& connection, std::uint64_t size, const std::string& more = {}) {
    const auto made = ask(connection, "POST /files",
                          fmt::format("Content-Length: 0\r\nUpload-Length: {}\r\n{}", size, more));
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string location(made.headers.find("Location").value_or(""));
    return location.substr(std::min(location.find("/files/"), location.size()));
  }
  void fill(RawConnection& connection, const std::string& path, std::uint64_t size) {
    const auto done = ask(connection, "PATCH " + path,
                          fmt::format("Upload-Offset: 0\r\nContent-Length: {}\r\n"
                                      "Content-Type: application/offset+octet-stream\r\n",
                                      size),
                          std::string(size, 'x'));
    EXPECT_EQ(done.status, 204) << done.body;
  }
  /// How long the control API takes to answer: the median, because other processes share the
  /// machine.
  Milliseconds health() {
    auto connection = connect();
    std::array<Milliseconds, 21> took{};
    for (auto& one : took) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(ask(connection, "GET /_mock/health").status, 200);
      one = std::chrono::ceil<Milliseconds>(std::chrono::steady_clock::now() - begin);
    }
    const auto median = took.begin() + took.size() / 2;
    std::nth_element(took.begin(), median, took.end());
    return *median;
  }
  /// Forty clients ask for `path` and read nothing; that must cost neither time nor memory.
  void forty_that_do_not_read(const std::string& path) {
    health();
    const auto pid = mock_->process().pid();
    const auto before = resident(pid);
    std::vector<RawConnection> unread;
    for (int i = 0; i < 40; ++i) {
      unread.push_back(connect());
      ASSERT_TRUE(unread.back().send(head("GET " + path), patience));
    }
    EXPECT_LE(health(), Milliseconds{50});
    if (!sanitized) {
      EXPECT_LT(resident(pid), before + 16 * mib);
    }
    // A client that reads gets all of it.
    transport::ClientOptions options;
    options.tls = tls_;
    options.body_limit = Bytes{64 * mib};
    const auto whole = transport::Client(options).send({"GET", mock_->url() + path, {}, {}});
    ASSERT_TRUE(whole.response);
    EXPECT_FALSE(whole.failure);
    EXPECT_EQ(whole.response->status, 200);
    EXPECT_EQ(whole.response->body_size, Bytes{64 * mib});
    EXPECT_TRUE(mock_->process().running());
  }
  /// Makes a sparse file of 64 MiB as an upload in the store; returns its path.
  std::string sparse_upload() {
    start({"--store", store()});
    auto connection = connect();
    const auto path = create(connection, 64 * mib);
    mock_->process().signal(SIGTERM);
    mock_->process().wait();
    fs::resize_file(fs::path(store()) / path.substr(path.rfind('/') + 1), 64 * mib);
    return path;
  }
  [[nodiscard]] std::string store() const { return (folder_.path() / "store").string(); }

  testkit::TempFolder folder_;
  transport::TlsOptions tls_;
  std::optional<programs::Mock> mock_;
};

TEST_F(Memory, AFinalThatTheAddressSpaceCannotHoldIsRefused) {
  start({"--store", "memory"});
  auto connection = connect();
  const auto part = create(connection, 16 * mib, "Upload-Concat: partial\r\n");
  fill(connection, part, 16 * mib);
  std::string concat = "final;";
  // Less than the store's own limit, and more than the address space.
  for (int i = 0; i < 250; ++i) concat += part + " ";
  concat.pop_back();
  const auto refused =
      ask(connection, "POST /files", "Content-Length: 0\r\nUpload-Concat: " + concat + "\r\n");
  if (!sanitized) {
    EXPECT_THAT(refused.status, testing::AnyOf(413, 507)) << refused.body;
  }
  auto another = connect();
  EXPECT_EQ(ask(another, "GET /_mock/health").status, 200);
  EXPECT_TRUE(mock_->process().running());
}

TEST_F(Memory, DownloadsFromDiskThatNobodyReadsCostNearlyNothing) {
  const auto path = sparse_upload();
  start({"--store", store()});
  forty_that_do_not_read(path);
}

TEST_F(Memory, DownloadsFromMemoryThatNobodyReadsCostNearlyNothing) {
  start({"--store", "memory"});
  auto connection = connect();
  const auto path = create(connection, 64 * mib);
  fill(connection, path, 64 * mib);
  forty_that_do_not_read(path);
}

TEST_F(Memory, DownloadsOverTlsThatNobodyReadsCostNearlyNothing) {
  const auto path = sparse_upload();
  start({"--store", store(), "--tls-self-signed", (folder_.path() / "tls").string()});
  tls_.ca_file = (folder_.path() / "tls" / "ca.pem").string();
  forty_that_do_not_read(path);
}

TEST_F(Memory, ADownloadWhoseFileIsCutMeanwhileIsCutToo) {
  const auto path = sparse_upload();
  start({"--store", store()});
  auto connection = connect();
  ASSERT_TRUE(connection.send(head("GET " + path), patience));
  EXPECT_LE(health(), patience) << "it has begun, and waits for its reader";
  fs::resize_file(fs::path(store()) / path.substr(path.rfind('/') + 1), 0);
  EXPECT_EQ(connection.wait_for_close(patience), RawConnection::Seen::reset);
  EXPECT_EQ(health() <= patience, true);
  mock_->process().signal(SIGTERM);
  mock_->process().wait();
  EXPECT_THAT(mock_->process().err(), testing::HasSubstr("the upload became shorter meanwhile"));
}

}  // namespace
