#include "transport/curl_failure.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "transport/tls_witness.hpp"
#include "transport/url.hpp"

namespace transport {
namespace {

bool mentions(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// socket(2), connect(2): too many descriptors, and no ephemeral port left.
bool is_own_limit(long os_error) {
  return os_error == EMFILE || os_error == ENFILE || os_error == EADDRNOTAVAIL ||
         os_error == ENOBUFS;
}

Failure::Kind kind_of(CURLcode code, long os_error, std::string_view text) {
  using Kind = Failure::Kind;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Kind::resolve;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Kind::proxy;
    case CURLE_COULDNT_CONNECT:
      return is_own_limit(os_error) ? Kind::own : Kind::connect;
    case CURLE_SSL_CONNECT_ERROR:
      return mentions(text, "reset by peer") ? Kind::reset : Kind::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Kind::tls;
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::timeout;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    // The library wanted to send a body again on a new connection, which no client here lets it.
    case CURLE_SEND_FAIL_REWIND:
      return Kind::closed;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_OUT_OF_MEMORY:  // what libcurl says of a line over 100 KB
    case CURLE_URL_MALFORMAT:
      return Kind::protocol;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (mentions(text, "CONNECT tunnel failed")) return Kind::proxy;
      if (os_error == ECONNRESET || os_error == EPIPE || mentions(text, "reset by peer") ||
          mentions(text, "Broken pipe")) {
        return Kind::reset;
      }
      return mentions(text, "chunk") || mentions(text, "header") ? Kind::protocol : Kind::closed;
    default:
      return Kind::other;
  }
}

/// The CURLOPT_SSL_CTX_FUNCTION; nothing may be thrown through libcurl.
CURLcode on_tls_context(CURL* /*easy*/, void* context, void* self) {
  try {
    auto& witness = *static_cast<std::shared_ptr<TlsWitness>*>(self);
    witness = std::make_shared<TlsWitness>();
    TlsWitness::watch(static_cast<SSL_CTX*>(context), witness);
    return CURLE_OK;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

bool curl_uses_openssl() {
  static const bool uses = [] {
    const char* const library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return library != nullptr && std::string_view(library).starts_with("OpenSSL");
  }();
  return uses;
}

}  // namespace

void init_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

Failure curl_failure(CURLcode code, long os_error, std::string_view text) {
  if (text.empty()) text = curl_easy_strerror(code);
  Failure failure{kind_of(code, os_error, text), std::string(text)};
  if (code == CURLE_OUT_OF_MEMORY) failure.message = "a line of the answer is longer than 100 KB";
  std::replace(failure.message.begin(), failure.message.end(), '\n', ' ');
  return failure;
}

void witness_tls(CURL* easy, std::shared_ptr<TlsWitness>& witness) {
  witness.reset();
  if (!curl_uses_openssl()) return;
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &on_tls_context);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &witness);
}

Failure explained(Failure failure, const std::shared_ptr<TlsWitness>& witness,
                  const std::string& url) {
  if (!witness) return failure;
  const auto parts = parse_url(url);
  return witness->explain(std::move(failure), parts ? parts->host : url);
}

}  // namespace transport
