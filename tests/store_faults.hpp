// The memory that a test shares with the library that it preloads into a server (store_faults.cpp):
// both map the same file.
#pragma once

#include <atomic>

/// The test writes the members down to `armed`, and `armed` last; the library counts in the others.
/// Only calls on the store's folder that can fail in this way are counted.
struct StoreFaults {
  enum Kind : int { eio, enospc, emfile, eintr, erofs, short_write, kinds };

  std::atomic<int> kind;
  std::atomic<long> at;          ///< the first call to fail; 1 is the first
  std::atomic<long> times;       ///< how many calls in succession fail
  std::atomic<long> kill_after;  ///< calls from `at` to a kill; < 0: no kill
  std::atomic<bool> armed;

  std::atomic<long> calls;
  std::atomic<long> failed;
};
