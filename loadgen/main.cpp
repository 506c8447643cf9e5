#include <csignal>

#include "cli.hpp"
#include "files/output.hpp"
#include "run/run.hpp"

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is reported like a full disk
  const int code = loadgen::command_line(argc, argv);
  const bool told = files::finish_standard_output("dex-loadgen");
  return told || code != 0 ? code : static_cast<int>(loadgen::ExitCode::interrupted);
}
