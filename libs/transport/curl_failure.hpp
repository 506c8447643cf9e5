// libcurl's codes in our words, for every client of this room. Includes libcurl: for sources only.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "transport/exchange.hpp"

namespace transport {

class TlsWitness;

/// Sets libcurl's global state up once; it is never torn down, as threads may outlive main.
/// Thread-safe. Throws std::runtime_error when libcurl cannot be used.
void init_curl();

/// What `code`, which is not CURLE_OK, means. `os_error` is CURLINFO_OS_ERRNO, and `text` what
/// libcurl wrote into CURLOPT_ERRORBUFFER; it may be empty. Where a code has several causes the
/// error or the text tells them apart. The message is one line.
[[nodiscard]] Failure curl_failure(CURLcode code, long os_error, std::string_view text);

/// Makes a TlsWitness when a TLS connection is opened for the next transfer of `easy`; `witness`
/// outlives that transfer. Does nothing if libcurl does TLS with another library than OpenSSL.
void witness_tls(CURL* easy, std::shared_ptr<TlsWitness>& witness);
/// What the witness of that transfer adds to its failure; it may be null.
[[nodiscard]] Failure explained(Failure failure, const std::shared_ptr<TlsWitness>& witness,
                                const std::string& url);

}  // namespace transport
