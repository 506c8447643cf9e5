// dex-mock-server: maps what the command line asks for, and what goes wrong, to exit codes.
#include <csignal>
#include <cstdio>
#include <exception>

#include "app/log.hpp"
#include "app/run.hpp"
#include "files/output.hpp"
#include "redact/printable.hpp"

namespace {

/// What was printed and could not be written is a failure while running.
int finished(int code) {
  const bool told = files::finish_standard_output("dex-mock-server");
  return told || code != 0 ? code : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // A file size limit is a full disk to us, an errno and a 507; not a reason to die.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    auto parsed = mock::parse_options(argc, argv);
    if (const auto* exit = std::get_if<mock::Exit>(&parsed)) {
      std::fputs(exit->text.c_str(), exit->code == 0 ? stdout : stderr);
      if (exit->code != 0) std::fputc('\n', stderr);
      return finished(exit->code);
    }
    const auto& options = std::get<mock::Options>(parsed);
    if (const auto text = mock::listing(options)) {
      std::fputs(text->c_str(), stdout);
      return finished(0);
    }
    mock::start_log(options.log_level, options.log_format, options.run_id);
    if (const auto served = mock::run(options); !served) {
      std::fprintf(stderr, "dex-mock-server: %s\n",
                   redact::printable(served.error().line()).c_str());
      return 2;
    }
    return finished(0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dex-mock-server: %s\n", error.what());
    return 1;
  }
}
