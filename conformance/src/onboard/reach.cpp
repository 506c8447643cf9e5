#include "onboard/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

#include "transport/proxy.hpp"
#include "transport/url.hpp"

namespace conformance::onboard {
namespace {

using transport::Failure;
using transport::Knock;
using transport::TlsFault;

/// Where a URL leads.
struct Place {
  std::string host;
  std::string at;  ///< "apistg.cdc.gov, port 443"
  bool tls = false;
  bool here = false;  ///< this computer
};

Place place_of(const std::string& url) {
  const auto parts = transport::parse_url(url);
  if (!parts) return {};
  const bool here = parts->host == "localhost" || parts->host.ends_with(".localhost") ||
                    parts->host == "::1" || parts->host.starts_with("127.");
  return {parts->host, fmt::format("{}, port {}", parts->host, parts->port),
          parts->scheme == "https", here};
}

/// Names in the certificates of such devices, in lower case; the list may grow.
constexpr std::array<std::string_view, 22> interceptors{
    "zscaler",  "netskope",    "fortinet",  "fortigate",  "palo alto",  "blue coat",
    "bluecoat", "umbrella",    "skyhigh",   "mcafee",     "forcepoint", "websense",
    "sophos",   "check point", "barracuda", "watchguard", "sonicwall",  "iboss",
    "menlo",    "untangle",    "kaspersky", "squid"};
/// Words by which companies name their own devices.
constexpr std::array<std::string_view, 7> words_of_interceptors{
    "proxy", "inspection", "intercept", "firewall", "ssl decrypt", "web gateway", "web filter"};

bool wants_a_proxy(const Place& place) {
  for (const char* const name :
       place.tls ? std::array{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
                 : std::array{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

bool in_handshake(const Knock& knock) { return knock.tls != TlsFault::none; }

/// The connection to the service, or to the proxy, did not come about.
bool unconnected(const Knock& knock) { return knock.failure && !knock.connected; }

std::string mend_route(const Place& place, const std::string& first) {
  if (!wants_a_proxy(place) || place.here) {
    return fmt::format(
        "{} If it is right, ask your IT to let this computer connect to {} (TCP), or which proxy "
        "to use: give that with --proxy.",
        first, place.at);
  }
  return first +
         " If it is right, give the proxy that this computer is set up for (its setting "
         "https_proxy has it) with --proxy.";
}

Told done_with(const Knock& knock, const Place& place) {
  const bool named = !knock.address.empty() && knock.address != place.host;
  return done(fmt::format("{} takes the call{}.", place.at,
                          named ? fmt::format(" (its address is {})", knock.address) : ""));
}

Told intercepted(const transport::CertificateSeen& certificate, const Place& place) {
  return trouble({Whose::network,
                  fmt::format("A device in your network opens the connection: the certificate that "
                              "came was made by {}, and is not the service's own.",
                              in_quotes(certificate.issuer)),
                  fmt::format("Ask your IT to let connections to {} pass unopened. If they cannot, "
                              "ask for that device's certificate as a PEM file, give it with "
                              "--ca-file, and have your upload program trust it too.",
                              place.host)});
}

}  // namespace

bool is_interceptor(std::string_view issuer) {
  std::string lower(issuer);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto named = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return std::any_of(interceptors.begin(), interceptors.end(), named) ||
         std::any_of(words_of_interceptors.begin(), words_of_interceptors.end(), named);
}

Told address_told(const Knock& knock, const std::string& url, const std::string& proxy) {
  const Place place = place_of(url);
  if (!proxy.empty()) return done("The proxy looks the name up and makes the call, see below.");
  if (!unconnected(knock)) return done_with(knock, place);
  switch (knock.failure->kind) {
    case Failure::Kind::resolve:
      return trouble({Whose::partner,
                      fmt::format("No computer of the name {} could be found.", place.host),
                      "Check the address for slips. If it is right, ask your IT whether this "
                      "computer may look up names outside; where only a proxy may, give that with "
                      "--proxy."});
    case Failure::Kind::timeout:
      return trouble(
          {Whose::network,
           fmt::format("Nothing answers at {}: most often a firewall drops the call.", place.at),
           mend_route(place, "Check the address.")});
    case Failure::Kind::own:
      return trouble({Whose::partner, "This computer has no connection left to give.",
                      "Close programs that keep many connections open, and walk again."});
    default:
      break;
  }
  return trouble({Whose::partner,
                  fmt::format("The computer was found, and no service takes the call at {} ({}).",
                              place.at, knock.failure->message),
                  mend_route(place, "Check the address and the port in it.")});
}

Told proxy_told(const Knock& knock, const std::string& url, const std::string& proxy) {
  const Place place = place_of(url);
  if (proxy.empty()) {
    if (!wants_a_proxy(place) || place.here) return done("None is used, and none is needed.");
    return done(
        "None is used, and none is needed; but this computer is set up for one, and your upload "
        "program may go by it.");
  }
  const std::string which = redact::shown_url(proxy);
  const auto refusal = [&](std::string what, std::string remedy) {
    return trouble({Whose::network, std::move(what), std::move(remedy)});
  };
  if (unconnected(knock)) {
    return refusal(
        fmt::format("The proxy {} cannot be reached ({}).", which, knock.failure->message),
        "Ask your IT for the proxy's address and port, and give them with --proxy.");
  }
  const std::string allow = fmt::format(
      "Ask your IT to allow this computer to connect to {} through the proxy (CONNECT).", place.at);
  switch (knock.proxy_status) {
    case 0:
    case 200:
      break;
    case 407:
      return refusal(
          fmt::format("The proxy {} asks for a user name and a password of its own.", which),
          fmt::format("Ask your IT to let this computer through to {} without them.", place.at));
    case 502:
    case 503:
    case 504:
      return refusal(fmt::format("The proxy {} could not reach the service (its answer: {}).",
                                 which, knock.proxy_status),
                     fmt::format("Ask your IT why the proxy cannot reach {}.", place.at));
    default:
      return refusal(fmt::format("The proxy {} refuses to connect to {} (its answer: {}).", which,
                                 place.host, knock.proxy_status),
                     allow);
  }
  if (knock.failure && !in_handshake(knock)) {
    return refusal(
        fmt::format("The proxy {} was reached, and did not connect to {}.", which, place.host),
        allow);
  }
  return done(fmt::format("The proxy {} connects to {}.", which, place.host));
}

Told certificate_told(const Knock& knock, const std::string& url, const About& about) {
  const Place place = place_of(url);
  if (!place.tls) {
    if (place.here) return remark("Not protected (http://), which is good enough on one computer.");
    return trouble({Whose::partner,
                    "The address begins with http://: whoever stands on the way could read your "
                    "password and your file.",
                    "Use the address that begins with https://."});
  }
  const transport::CertificateSeen certificate =
      knock.certificate.value_or(transport::CertificateSeen{});
  const auto theirs = [&](std::string what) {
    return trouble({Whose::service, std::move(what),
                    fmt::format("Send this page to {}: only they can mend it. Do not switch the "
                                "check off in your upload program.",
                                about.people)});
  };
  switch (knock.tls) {
    case TlsFault::none:
      break;
    case TlsFault::expired:
      return theirs(fmt::format("The service's certificate ended on {}.", certificate.until));
    case TlsFault::not_yet_valid:
      return trouble({Whose::partner,
                      fmt::format("The service's certificate begins only on {}.", certificate.from),
                      fmt::format("Set the clock of this computer right. If it is right, send this "
                                  "page to {}.",
                                  about.people)});
    case TlsFault::other_host:
      return trouble(
          {Whose::partner,
           fmt::format("The certificate is for {}, and not for {}.", certificate.hosts, place.host),
           fmt::format("Use the address as {} gave it to you, letter by letter.", about.people)});
    case TlsFault::self_signed:
    case TlsFault::unknown_authority:
      if (is_interceptor(certificate.issuer)) return intercepted(certificate, place);
      return trouble(
          {Whose::unclear,
           knock.tls == TlsFault::self_signed
               ? std::string("The service vouches for itself: nobody whom this computer knows "
                             "signed its certificate (it is self-signed).")
               : fmt::format("The service's certificate was signed by {}, whom this computer does "
                             "not know.",
                             in_quotes(certificate.issuer)),
           fmt::format("Ask your IT whether a device of theirs opens connections on the way. If "
                       "so, they have its certificate as a PEM file: give that with --ca-file. If "
                       "not, send this page to {}.",
                       about.people)});
    case TlsFault::missing_intermediate:
      if (is_interceptor(certificate.issuer)) return intercepted(certificate, place);
      return theirs(fmt::format(
          "The service sends its certificate without that of {}, who signed it and whom "
          "this computer does not know: the chain from it to a known authority has a "
          "gap (a missing intermediate certificate).",
          in_quotes(certificate.issuer)));
    case TlsFault::revoked:
      return theirs("The service's certificate was revoked: its authority took it back.");
    case TlsFault::stapling:
      return theirs(
          "The service's certificate needs a fresh word of its authority with it (OCSP stapling), "
          "and that is missing or too old.");
    case TlsFault::old_version:
      return theirs("The service speaks only TLS 1.0 or 1.1, which nobody may use any more.");
    case TlsFault::no_tls:
      return trouble({Whose::partner,
                      fmt::format("What answers at {} does not speak TLS (https).", place.at),
                      "Check the address and the port in it."});
    case TlsFault::refused:
      return trouble({Whose::partner,
                      "The service broke off while the protected connection was being made.",
                      fmt::format("Ask {} whether it wants a certificate of yours; if so, give it "
                                  "with --client-cert.",
                                  about.people)});
    case TlsFault::stalled:
    case TlsFault::broken_off:
      return trouble(
          {Whose::unclear,
           "The connection broke, or stood still, while protection was being set up: "
           "something on the way does not let it through, or the service is stuck.",
           fmt::format("Ask your IT whether a firewall filters connections to {}.", place.at)});
    case TlsFault::other:
      return theirs("The service's certificate cannot be used: " +
                    (knock.failure ? knock.failure->message : std::string()));
  }
  if (knock.failure) {
    return trouble(
        {Whose::unclear, lost_told(*knock.failure),
         fmt::format("Ask your IT whether a firewall filters connections to {}.", place.at)});
  }
  std::string good = fmt::format("It is for {}, by {}, and good until {}.", place.host,
                                 in_quotes(certificate.issuer), certificate.until);
  if (!is_interceptor(certificate.issuer)) return done(std::move(good));
  return remark(good +
                " That name is one of a device in your network that opens connections on the way; "
                "this computer trusts it, and your upload program has to trust it too.");
}

std::vector<Stage> reach_stages(const std::string& url, const transport::ClientOptions& client,
                                const About& about) {
  const Place place = place_of(url);
  const auto knock = std::make_shared<Knock>();
  const std::string proxy = transport::proxy_for(client.proxy, url);
  return {
      {"Name and address",
       fmt::format("Find the computer {} and make a connection to it.", place.host),
       [=] {
         *knock = transport::knock(url, client, client.connect_timeout);
         return address_told(*knock, url, proxy);
       },
       true, true},
      {"Proxy",
       "Many networks let nobody out but through a proxy, a computer that makes the calls for the "
       "others.",
       [=] { return proxy_told(*knock, url, proxy); }, true, true},
      {"Certificate",
       "The service shows who it is by a certificate, as by a passport; it also keeps others from "
       "reading along (TLS).",
       [=] { return certificate_told(*knock, url, about); }, true, true},
  };
}

}  // namespace conformance::onboard
