#include "cli/complaint.hpp"

#include <ostream>

#include "redact/printable.hpp"

namespace conformance {

Error shown(Error error, const redact::Secrets& secrets) {
  if (error.where.find("://") != std::string::npos) error.where = redact::shown_url(error.where);
  for (std::string* part : {&error.where, &error.what, &error.hint}) {
    *part = redact::printable(secrets.mask(*part), redact::Lines::kept);
  }
  return error;
}

int complain(const Complaints& err, const Error& error, ExitCode code) {
  err.out << "dex-conformance: " << shown(error, err.secrets).line() << '\n';
  return static_cast<int>(code);
}

}  // namespace conformance
