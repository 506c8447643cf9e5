// What is libcurl's of a transfer.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/fields.hpp"
#include "transport/load_engine.hpp"
#include "transport/tls_witness.hpp"

namespace transport {

/// The header lines of a request as libcurl takes them, in one piece of memory.
class HeaderLines {
 public:
  void clear();
  void add(std::initializer_list<std::string_view> parts);
  /// Good until the next change.
  curl_slist* list();

 private:
  std::string text_;
  std::vector<std::size_t> begins_;
  std::vector<curl_slist> lines_;
};

/// An easy handle, with what it points to. It is kept for the next transfer: to set it up costs as
/// much as to send a small request. It is its CURLOPT_PRIVATE.
struct Handle {
  /// With all that no request changes, but for callbacks.
  explicit Handle(const LoadEngineOptions& options);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] static Handle& of(CURL* easy);

  void set_headers(const http::Fields& fields);

  CURL* easy;
  HeaderLines headers;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::shared_ptr<TlsWitness> tls;  ///< of the connection that the transfer opened; null: none
  std::uint64_t transfer = 0;       ///< the engine's number of the one that has it
  int socket = -1;                  ///< that libcurl has watched for it last
};

}  // namespace transport
