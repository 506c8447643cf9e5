#include "target/failure_text.hpp"

#include <string_view>

namespace conformance {

std::string failure_text(const transport::Failure& failure) {
  using Kind = transport::Failure::Kind;
  const auto says = [&](std::string_view part) {
    return failure.message.find(part) != std::string::npos;
  };
  if (failure.explained) return failure.message;
  switch (failure.kind) {
    case Kind::resolve:
      return "the host name cannot be resolved";
    case Kind::connect:
      if (says("refused")) return "connection refused: nothing listens there";
      return "cannot be connected to: " + failure.message;
    case Kind::own:
      return "this machine has no descriptor or port left: " + failure.message;
    case Kind::tls:
      return says("TLS") ? failure.message : "TLS failed: " + failure.message;
    case Kind::proxy:
      return "the proxy cannot be used: " + failure.message;
    case Kind::timeout:
      return "no answer in time";
    case Kind::reset:
      return "the connection was reset before an answer";
    case Kind::closed:
      return "the connection was closed before an answer";
    case Kind::protocol:
      return "the answer is not HTTP: " + failure.message;
    case Kind::other:
      break;
  }
  return failure.message;
}

}  // namespace conformance
