#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/cli.hpp"
#include "files/output.hpp"
#include "run/summary.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ,
              SIG_IGN);  // a write beyond the file size limit fails as on a full disk
  const auto stop = [](int) { conformance::interrupt(); };
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  // Under nohup, SIGHUP is ignored already and stays so.
  if (std::signal(SIGHUP, stop) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  int code = 4;
  try {
    code = conformance::run_command_line({argv + 1, argv + argc}, conformance::systems(), std::cout,
                                         std::cerr);
  } catch (const std::exception& e) {
    std::cerr << "dex-conformance: " << e.what() << '\n';
  }
  if (!files::finish_standard_output("dex-conformance") && code == 0) {
    code = static_cast<int>(conformance::ExitCode::harness);
  }
  if (conformance::must_exit_at_once()) std::_Exit(code);
  return code;
}
