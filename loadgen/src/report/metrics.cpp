#include "report/metrics.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sstream>
#include <system_error>

#include "protocol/version.hpp"

namespace loadgen {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::size_t longest_request = 8U << 10U;
constexpr std::chrono::seconds patience{5};

MetricFamily family(const char* name, const char* help, MetricType type) {
  MetricFamily made;
  made.name = name;
  made.help = help;
  made.type = type;
  return made;
}

void put(MetricFamily& family, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

tl::unexpected<Error> cannot(const std::string& where, const std::string& why) {
  return failure("--metrics", fmt::format("{}: {}", quote(where), why),
                 "as in 127.0.0.1:9100, or port 0 for any");
}

}  // namespace

RunMetrics::RunMetrics(const Progress& progress, const Scenario& scenario)
    : progress_(progress), system_(scenario.settings.system->name) {
  for (const Group& group : scenario.groups) groups_.push_back(group.name);
}

void RunMetrics::begun(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  run_id_ = run_id;
}

void RunMetrics::ended(const UploadResult& upload) {
  const auto end = upload.uploaded ? upload.uploaded : upload.ended;
  if (!end) return;
  const double seconds = std::chrono::duration<double>(*end - upload.intended).count();
  const auto bucket = std::ranges::lower_bound(bounds_s, seconds) - bounds_s.begin();
  const std::lock_guard lock(mutex_);
  ++durations_.at(static_cast<std::size_t>(bucket));
  sum_s_ += seconds;
}

std::string RunMetrics::text() const {
  std::vector<MetricFamily> all;
  const auto of_groups = [&](const char* name, const char* help, MetricType type, auto member) {
    auto one = family(name, help, type);
    for (std::size_t i = 0; i < progress_.groups.size(); ++i) {
      put(one, static_cast<double>((progress_.groups[i].*member).load()), {{"group", groups_[i]}});
    }
    all.push_back(std::move(one));
  };
  const auto whole = [&](const char* name, const char* help, MetricType type, double value) {
    auto one = family(name, help, type);
    put(one, value);
    all.push_back(std::move(one));
  };
  using OfGroup = Progress::OfGroup;
  of_groups("dex_loadgen_uploads_started_total", "Uploads that started, by group of partners",
            MetricType::Counter, &OfGroup::started);
  of_groups("dex_loadgen_uploads_finished_total",
            "Uploads whose every byte was acknowledged, by group", MetricType::Counter,
            &OfGroup::uploaded);
  of_groups("dex_loadgen_uploads_failed_total", "Uploads that ended otherwise, by group",
            MetricType::Counter, &OfGroup::failed);
  of_groups("dex_loadgen_uploads_in_flight", "Uploads under way, by group", MetricType::Gauge,
            &OfGroup::in_flight);
  of_groups("dex_loadgen_acknowledged_bytes_total", "Bytes that the server acknowledged, by group",
            MetricType::Counter, &OfGroup::acknowledged_bytes);
  whole("dex_loadgen_sent_bytes_total", "Bytes of bodies handed to connections",
        MetricType::Counter, static_cast<double>(progress_.sent_bytes.load()));
  whole("dex_loadgen_uploads_verified_total", "Uploads whose bytes were found at the other end",
        MetricType::Counter, static_cast<double>(progress_.verified.load()));
  whole("dex_loadgen_cuts_total", "Connections that simulated networks cut, of uploads that ended",
        MetricType::Counter, static_cast<double>(progress_.cuts.load()));
  whole("dex_loadgen_start_lag_seconds", "Latest start of an upload in the present second",
        MetricType::Gauge, static_cast<double>(progress_.start_lag_max_us.load()) / 1e6);
  whole("dex_loadgen_loop_lag_seconds", "Latest timer of a loop in the present second",
        MetricType::Gauge, static_cast<double>(progress_.loop_lag_max_us.load()) / 1e6);
  whole("dex_loadgen_verifying", "1: the load is over, and uploads are verified", MetricType::Gauge,
        progress_.verifying ? 1 : 0);
  auto durations = family("dex_loadgen_upload_duration_seconds",
                          "From when an upload was due to its last byte, or to its failure",
                          MetricType::Histogram);
  auto info = family("dex_loadgen_run_info", "What runs", MetricType::Gauge);
  {
    const std::lock_guard lock(mutex_);
    ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < durations_.size(); ++i) {
      count += durations_[i];
      ClientMetric::Bucket bucket;
      bucket.cumulative_count = count;
      bucket.upper_bound =
          i < bounds_s.size() ? bounds_s[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back(bucket);
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = sum_s_;
    durations.metric.push_back(std::move(metric));
    put(info, 1,
        {{"version", std::string(harness_version())}, {"system", system_}, {"run_id", run_id_}});
  }
  all.push_back(std::move(durations));
  all.push_back(std::move(info));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(const std::string& where,
                                                           std::function<std::string()> text) {
  const auto colon = where.rfind(':');
  std::string host = colon == std::string::npos ? "" : where.substr(0, colon);
  const std::string port = colon == std::string::npos ? where : where.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "127.0.0.1";
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > 65535) {
    return cannot(where, "this is no host and port");
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return cannot(where, ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  const int listener = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int yes = 1;
  if (listener >= 0) ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (listener < 0 || ::bind(listener, found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(listener, 16) != 0) {
    const int error = errno;
    if (listener >= 0) ::close(listener);
    return cannot(where, std::generic_category().message(error));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  char number[8] = "";
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&bound), size, nullptr, 0, number, sizeof number,
                NI_NUMERICSERV);
  const bool six = host.find(':') != std::string::npos;
  std::string url =
      fmt::format("http://{}{}{}:{}/metrics", six ? "[" : "", host, six ? "]" : "", number);
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  return std::unique_ptr<MetricsServer>(
      new MetricsServer(listener, wake, std::move(url), std::move(text)));
}

MetricsServer::MetricsServer(int listener, int wake, std::string url,
                             std::function<std::string()> text)
    : listener_(listener),
      wake_(wake),
      url_(std::move(url)),
      text_(std::move(text)),
      thread_([this] { serve(); }) {}

MetricsServer::~MetricsServer() {
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(listener_);
  ::close(wake_);
}

bool MetricsServer::wait(int fd, short events, std::chrono::steady_clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd fds[2] = {{wake_, POLLIN, 0}, {fd, events, 0}};
  return ::poll(fds, 2, static_cast<int>(left.count())) > 0 && fds[0].revents == 0;
}

void MetricsServer::serve() {
  for (;;) {
    pollfd fds[2] = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) return;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) {
      // Out of descriptors, it would try again at once, over and over.
      if (errno == EMFILE || errno == ENFILE) {
        pollfd only{wake_, POLLIN, 0};
        ::poll(&only, 1, 100);
      }
      continue;
    }
    answer(client);
    ::close(client);
  }
}

void MetricsServer::answer(int client) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    char piece[2048];
    if (request.size() >= longest_request || !wait(client, POLLIN, until)) return;
    const auto count = ::recv(client, piece, sizeof piece, 0);
    if (count <= 0) return;
    request.append(piece, static_cast<std::size_t>(count));
  }
  const std::string line = request.substr(0, request.find("\r\n"));
  const auto target = [&](std::string_view method) {
    return line.starts_with(fmt::format("{} /metrics ", method)) ||
           line.starts_with(fmt::format("{} /metrics?", method));
  };
  const bool head = target("HEAD");
  const bool found = head || target("GET");
  const std::string body = found ? text_() : "figures are at /metrics\n";
  std::string reply = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
      found ? "200 OK" : "404 Not Found",
      found ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain", body.size());
  if (!head) reply += body;
  for (std::size_t at = 0; at < reply.size();) {
    if (!wait(client, POLLOUT, until)) return;
    const auto count = ::send(client, reply.data() + at, reply.size() - at, MSG_NOSIGNAL);
    if (count <= 0) return;
    at += static_cast<std::size_t>(count);
  }
  ::shutdown(client, SHUT_WR);
}

}  // namespace loadgen
