#include "app/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace mock {
namespace {

// What a client sends may hold control characters; a log line stays one line.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

class AccessLog : public Observer {
 public:
  explicit AccessLog(Observer* next) : next_(next) {}
  void on_exchange(const ExchangeRecord& record) override {
    if (spdlog::should_log(spdlog::level::debug)) {
      const Request& request = record.request;
      spdlog::debug("{} {} {} {} {} B in {} ms{}", request.remote, printable(request.method),
                    printable(request.path),
                    record.status == 0 ? std::string("-") : std::to_string(record.status),
                    record.body_received.value,
                    std::chrono::duration_cast<Milliseconds>(record.duration).count(),
                    record.aborted ? ", aborted" : "");
    }
    if (next_ != nullptr) next_->on_exchange(record);
  }
  void on_connections(std::size_t open) override {
    if (next_ != nullptr) next_->on_connections(open);
  }

 private:
  Observer* next_;
};

}  // namespace

void start_log(std::string_view level) {
  // The sink colours only when stderr is a terminal.
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view line) { spdlog::info("{}", printable(line)); }
void log_warning(std::string_view line) { spdlog::warn("{}", printable(line)); }
void log_error(std::string_view line) { spdlog::error("{}", printable(line)); }

std::unique_ptr<Observer> make_access_log(Observer* next) {
  return std::make_unique<AccessLog>(next);
}

}  // namespace mock
