// The floor of scripts/bench.sh for servers: what it costs to take an upload off a socket and put
// it into a file with nothing but recv and pwrite. A thread per connection, just enough HTTP for a
// tus client, or one that puts or posts objects, to be satisfied; no checks whatsoever. It is a
// measuring stick, not a server.
//
// usage: floor_server FOLDER|discard [md5]    (prints 'ready URL', ends on SIGTERM)
// With 'discard' the bytes are received and dropped: the floor for a server that keeps none. With
// 'md5' the MD5 of every body is computed on the way: the floor for a server that tells it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t buffer_size = 256UL * 1024;
std::atomic<unsigned> next_id{1};

void send_all(int socket, const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const auto n = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

unsigned long long field(const std::string& head, const char* name) {
  const char* at = ::strcasestr(head.c_str(), name);
  return at == nullptr ? 0 : std::strtoull(at + std::strlen(name), nullptr, 10);
}

/// The MD5 of a body, if it is asked for.
class Md5 {
 public:
  explicit Md5(bool wanted) {
    if (!wanted) return;
    context_.reset(EVP_MD_CTX_new());
    EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr);
  }
  void update(const char* bytes, std::size_t size) {
    if (context_) EVP_DigestUpdate(context_.get(), bytes, size);
  }
  std::string finish() {
    std::string hex;
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (context_) EVP_DigestFinal_ex(context_.get(), sum, &size);
    for (unsigned i = 0; i < size; ++i) {
      hex += "0123456789abcdef"[sum[i] >> 4U];
      hex += "0123456789abcdef"[sum[i] & 15U];
    }
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// Moves `length` body bytes, of which `buffer` holds the first `have`, into the file at `offset`;
// file -1 drops them.
bool store(int socket, int file, std::vector<char>& buffer, std::size_t have,
           unsigned long long length, unsigned long long offset, Md5& md5) {
  unsigned long long done = 0;
  while (true) {
    if (file >= 0 && have > 0 &&
        ::pwrite(file, buffer.data(), have, static_cast<off_t>(offset + done)) < 0) {
      return false;
    }
    md5.update(buffer.data(), have);
    done += have;
    if (done >= length) return true;
    const auto want = std::min<unsigned long long>(buffer_size, length - done);
    const auto n = ::recv(socket, buffer.data(), want, 0);
    if (n <= 0) return false;
    have = static_cast<std::size_t>(n);
  }
}

void serve(int socket, const std::string& folder, bool md5_wanted) {
  const bool keep = folder != "discard";
  std::vector<char> buffer(buffer_size);
  std::string head;
  while (true) {
    const auto end = head.find("\r\n\r\n");
    if (end == std::string::npos) {
      const auto n = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (n <= 0) break;
      head.append(buffer.data(), static_cast<std::size_t>(n));
      continue;
    }
    std::string rest = head.substr(end + 4);
    head.resize(end + 4);
    const auto length = field(head, "\nContent-Length:");
    const auto space = head.find(' ');
    const std::string path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    const std::string file = folder + "/" + path.substr(path.rfind('/') + 1);
    std::string next;
    if (head.starts_with("POST") && length == 0) {
      const auto id = next_id++;
      if (keep) {
        ::close(::open((folder + "/" + std::to_string(id)).c_str(), O_CREAT | O_WRONLY, 0600));
      }
      send_all(socket, "HTTP/1.1 201 Created\r\nTus-Resumable: 1.0.0\r\nLocation: /files/" +
                           std::to_string(id) + "\r\nContent-Length: 0\r\n\r\n");
      next = rest;
    } else if (head.starts_with("P")) {
      const bool patching = head.starts_with("PATCH");
      const auto offset = field(head, "\nUpload-Offset:");
      Md5 md5(md5_wanted);
      // Objects get names of their own: a path of theirs has a query, and a form's is the bucket's.
      const auto name = patching ? file : folder + "/" + std::to_string(next_id++);
      const int out = keep ? ::open(name.c_str(), O_CREAT | O_WRONLY, 0600) : -1;
      const auto have = std::min<std::size_t>(rest.size(), length);
      std::memcpy(buffer.data(), rest.data(), have);
      next = rest.substr(have);
      if (!store(socket, out, buffer, have, length, offset, md5)) {
        if (keep) ::close(out);
        break;
      }
      if (keep) ::close(out);
      if (head.starts_with("PUT")) {
        send_all(socket,
                 "HTTP/1.1 200 OK\r\nETag: \"" + md5.finish() + "\"\r\nContent-Length: 0\r\n\r\n");
      } else if (patching) {
        send_all(socket, "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: " +
                             std::to_string(offset + length) + "\r\n\r\n");
      } else {
        send_all(socket, "HTTP/1.1 204 No Content\r\nETag: \"" + md5.finish() + "\"\r\n\r\n");
      }
    } else if (head.starts_with("OPTIONS")) {
      send_all(socket,
               "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nTus-Version: 1.0.0\r\n"
               "Tus-Extension: creation\r\n\r\n");
      next = rest;
    } else {
      send_all(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      next = rest;
    }
    head = std::move(next);
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  const bool md5 = argc == 3 && std::string(argv[2]) == "md5";
  if (argc != 2 && !md5) {
    std::fprintf(stderr, "usage: floor_server FOLDER|discard [md5]\n");
    return 2;
  }
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, generic, &size) != 0) {
    std::perror("floor_server");
    return 1;
  }
  std::printf("ready http://127.0.0.1:%d/files\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread(serve, socket, std::string(argv[1]), md5).detach();
  }
}
