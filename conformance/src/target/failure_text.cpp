#include "target/failure_text.hpp"

#include <string_view>

namespace conformance {

std::string failure_text(const transport::Failure& failure) {
  using Kind = transport::Failure::Kind;
  const auto says = [&](std::string_view part) {
    return failure.message.find(part) != std::string::npos;
  };
  switch (failure.kind) {
    case Kind::resolve:
      return "the host name cannot be resolved";
    case Kind::connect:
      if (says("refused")) return "connection refused: nothing listens there";
      return "cannot be connected to: " + failure.message;
    case Kind::own:
      return "this machine has no descriptor or port left: " + failure.message;
    case Kind::tls:
      if (says("expired")) return "its TLS certificate has expired";
      if (says("not yet valid")) return "its TLS certificate is not valid yet";
      if (says("does not match") || says("subject name")) {
        return "its TLS certificate is for another host";
      }
      if (says("self-signed") || says("self signed") || says("issuer")) {
        return "its TLS certificate is not trusted; give its authority with --ca-file";
      }
      if (says("wrong version number")) return "does not speak TLS; is it http:// ?";
      return "TLS failed: " + failure.message;
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
