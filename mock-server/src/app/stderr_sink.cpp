#include "app/stderr_sink.hpp"

#include <poll.h>
#include <unistd.h>

namespace mock {
namespace {

bool takes_a_line() {
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

}  // namespace

void StderrSink::log(const spdlog::details::log_msg& message) {
  if (takes_a_line()) {
    spdlog::sinks::stderr_color_sink_mt::log(message);
  } else {
    ++dropped_;
  }
}

std::uint64_t StderrSink::take_dropped() {
  return dropped_ > 0 && takes_a_line() ? dropped_.exchange(0) : 0;
}

}  // namespace mock
