#include "transport/load_handle.hpp"

#include <new>

#include "transport/curl_failure.hpp"

namespace transport {

void HeaderLines::clear() {
  text_.clear();
  begins_.clear();
}

void HeaderLines::add(std::initializer_list<std::string_view> parts) {
  begins_.push_back(text_.size());
  for (const auto part : parts) text_ += part;
  text_ += '\0';
}

curl_slist* HeaderLines::list() {
  lines_.resize(begins_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    lines_[i] = {text_.data() + begins_[i], i + 1 < lines_.size() ? &lines_[i + 1] : nullptr};
  }
  return lines_.data();
}

Handle::Handle(const LoadEngineOptions& options) : easy(curl_easy_init()) {
  if (easy == nullptr) throw std::bad_alloc();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (!options.proxy) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else if (!options.proxy->empty()) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy->c_str());
  } else if (!options.no_proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, options.no_proxy.c_str());
  }
  if (!options.proxy_user.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, options.proxy_user.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(options.upload_buffer.value));
  if (!options.tls.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.tls.ca_file.c_str());
  }
  if (!options.tls.client_cert.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options.tls.client_cert.c_str());
  }
  witness_tls(easy, tls);
}

Handle::~Handle() { curl_easy_cleanup(easy); }

Handle& Handle::of(CURL* easy) {
  Handle* handle = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
  return *handle;
}

void Handle::set_headers(const http::Fields& fields) {
  headers.clear();
  for (const auto& field : fields) {
    // "Name;" is how libcurl is told to send an empty value.
    if (field.value.empty()) {
      headers.add({field.name, ";"});
    } else {
      headers.add({field.name, ": ", field.value});
    }
  }
  headers.add({"Expect:"});
  headers.add({"Accept:"});
  if (!fields.has("Content-Type")) headers.add({"Content-Type:"});
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.list());
}

}  // namespace transport
