#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "check.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto stop = [](int) { conformance::interrupt(); };
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  int code = 4;
  try {
    code = conformance::run_command_line({argv + 1, argv + argc}, conformance::all_checks(),
                                         std::cout, std::cerr);
  } catch (const std::exception& e) {
    std::cerr << "dex-conformance: " << e.what() << '\n';
  }
  std::cout.flush();
  if (conformance::must_exit_at_once()) std::_Exit(code);
  return code;
}
