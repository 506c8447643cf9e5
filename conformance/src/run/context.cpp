#include "run/context.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "transport/url.hpp"

namespace conformance {
namespace {

[[noreturn]] void stop_blocked(std::string expected, std::string got) {
  throw Stop{Outcome{Outcome::Kind::blocked, std::move(expected), std::move(got)}};
}

}  // namespace

std::string Context::random_bytes(std::size_t size) {
  std::string out;
  out.reserve(size);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word = random()();
    out += static_cast<char>(word & 0xffU);
    word >>= 8U;
  }
  return out;
}

transport::Response Context::send(transport::Request request) {
  const std::string what = fmt::format("{} {}", request.method, target_of(request.url));
  transport::Exchange seen = exchange(std::move(request));
  if (seen.failure || !seen.response) stop_unanswered(what, seen);
  return std::move(*seen.response);
}

transport::Response Context::get(const std::string& url) {
  transport::Request request;
  request.method = "GET";
  request.url = url;
  return send(std::move(request));
}

std::string Context::target_of(const std::string& url) {
  const auto parts = transport::parse_url(url);
  return parts ? parts->target : "/";
}

void stop_unanswered(const std::string& what, const transport::Exchange& seen) {
  const std::string wanted = what + ": a response";
  if (!seen.failure) stop_blocked(wanted, "none");
  using Kind = transport::Failure::Kind;
  const Kind kind = seen.failure->kind;
  // It answered during discovery: that it takes no connection now is its own fault.
  const bool ours = kind == Kind::proxy || kind == Kind::own || kind == Kind::other;
  throw Stop{Outcome{ours ? Outcome::Kind::error : Outcome::Kind::blocked, wanted,
                     fmt::format("{}: {}", transport::to_string(kind), seen.failure->message)}};
}

}  // namespace conformance
