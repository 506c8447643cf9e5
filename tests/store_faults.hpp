// What a test and the library that it preloads into a server (store_faults.cpp) share: one page of
// memory, by way of a file that both map.
#pragma once

#include <atomic>

/// The test writes the first half before it sets `armed`, the library counts. A call is counted
/// only when it is on the store's folder and can fail that way.
struct StoreFaults {
  enum Kind : int { eio, enospc, emfile, eintr, erofs, short_write, kinds };

  std::atomic<int> kind;
  std::atomic<long> at;          ///< the first call to fail; 1 is the first
  std::atomic<long> times;       ///< so many in succession fail
  std::atomic<long> kill_after;  ///< so many calls later the process is killed; < 0: it is not
  std::atomic<bool> armed;

  std::atomic<long> calls;
  std::atomic<long> failed;
};
