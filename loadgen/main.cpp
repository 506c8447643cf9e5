#include "cli.hpp"
#include "files/output.hpp"
#include "run/run.hpp"

int main(int argc, char** argv) {
  const int code = loadgen::command_line(argc, argv);
  const bool told = files::finish_standard_output("dex-loadgen");
  return told || code != 0 ? code : static_cast<int>(loadgen::ExitCode::interrupted);
}
