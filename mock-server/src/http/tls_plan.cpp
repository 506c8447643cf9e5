#include "http/tls_plan.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "http/tls_names.hpp"

namespace mock {

namespace {

template <class Value>
using Word = std::pair<std::string_view, Value>;

constexpr std::string_view domain = ".localhost";
constexpr std::string_view alert = "alert";
constexpr std::string_view between = "-after-";
constexpr std::array<Word<TlsVersion>, 2> versions{
    {{"tls-1-0", TlsVersion::tls_1_0}, {"tls-1-1", TlsVersion::tls_1_1}}};
constexpr std::array<Word<SocketEnd>, 3> ends{
    {{"close", SocketEnd::fin}, {"reset", SocketEnd::rst}, {"stall", SocketEnd::stall}}};
constexpr std::array<Word<HandshakeStep>, 4> steps{{{"client-hello", HandshakeStep::client_hello},
                                                    {"server-hello", HandshakeStep::server_hello},
                                                    {"certificate", HandshakeStep::certificate},
                                                    {"finished", HandshakeStep::finished}}};

template <class Words>
auto find(std::string_view word, const Words& words)
    -> std::optional<decltype(words.front().second)> {
  for (const auto& [name, value] : words)
    if (name == word) return value;
  return std::nullopt;
}

std::optional<HandshakeStop> stop_of(std::string_view label) {
  if (label == alert) return HandshakeStop{.alert = true};
  const auto at = label.find(between);
  if (at == std::string_view::npos) return std::nullopt;
  const auto end = find(label.substr(0, at), ends);
  const auto after = find(label.substr(at + between.size()), steps);
  if (!end || !after) return std::nullopt;
  return HandshakeStop{.after = *after, .end = *end};
}

}  // namespace

void TlsPlan::fill(const TlsPlan& other) {
  if (!certificate) certificate = other.certificate;
  if (!version) version = other.version;
  if (!stop) stop = other.stop;
}

TlsPlan plan_of_name(std::string_view server_name) {
  if (!server_name.ends_with(domain)) return {};
  const auto label = server_name.substr(0, server_name.size() - domain.size());
  TlsPlan plan;
  const auto* const bad = std::ranges::find(bad_certificate_names, label);
  if (bad != bad_certificate_names.end())
    plan.certificate = static_cast<BadCertificate>(bad - bad_certificate_names.begin());
  plan.version = find(label, versions);
  plan.stop = stop_of(label);
  return plan;
}

std::vector<std::string> names_of_handshakes() {
  std::vector<std::string> names{std::string(alert).append(domain)};
  for (const auto& version : versions) names.push_back(std::string(version.first).append(domain));
  for (const auto& end : ends)
    for (const auto& step : steps)
      names.push_back(std::string(end.first).append(between).append(step.first).append(domain));
  return names;
}

}  // namespace mock
