#include "hostile.hpp"

#include <gtest/gtest.h>

namespace hostile {
namespace {

using Seen = transport::RawConnection::Seen;
namespace fs = std::filesystem;

const std::string secret = "a secret";

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

}  // namespace

transport::RawConnection connect(const std::string& url) {
  auto connection = transport::RawConnection::open(url, {}, patience);
  EXPECT_TRUE(connection) << connection.error().line();
  return *std::move(connection);
}

void play(const std::string& url, const Row& row, const std::string& next,
          const std::string& hidden) {
  auto connection = connect(url);
  // The server may refuse early and cut the sending short; what counts is that the refusal can be
  // read.
  static_cast<void>(connection.send(row.bytes, patience));
  auto read = connection.read_response(patience, row.bytes.starts_with("HEAD "));
  if (row.replies.empty()) {
    EXPECT_EQ(read.seen, Seen::closed) << read.raw;
    return;
  }
  ASSERT_EQ(read.seen, Seen::response) << read.raw;
  EXPECT_TRUE(row.replies.contains(read.response->status)) << read.raw;
  EXPECT_EQ(read.raw.find(secret), std::string::npos) << read.raw;
  EXPECT_EQ(read.raw.find(hidden), std::string::npos) << read.raw;
  const bool closes = read.response->headers.has_token("Connection", "close");
  if (row.after == After::open || row.after == After::closed) {
    EXPECT_EQ(closes, row.after == After::closed) << read.raw;
  }
  if (closes || row.after == After::ends) {
    EXPECT_EQ(connection.wait_for_close(patience), Seen::closed);
    return;
  }
  ASSERT_TRUE(connection.send(next, patience));
  const auto answered = connection.read_response(patience);
  ASSERT_EQ(answered.seen, Seen::response);
  EXPECT_TRUE(answered.response->status == 200 || answered.response->status == 204) << answered.raw;
}

Surroundings::Surroundings() {
  for (const char* name : {"secret", "secret.info"}) folder_.write(name, secret);
  fs::create_directories(store().parent_path());
}

void Surroundings::are_untouched() const {
  EXPECT_EQ(names_in(folder_.path()), (std::set<std::string>{"secret", "secret.info", "deeper"}));
  EXPECT_EQ(names_in(store().parent_path()), std::set<std::string>{"store"});
  EXPECT_EQ(folder_.read("secret"), secret);
}

std::vector<std::string> impatient(std::vector<std::string> arguments, const fs::path& store) {
  arguments.insert(arguments.end(), {"--store", store.string(), "--header-timeout", "400ms",
                                     "--read-timeout", "400ms", "--log-level", "off"});
  return arguments;
}

}  // namespace hostile
