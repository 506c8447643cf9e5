// The part of a transfer that belongs to libcurl.
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
/// much as to send a small request. `easy` has it as CURLOPT_PRIVATE.
struct Handle {
  /// Sets all options that no request changes, except callbacks.
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
  std::uint64_t transfer = 0;       ///< the engine's number of the transfer that has it
  int socket = -1;                  ///< the last one that libcurl had watched for it
};

}  // namespace transport
