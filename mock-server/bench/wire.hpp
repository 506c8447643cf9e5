// Sockets for the clients of scripts/bench.sh: just enough HTTP/1.1 to talk to a tus server and to
// notice a wrong answer. Blocking; a connection belongs to one thread.
#pragma once

#include <netdb.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

struct Url {
  std::string host, port, path;
  std::string fields = {};  ///< header fields of every request, each with its CR LF
};

/// http://HOST:PORT/PATH, as the servers under test print it.
inline Url parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) fail("not an http URL: " + std::string(text));
  text.remove_prefix(scheme.size());
  const auto slash = std::min(text.find('/'), text.size());
  const auto authority = text.substr(0, slash);
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos) fail("a URL needs a port: " + std::string(text));
  return {std::string(authority.substr(0, colon)), std::string(authority.substr(colon + 1)),
          std::string(text.substr(slash))};
}

struct Answer {
  int status = 0;
  std::string head;
  std::string body;  ///< when it has a Content-Length
  /// The value of a field, without the spaces around it.
  [[nodiscard]] std::optional<std::string> field(const char* name) const {
    const std::string line = std::string("\r\n") + name + ":";
    const char* at = ::strcasestr(head.c_str(), line.c_str());
    if (at == nullptr) return std::nullopt;
    std::string_view value = at + line.size();
    value = value.substr(0, value.find('\r'));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return std::string(value);
  }
};

class Wire {
 public:
  explicit Wire(const Url& url) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found) != 0) {
      fail("no such host: " + url.host);
    }
    socket_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0 || ::connect(socket_, found->ai_addr, found->ai_addrlen) != 0) {
      fail("cannot connect to " + url.host + ":" + url.port + ": " + std::strerror(errno));
    }
    ::freeaddrinfo(found);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Wire(Wire&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), input_(std::move(other.input_)) {}
  Wire& operator=(Wire&&) = delete;
  ~Wire() {
    if (socket_ >= 0) ::close(socket_);
  }

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) fail(std::string("send: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  /// The next final response; a chunked body is read and dropped.
  Answer receive(bool to_head) {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) more();
    Answer answer;
    answer.head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    if (answer.head.size() < 12) fail("not HTTP: " + answer.head);
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (to_head || answer.status == 204) return answer;
    if (answer.field("Transfer-Encoding")) {
      while ((end = input_.find("0\r\n\r\n")) == std::string::npos) more();
      input_.erase(0, end + 5);
    } else {
      const auto length =
          std::strtoull(answer.field("Content-Length").value_or("0").c_str(), nullptr, 10);
      while (input_.size() < length) more();
      answer.body = input_.substr(0, length);
      input_.erase(0, length);
    }
    return answer;
  }

 private:
  void more() {
    char buffer[16384];
    const auto n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0) fail("the server closed the connection; so far: " + input_);
    input_.append(buffer, static_cast<std::size_t>(n));
  }

  int socket_ = -1;
  std::string input_;
};

/// The creation of an upload of `length` bytes, with the metadata that the upload config of
/// dextesting/testevent1 requires.
inline std::string creation(const Url& url, unsigned long long length) {
  return "POST " + url.path + " HTTP/1.1\r\nHost: " + url.host + ":" + url.port + "\r\n" +
         url.fields + "Tus-Resumable: 1.0.0\r\nUpload-Length: " + std::to_string(length) +
         "\r\nUpload-Metadata: version Mi4w,data_stream_id ZGV4dGVzdGluZw==,"
         "data_stream_route dGVzdGV2ZW50MQ==,sender_id Zmxvb3I=,data_producer_id Zmxvb3I=,"
         "jurisdiction dGVzdA==,received_filename Zmxvb3I=\r\nContent-Length: 0\r\n\r\n";
}

/// The path of the upload that `answer` to a creation made.
inline std::string path_of(const Answer& answer) {
  if (answer.status != 201) fail("a creation was answered: " + answer.head);
  auto location = answer.field("Location").value_or("");
  if (location.starts_with("http")) location = parse_url(location).path;
  if (location.empty()) fail("a 201 without Location: " + answer.head);
  return location;
}

/// The head of a PATCH at offset 0.
inline std::string patch_head(const Url& url, const std::string& path, unsigned long long length) {
  return "PATCH " + path + " HTTP/1.1\r\nHost: " + url.host + ":" + url.port + "\r\n" + url.fields +
         "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
         "Content-Type: application/offset+octet-stream\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n";
}

}  // namespace bench
