// What was thrown where nobody expected it, as words for the log and as a kind of answer.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace mock {

struct Trouble {
  bool no_space = false;  ///< memory or a disk ran out: 507; else 500
  std::string text;       ///< for the log; no file's name
};

/// `thrown` is not null.
[[nodiscard]] inline Trouble trouble_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return {true, "out of memory"};
  } catch (const std::system_error& error) {
    // what() of a filesystem_error names files.
    return {error.code() == std::errc::no_space_on_device ||
                error.code() == std::errc::not_enough_memory,
            error.code().message()};
  } catch (const std::exception& error) {
    return {false, error.what()};
  } catch (...) {
    return {false, "an exception of no known kind"};
  }
}

}  // namespace mock
