// The floor of scripts/bench.sh for small requests: what it costs to take a request off a socket
// and answer it with fixed bytes. One thread, epoll, recv, send. It looks at the method, at where
// the request ends, and at which call of Open Humans or One Codex it is, and at nothing else. It is
// a measuring stick, not a server.
//
// usage: reply_floor    (prints 'ready URL', ends on SIGTERM)
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::string_view created =
    "HTTP/1.1 201 Created\r\nTus-Resumable: 1.0.0\r\nLocation: /files/1\r\n"
    "Content-Length: 0\r\n\r\n";
constexpr std::string_view patched =
    "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 1024\r\n\r\n";
constexpr std::string_view found =
    "HTTP/1.1 200 OK\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 1024\r\nUpload-Length: 1024\r\n"
    "Cache-Control: no-store\r\n\r\n";

// The answers to Open Humans' calls and to the PUT between them.
constexpr std::string_view stored = "HTTP/1.1 200 OK\r\nETag: \"\"\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view completed =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}";
std::string begun;  ///< 201 with a URL on this server
// The same for One Codex.
constexpr std::string_view posted = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view confirmed =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
    R"({"success":true})";
std::string initiated;  ///< 200 with a form for this server

std::string_view reply_to_call(std::string_view line) {
  const auto has = [&](std::string_view text) { return line.find(text) != line.npos; };
  if (has("/complete/")) return completed;
  if (has("/init_upload")) return initiated;
  if (has("/confirm_upload")) return confirmed;
  return has(" /bucket") ? posted : std::string_view(begun);
}

/// Answers every whole request in `input`; false when the socket is done for.
bool answer(int socket, std::string& input) {
  std::size_t end = 0;
  while ((end = input.find("\r\n\r\n")) != std::string::npos) {
    const std::string_view head(input.data(), end);
    std::size_t body = 0;
    if (input[0] == 'P') {
      const char* at = ::strcasestr(input.c_str(), "\nContent-Length:");
      body = at == nullptr ? 0 : std::strtoull(at + 16, nullptr, 10);
    }
    const auto size = end + 4 + body;
    if (input.size() < size) return true;
    const auto reply = input[0] == 'H'   ? found
                       : input[1] == 'A' ? patched
                       : input[1] == 'U' ? stored
                       : body == 0       ? created
                                         : reply_to_call(head.substr(0, head.find('\r')));
    input.erase(0, size);
    if (::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

}  // namespace

int main() {
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, generic, &size) != 0) {
    std::perror("reply_floor");
    return 1;
  }
  const auto origin = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto json = R"({"id":1,"url":")" + origin + R"(/files/1"})";
  begun = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(json.size()) + "\r\n\r\n" + json;
  const auto form = R"({"sample_id":"0123456789abcdef","upload_url":")" + origin +
                    R"(/bucket","additional_fields":{"policy":")" + std::string(500, 'x') +
                    R"(","success_action_status":201}})";
  initiated = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(form.size()) + "\r\n\r\n" + form;
  std::printf("ready %s/files\n", origin.c_str());
  std::fflush(stdout);
  const int poll = ::epoll_create1(0);
  const auto watch = [&](int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
  };
  watch(listener);
  std::unordered_map<int, std::string> inputs;
  epoll_event events[64];
  char buffer[16384];
  while (true) {
    const int ready = ::epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; ++i) {
      const int socket = events[i].data.fd;
      if (socket == listener) {
        const int fresh = ::accept(listener, nullptr, nullptr);
        if (fresh < 0) continue;
        const int on = 1;
        ::setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fresh);
        continue;
      }
      const auto n = ::recv(socket, buffer, sizeof buffer, 0);
      auto& input = inputs[socket];
      if (n > 0) input.append(buffer, static_cast<std::size_t>(n));
      if (n <= 0 || !answer(socket, input)) {
        inputs.erase(socket);
        ::close(socket);
      }
    }
  }
}
