// The floor for load generators: a bare libcurl multi loop that creates uploads and sends each in
// one PATCH. No retries, no latencies, no verification; every body is the same memory.
//
//   floor_client URL UPLOADS CONCURRENCY BYTES
//
// prints its CPU-seconds per GB, user and system together. scripts/bench.sh compares with it.
#include <curl/curl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Job {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  bool patching = false;
  std::uint64_t sent = 0;
};

std::uint64_t body_bytes = 0;
std::vector<char> memory(1U << 20U, 'x');

std::size_t read_body(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& job = *static_cast<Job*>(self);
  const auto room = std::min<std::uint64_t>({size * count, body_bytes - job.sent, memory.size()});
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
}

void create(Job& job, const std::string& url) {
  common(job);
  job.patching = false;
  curl_easy_setopt(job.easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(job.easy, CURLOPT_POST, 1L);
  curl_easy_setopt(job.easy, CURLOPT_POSTFIELDSIZE, 0L);
  // What dextesting/testevent1 asks for, so that a DEX server takes it as well.
  add_headers(job,
              {"Tus-Resumable: 1.0.0", "Upload-Length: " + std::to_string(body_bytes),
               "Upload-Metadata: version Mi4w,data_stream_id ZGV4dGVzdGluZw==,"
               "data_stream_route dGVzdGV2ZW50MQ==,sender_id Zmxvb3I=,data_producer_id Zmxvb3I=,"
               "jurisdiction dGVzdA==,received_filename Zmxvb3I=",
               "Expect:", "Content-Type:"});
}

void patch(Job& job, const std::string& url) {
  common(job);
  job.patching = true;
  job.sent = 0;
  curl_easy_setopt(job.easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(job.easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(job.easy, CURLOPT_CUSTOMREQUEST, "PATCH");
  curl_easy_setopt(job.easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_bytes));
  curl_easy_setopt(job.easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10U);
  curl_easy_setopt(job.easy, CURLOPT_READFUNCTION, read_body);
  curl_easy_setopt(job.easy, CURLOPT_READDATA, &job);
  add_headers(job, {"Tus-Resumable: 1.0.0", "Upload-Offset: 0",
                    "Content-Type: application/offset+octet-stream", "Expect:"});
}

std::uint64_t number(const char* text, const char* name) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0' || value == 0 || *text == '-') {
    std::fprintf(stderr, "floor_client: %s must be a whole number above 0\n", name);
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
  if (argc != 5) {
    std::fprintf(stderr, "usage: floor_client URL UPLOADS CONCURRENCY BYTES\n");
    return 2;
  }
  const std::string url = argv[1];
  const std::uint64_t uploads = number(argv[2], "UPLOADS");
  const std::uint64_t concurrency = number(argv[3], "CONCURRENCY");
  body_bytes = number(argv[4], "BYTES");

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = curl_multi_init();
  std::vector<std::unique_ptr<Job>> jobs;
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto start = [&](Job& job) {
    ++started;
    create(job, url);
    curl_multi_add_handle(multi, job.easy);
  };
  while (started < std::min(uploads, concurrency)) {
    jobs.push_back(std::make_unique<Job>());
    jobs.back()->easy = curl_easy_init();
    start(*jobs.back());
  }
  int status = 0;
  while (done < uploads && status == 0) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* easy = message->easy_handle;
      Job* job = nullptr;
      long http = 0;
      char* location = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &job);
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http);
      curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
      curl_header* header = nullptr;
      std::string where;
      if (curl_easy_header(easy, "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        where = header->value;
      }
      if (location != nullptr) where = location;
      curl_multi_remove_handle(multi, easy);
      if (code != CURLE_OK || http != (job->patching ? 204 : 201)) {
        std::fprintf(stderr, "floor_client: %s gave %ld (%s)\n", job->patching ? "PATCH" : "POST",
                     http, curl_easy_strerror(code));
        status = 1;
        break;
      }
      if (!job->patching) {
        if (!where.empty() && where.front() == '/') {
          where.insert(0, url.substr(0, url.find('/', url.find("://") + 3)));
        }
        patch(*job, where);
        curl_multi_add_handle(multi, job->easy);
      } else if (++done < uploads && started < uploads) {
        start(*job);
      }
    }
    curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  for (auto& job : jobs) {
    curl_multi_remove_handle(multi, job->easy);
    curl_easy_cleanup(job->easy);
    curl_slist_free_all(job->headers);
  }
  curl_multi_cleanup(multi);
  if (status != 0) return status;
  const double gigabytes = static_cast<double>(body_bytes) * static_cast<double>(uploads) / 1e9;
  std::printf("floor_client %.3f CPU-s/GB %.1f MiB/s %.2f s\n", cpu_seconds() / gigabytes,
              gigabytes * 1e9 / 1048576 / elapsed.count(), elapsed.count());
  return 0;
}
