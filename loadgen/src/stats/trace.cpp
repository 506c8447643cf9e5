#include "stats/trace.hpp"

namespace loadgen {
namespace {

constexpr std::array<std::string_view, attempt_ends> ends{
    "answered", "refused", "network", "client", "silence", "connection", "unfinished"};
constexpr std::array<std::string_view, method_count> names{"POST", "PATCH",  "HEAD",    "PUT",
                                                           "GET",  "DELETE", "OPTIONS", "other"};

}  // namespace

std::string_view to_string(AttemptEnd how) { return ends.at(static_cast<std::size_t>(how)); }
std::string_view to_string(Method method) { return names.at(static_cast<std::size_t>(method)); }

Method method_of(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Method>(i);
  }
  return Method::other;
}

void Trace::add(const Attempt& attempt) {
  if (attempts.size() == first + last) {
    attempts.erase(attempts.begin() + first);
    ++left_out;
  }
  attempts.push_back(attempt);
}

}  // namespace loadgen
