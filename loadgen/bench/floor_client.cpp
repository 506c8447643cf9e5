// The floor for load generators: a bare libcurl loop (multi_socket over epoll) that creates uploads
// and sends each in one PATCH, or in several. No retries, no latencies, no verification; every body
// is the same memory.
//
//   floor_client URL UPLOADS CONCURRENCY BYTES [chunk=BYTES] [each] [ca=FILE]
//
// each: a connection of its own for every upload, instead of kept ones. Prints its CPU-seconds per
// GB, user and system together, and its uploads per CPU-second. scripts/bench.sh compares with it.
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Asked {
  std::string url;
  std::uint64_t uploads = 0, concurrency = 0, bytes = 0, chunk = 0;
  bool each = false;
  std::string ca;
};
Asked asked;
std::vector<char> memory(1U << 20U, 'x');

struct Job {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::string where;         ///< of the upload; empty while it is created
  std::uint64_t offset = 0;  ///< of the present PATCH
  std::uint64_t length = 0, sent = 0;
};

// ---- the loop ---------------------------------------------------------------------------------

struct Loop {
  CURLM* multi = curl_multi_init();
  int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::optional<Clock::time_point> due;
};

int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
  const auto& loop = *static_cast<Loop*>(self);
  epoll_event event{};
  event.data.fd = fd;
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll, EPOLL_CTL_DEL, fd, &event);
    return 0;
  }
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  ::epoll_ctl(loop.epoll, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  if (known == nullptr) curl_multi_assign(loop.multi, fd, self);
  return 0;
}

int on_timer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<Loop*>(self);
  loop.due.reset();
  if (timeout_ms >= 0) loop.due = Clock::now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

