#include "transport/slow_line.hpp"

#include <vector>

namespace transport {
namespace {

thread_local std::vector<SlowLine*> of_this_thread;

}  // namespace

SlowLine::SlowLine(std::chrono::steady_clock::time_point at_most) : at_most_(at_most) {
  of_this_thread.push_back(this);
}

SlowLine::~SlowLine() { std::erase(of_this_thread, this); }

SlowLine* SlowLine::of_thread() { return of_this_thread.empty() ? nullptr : of_this_thread.back(); }

}  // namespace transport
