// The floor below floor_client: epoll and plain send, with just enough HTTP for a tus server to
// take uploads on kept connections. It is a measuring stick: answers are looked at for their status
// only, and every body is the same memory.
//
//   send_floor PORT UPLOADS CONCURRENCY BYTES [chunk=BYTES]      to http://127.0.0.1:PORT/files
//
// Prints its CPU-seconds per GB, user and system together, and its uploads per CPU-second.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::uint64_t uploads = 0, concurrency = 0, bytes = 0, chunk = 0;
std::string host;
std::vector<char> memory(256U << 10U, 'x');

struct Job {
  int socket = -1;
  std::string head;                      ///< of the present request
  std::string answer;                    ///< what has arrived of its answer
  std::string path;                      ///< of the upload; empty while it is created
  std::uint64_t offset = 0, length = 0;  ///< of the present PATCH
  std::uint64_t sent = 0;                ///< of the head and the body
};

void create(Job& job) {
  job.path.clear();
  job.offset = job.length = job.sent = 0;
  job.head =
      "POST /files HTTP/1.1\r\nHost: " + host +
      "\r\nTus-Resumable: 1.0.0\r\nContent-Length: 0\r\nUpload-Length: " + std::to_string(bytes) +
      "\r\nUpload-Metadata: version Mi4w,data_stream_id ZGV4dGVzdGluZw==,"
      "data_stream_route dGVzdGV2ZW50MQ==,sender_id Zmxvb3I=,data_producer_id Zmxvb3I=,"
      "jurisdiction dGVzdA==,received_filename Zmxvb3I=\r\n\r\n";
}

void patch(Job& job) {
  job.offset += job.length;
  job.length = std::min(chunk, bytes - job.offset);
  job.sent = 0;
  job.head = "PATCH " + job.path + " HTTP/1.1\r\nHost: " + host +
             "\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: " + std::to_string(job.offset) +
             "\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: " +
             std::to_string(job.length) + "\r\n\r\n";
}

/// Sends what the socket takes; false when it takes no more for now.
bool send_some(Job& job) {
  const std::uint64_t whole = job.head.size() + job.length;
  while (job.sent < whole) {
    std::array<iovec, 2> parts{};
    std::size_t count = 0;
    std::uint64_t body_at = 0;
    if (job.sent < job.head.size()) {
      parts[count++] = {job.head.data() + job.sent, job.head.size() - job.sent};
    } else {
      body_at = job.sent - job.head.size();
    }
    const auto room = std::min<std::uint64_t>(job.length - body_at, memory.size());
    if (room > 0) parts[count++] = {memory.data(), static_cast<std::size_t>(room)};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const auto n = ::sendmsg(job.socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return false;
    job.sent += static_cast<std::uint64_t>(n);
  }
  return true;
}

/// Reads what has arrived: 0 while the answer is incomplete, -1 when none will come, else its
/// status.
int receive(Job& job) {
  std::array<char, 4096> buffer{};
  const auto n = ::recv(job.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN)) return -1;
  if (n > 0) job.answer.append(buffer.data(), static_cast<std::size_t>(n));
  if (job.answer.find("\r\n\r\n") == std::string::npos) return 0;
  return std::atoi(job.answer.c_str() + sizeof "HTTP/1.1");
}

std::string location_in(const std::string& answer) {
  constexpr std::string_view field = "\nLocation: ";
  const auto at = answer.find(field);
  if (at == std::string::npos) return {};
  std::string where = answer.substr(at + field.size(), answer.find('\r', at) - at - field.size());
  if (const auto scheme = where.find("://"); scheme != std::string::npos) {
    where = where.substr(where.find('/', scheme + 3));
  }
  return where;
}

bool refused(const Job& job, int status) {
  if (status == (job.path.empty() ? 201 : 204)) return false;
  std::fprintf(stderr, "send_floor: %s gave %d\n", job.path.empty() ? "POST" : "PATCH", status);
  return true;
}

void want(int epoll, Job& job, int how, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &job;
  ::epoll_ctl(epoll, how, job.socket, &event);
}

/// Sends, and has epoll tell when there is room for the rest.
void go_on(int epoll, Job& job) {
  if (!send_some(job)) want(epoll, job, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

bool run(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Job> jobs(static_cast<std::size_t>(std::min(uploads, concurrency)));
  std::uint64_t started = jobs.size();
  std::uint64_t done = 0;
  for (Job& job : jobs) {
    job.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(job.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(job.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("send_floor");
      return false;
    }
    want(epoll, job, EPOLL_CTL_ADD, EPOLLIN);
    create(job);
    go_on(epoll, job);
  }
  std::array<epoll_event, 256> events{};
  while (done < uploads) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      Job& job = *static_cast<Job*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0 && send_some(job)) {
        want(epoll, job, EPOLL_CTL_MOD, EPOLLIN);
      }
      if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) continue;
      const int status = receive(job);
      if (status == 0) continue;
      if (refused(job, status)) return false;
      if (job.path.empty()) job.path = location_in(job.answer);
      job.answer.clear();
      if (job.offset + job.length < bytes) {
        patch(job);
      } else {
        ++done;
        if (started == uploads) continue;
        ++started;
        create(job);
      }
      go_on(epoll, job);
    }
  }
  return true;
}

std::uint64_t number(const char* text, const char* name) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0' || value == 0 || *text == '-') {
    std::fprintf(stderr, "send_floor: %s must be a whole number above 0\n", name);
    std::exit(2);
  }
  return value;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  const bool chunked = argc == 6 && std::string_view(argv[5]).starts_with("chunk=");
  if (argc != 5 && !chunked) {
    std::fprintf(stderr, "usage: send_floor PORT UPLOADS CONCURRENCY BYTES [chunk=BYTES]\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(number(argv[1], "PORT"));
  host = "127.0.0.1:" + std::to_string(port);
  uploads = number(argv[2], "UPLOADS");
  concurrency = number(argv[3], "CONCURRENCY");
  bytes = chunk = number(argv[4], "BYTES");
  if (chunked) chunk = number(argv[5] + 6, "chunk");
  const auto begin = std::chrono::steady_clock::now();
  if (!run(port)) return 1;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const double gigabytes = static_cast<double>(bytes) * static_cast<double>(uploads) / 1e9;
  std::printf("send_floor %.3f CPU-s/GB %.1f MiB/s %.2f s %.0f uploads/CPU-s\n",
              cpu_seconds() / gigabytes, gigabytes * 1e9 / 1048576 / elapsed.count(),
              elapsed.count(), static_cast<double>(uploads) / cpu_seconds());
  return 0;
}