/// Waits for something to happen, and has libcurl deal with it.
void turn(Loop& loop) {
  std::array<epoll_event, 256> events{};
  int wait = 1000;
  if (loop.due) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*loop.due - Clock::now());
    wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
  }
  const int count = ::epoll_wait(loop.epoll, events.data(), static_cast<int>(events.size()), wait);
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    int flags = 0;
    if ((event.events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) flags |= CURL_CSELECT_ERR;
    curl_multi_socket_action(loop.multi, event.data.fd, flags, &running);
  }
  if (loop.due && *loop.due <= Clock::now()) {
    loop.due.reset();
    curl_multi_socket_action(loop.multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

// ---- the requests -----------------------------------------------------------------------------

std::size_t read_body(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& job = *static_cast<Job*>(self);
  const auto room = std::min<std::uint64_t>({size * count, job.length - job.sent, memory.size()});
  std::memcpy(buffer, memory.data(), static_cast<std::size_t>(room));
  job.sent += room;
  return static_cast<std::size_t>(room);
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

void add_headers(Job& job, const std::vector<std::string>& lines) {
  curl_slist_free_all(job.headers);
  job.headers = nullptr;
  for (const auto& line : lines) job.headers = curl_slist_append(job.headers, line.c_str());
  curl_easy_setopt(job.easy, CURLOPT_HTTPHEADER, job.headers);
}

void common(Job& job) {
  curl_easy_reset(job.easy);
  curl_easy_setopt(job.easy, CURLOPT_PRIVATE, &job);
  curl_easy_setopt(job.easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(job.easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(job.easy, CURLOPT_PROXY, "");
  curl_easy_setopt(job.easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (!asked.ca.empty()) curl_easy_setopt(job.easy, CURLOPT_CAINFO, asked.ca.c_str());
}

void create(Job& job) {
  common(job);
  job.where.clear();
  job.offset = job.length = 0;
  curl_easy_setopt(job.easy, CURLOPT_URL, asked.url.c_str());
  curl_easy_setopt(job.easy, CURLOPT_POST, 1L);
  curl_easy_setopt(job.easy, CURLOPT_POSTFIELDSIZE, 0L);
  if (asked.each) curl_easy_setopt(job.easy, CURLOPT_FRESH_CONNECT, 1L);
  // What dextesting/testevent1 asks for, so that a DEX server takes it as well.
  add_headers(job,
              {"Tus-Resumable: 1.0.0", "Upload-Length: " + std::to_string(asked.bytes),
               "Upload-Metadata: version Mi4w,data_stream_id ZGV4dGVzdGluZw==,"
               "data_stream_route dGVzdGV2ZW50MQ==,sender_id Zmxvb3I=,data_producer_id Zmxvb3I=,"
               "jurisdiction dGVzdA==,received_filename Zmxvb3I=",
               "Expect:", "Content-Type:"});
}

void patch(Job& job) {
  common(job);
  job.offset += job.length;
  job.length = std::min(asked.chunk, asked.bytes - job.offset);
  job.sent = 0;
  curl_easy_setopt(job.easy, CURLOPT_URL, job.where.c_str());
  curl_easy_setopt(job.easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(job.easy, CURLOPT_CUSTOMREQUEST, "PATCH");
  curl_easy_setopt(job.easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(job.length));
  curl_easy_setopt(job.easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10U);
  curl_easy_setopt(job.easy, CURLOPT_READFUNCTION, read_body);
  curl_easy_setopt(job.easy, CURLOPT_READDATA, &job);
  if (asked.each && job.offset + job.length == asked.bytes) {
    curl_easy_setopt(job.easy, CURLOPT_FORBID_REUSE, 1L);
  }
  add_headers(job, {"Tus-Resumable: 1.0.0", "Upload-Offset: " + std::to_string(job.offset),
                    "Content-Type: application/offset+octet-stream", "Expect:"});
}

/// The URL of the upload that an answered POST has created.
std::string location_of(CURL* easy) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  std::string where = header->value;
  if (where.starts_with('/')) {
    where.insert(0, asked.url.substr(0, asked.url.find('/', asked.url.find("://") + 3)));
  }
  return where;
}

/// Goes on after an answered request; false when the answer is not the expected one.
bool answered(Job& job, CURLcode code, std::uint64_t& started, std::uint64_t& done, Loop& loop) {
  long http = 0;
  curl_easy_getinfo(job.easy, CURLINFO_RESPONSE_CODE, &http);
  const bool created = job.where.empty();
  if (code != CURLE_OK || http != (created ? 201 : 204)) {
    std::fprintf(stderr, "floor_client: %s gave %ld (%s)\n", created ? "POST" : "PATCH", http,
                 curl_easy_strerror(code));
    return false;
  }
  if (created) job.where = location_of(job.easy);
  curl_multi_remove_handle(loop.multi, job.easy);
  if (job.offset + job.length < asked.bytes) {
    patch(job);
  } else {
    ++done;
    if (started == asked.uploads) return true;
    ++started;
    create(job);
  }
  curl_multi_add_handle(loop.multi, job.easy);
  return true;
}

bool send_all() {
  Loop loop;
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
  std::vector<std::unique_ptr<Job>> jobs;
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  while (started < std::min(asked.uploads, asked.concurrency)) {
    Job& job = *jobs.emplace_back(std::make_unique<Job>());
    job.easy = curl_easy_init();
    ++started;
    create(job);
    curl_multi_add_handle(loop.multi, job.easy);
  }
  bool good = true;
  while (good && done < asked.uploads) {
    turn(loop);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(loop.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Job* job = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
      good = good && answered(*job, message->data.result, started, done, loop);
    }
  }
  for (auto& job : jobs) {
    curl_multi_remove_handle(loop.multi, job->easy);
    curl_easy_cleanup(job->easy);
    curl_slist_free_all(job->headers);
  }
  curl_multi_cleanup(loop.multi);
  ::close(loop.epoll);
  return good;
}

// ---- the program ------------------------------------------------------------------------------

std::uint64_t number(const char* text, const char* name) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0' || value == 0 || *text == '-') {
    std::fprintf(stderr, "floor_client: %s must be a whole number above 0\n", name);
    std::exit(2);
  }
  return value;
}

bool read_arguments(int argc, char** argv) {
  if (argc < 5) return false;
  asked.url = argv[1];
  asked.uploads = number(argv[2], "UPLOADS");
  asked.concurrency = number(argv[3], "CONCURRENCY");
  asked.bytes = asked.chunk = number(argv[4], "BYTES");
  for (int i = 5; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "each") {
      asked.each = true;
    } else if (word.starts_with("chunk=")) {
      asked.chunk = number(argv[i] + 6, "chunk");
    } else if (word.starts_with("ca=")) {
      asked.ca = word.substr(3);
    } else {
      return false;
    }
  }
  return true;
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
  if (!read_arguments(argc, argv)) {
    std::fprintf(stderr,
                 "usage: floor_client URL UPLOADS CONCURRENCY BYTES [chunk=BYTES] [each] "
                 "[ca=FILE]\n");
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto begin = Clock::now();
  if (!send_all()) return 1;
  const std::chrono::duration<double> elapsed = Clock::now() - begin;
  const double gigabytes =
      static_cast<double>(asked.bytes) * static_cast<double>(asked.uploads) / 1e9;
  std::printf("floor_client %.3f CPU-s/GB %.1f MiB/s %.2f s %.0f uploads/CPU-s\n",
              cpu_seconds() / gigabytes, gigabytes * 1e9 / 1048576 / elapsed.count(),
              elapsed.count(), static_cast<double>(asked.uploads) / cpu_seconds());
  return 0;
}
