// The floor of scripts/bench.sh for servers: what it costs to take an upload off a socket and put
// it into a file with nothing but recv and pwrite. A thread per connection, just enough HTTP for a
// tus client, or one that puts or posts objects, to be satisfied; no checks whatsoever. It is a
// measuring stick, not a server.
//
// usage: floor_server FOLDER|discard|skip [md5 | tls CERTIFICATE KEY]
// (prints 'ready URL', ends on SIGTERM)
// With 'discard' the bytes are received and dropped: the floor for a server that keeps none. With
// 'skip' the kernel drops them (MSG_TRUNC): the floor for one that does not even look at them. With
// 'md5' the MD5 of every body is computed on the way: the floor for a server that tells it. With
// 'tls' the same over TLS, with the key and certificate in those PEM files.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
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

/// A connection, over TLS if there is a context.
class Stream {
 public:
  /// `skips`: bodies are counted, not read.
  Stream(int socket, SSL_CTX* context, bool skips) : socket_(socket), skips_(skips) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), socket);
    open_ = SSL_accept(ssl_.get()) == 1;
  }
  ~Stream() {
    ssl_.reset();
    ::close(socket_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  [[nodiscard]] bool open() const { return open_; }

  /// Some bytes; 0 or less: there are no more.
  long read(char* into, std::size_t size) {
    if (!ssl_) return ::recv(socket_, into, size, 0);
    return SSL_read(ssl_.get(), into, static_cast<int>(size));
  }
  /// The same for a body with `size` bytes to come; over TLS several records of 16 KiB at once.
  long read_body(char* into, std::size_t size) {
    if (!ssl_) return ::recv(socket_, into, size, skips_ ? MSG_TRUNC : 0);
    std::size_t done = 0;
    while (done < size) {
      const auto n = read(into + done, size - done);
      if (n <= 0) return n;
      done += static_cast<std::size_t>(n);
    }
    return static_cast<long>(done);
  }
  void write(const std::string& text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
      const auto rest = text.size() - sent;
      const auto n = ssl_ ? SSL_write(ssl_.get(), text.data() + sent, static_cast<int>(rest))
                          : ::send(socket_, text.data() + sent, rest, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int socket_;
  bool skips_;
  std::unique_ptr<SSL, Free> ssl_;
  bool open_ = true;
};

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
bool store(Stream& stream, int file, std::vector<char>& buffer, std::size_t have,
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
    const auto n = stream.read_body(buffer.data(), want);
    if (n <= 0) return false;
    have = static_cast<std::size_t>(n);
  }
}

void serve(int socket, const std::string& folder, bool md5_wanted, SSL_CTX* context) {
  const bool skips = folder == "skip";
  Stream stream(socket, context, skips);
  const bool keep = !skips && folder != "discard";
  std::vector<char> buffer(buffer_size);
  std::string head;
  while (stream.open()) {
    const auto end = head.find("\r\n\r\n");
    if (end == std::string::npos) {
      const auto n = stream.read(buffer.data(), buffer.size());
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
      stream.write("HTTP/1.1 201 Created\r\nTus-Resumable: 1.0.0\r\nLocation: /files/" +
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
      if (!store(stream, out, buffer, have, length, offset, md5)) {
        if (keep) ::close(out);
        break;
      }
      if (keep) ::close(out);
      if (head.starts_with("PUT")) {
        stream.write("HTTP/1.1 200 OK\r\nETag: \"" + md5.finish() +
                     "\"\r\nContent-Length: 0\r\n\r\n");
      } else if (patching) {
        stream.write("HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: " +
                     std::to_string(offset + length) + "\r\n\r\n");
      } else {
        stream.write("HTTP/1.1 204 No Content\r\nETag: \"" + md5.finish() + "\"\r\n\r\n");
      }
    } else if (head.starts_with("OPTIONS")) {
      stream.write(
          "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nTus-Version: 1.0.0\r\n"
          "Tus-Extension: creation\r\n\r\n");
      next = rest;
    } else {
      stream.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      next = rest;
    }
    head = std::move(next);
  }
}

SSL_CTX* context_of(const char* certificate, const char* key) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    return nullptr;
  }
  return context;
}

}  // namespace

int main(int argc, char** argv) {
  const bool md5 = argc == 3 && std::string(argv[2]) == "md5";
  const bool tls = argc == 5 && std::string(argv[2]) == "tls";
  if (argc != 2 && !md5 && !tls) {
    std::fprintf(stderr, "usage: floor_server FOLDER|discard|skip [md5 | tls CERTIFICATE KEY]\n");
    return 2;
  }
  SSL_CTX* const context = tls ? context_of(argv[3], argv[4]) : nullptr;
  if (tls && context == nullptr) {
    std::fprintf(stderr, "floor_server: no certificate and key in these files\n");
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
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
  std::printf("ready %s://127.0.0.1:%d/files\n", tls ? "https" : "http", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread(serve, socket, std::string(argv[1]), md5, context).detach();
  }
}
