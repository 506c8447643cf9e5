#include "upload/cause.hpp"

#include <fmt/format.h>

namespace loadgen {
namespace {

using transport::Failure;
using transport::LoadOutcome;

std::string_view name_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::resolve:
      return "no address";
    case Failure::Kind::connect:
      return "cannot connect";
    case Failure::Kind::own:
      return "limit of this machine";
    case Failure::Kind::tls:
      return "TLS failed";
    case Failure::Kind::proxy:
      return "proxy failed";
    case Failure::Kind::timeout:
      return "no progress";
    case Failure::Kind::reset:
      return "connection reset";
    case Failure::Kind::closed:
      return "connection closed";
    case Failure::Kind::protocol:
      return "not HTTP";
    case Failure::Kind::other:
      break;
  }
  return "transfer failed";
}

}  // namespace

int status_of(const LoadOutcome& outcome) {
  return outcome.response ? outcome.response->status : 0;
}

Cause cause_of(std::string_view what, const LoadOutcome& outcome) {
  if (outcome.failure) {
    return {fmt::format("{}: {}", what, name_of(outcome.failure->kind)), outcome.failure->message};
  }
  std::string body = outcome.response->body.substr(0, 200);
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.pop_back();
  return {fmt::format("{}: {}", what, outcome.response->status), body};
}

Cause cause_of_trouble(const std::string& trouble) { return {"a file of --file " + trouble, ""}; }

}  // namespace loadgen
