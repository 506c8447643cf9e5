#include "run/seen.hpp"

namespace conformance {

std::string to_string(transport::RawConnection::Seen seen) {
  using Seen = transport::RawConnection::Seen;
  switch (seen) {
    case Seen::response:
      return "a response";
    case Seen::closed:
      return "the server closed the connection";
    case Seen::reset:
      return "the server reset the connection";
    case Seen::timeout:
      return "silence, the connection stays open";
    case Seen::malformed:
      return "bytes that are no HTTP response";
  }
  return "nothing";
}

}  // namespace conformance
