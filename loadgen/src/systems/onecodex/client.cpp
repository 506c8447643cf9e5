#include "systems/onecodex/client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/endpoints.hpp"
#include "protocol/onecodex/answers.hpp"
#include "systems/onecodex/multipart_upload.hpp"
#include "systems/onecodex/upload.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

using Flow = OneCodexOptions::Flow;
using transport::LoadRequest;

constexpr const char* storage_flag = "storage-url";
constexpr std::string_view api = "/api/v1";
/// The least size of all parts but the last (AWS, "Amazon S3 multipart upload limits").
constexpr Bytes smallest_part{5U << 20U};

/// The API's URL, from any URL of the server: of its host, of the API, or of a call.
std::string api_url(const std::string& url) {
  const auto place = client::place_of(url);
  if (!place) return url;
  std::string whole = place->self() + "/";
  const std::size_t at = whole.find(std::string(api) + "/");
  whole.resize(at == std::string::npos ? whole.size() - 1 : at);
  return whole.append(api);
}

Result<std::unique_ptr<Client>> make_form(UploadOptions options,
                                          const settings::OwnSettings& /*own*/) {
  if (options.chunk.value > 0) {
    return failure("--chunk", "a form has its file in one piece",
                   "drop it, or give --system onecodex-multipart");
  }
  return std::make_unique<OneCodexClient>(std::move(options), OneCodexOptions{});
}

Result<std::unique_ptr<Client>> make_multipart(UploadOptions options,
                                               const settings::OwnSettings& own) {
  if (options.chunk.value > 0 && options.chunk < smallest_part) {
    return failure("--chunk", "a part of an object has 5 MiB at least", "as in --chunk 5MiB");
  }
  return std::make_unique<OneCodexClient>(
      std::move(options),
      OneCodexOptions{Flow::multipart, settings::given(own, storage_flag).value_or("")});
}

LoadRequest request_of(const char* method, std::string url) {
  LoadRequest request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

}  // namespace

OneCodexClient::OneCodexClient(UploadOptions options, OneCodexOptions own)
    : Client(std::move(options)), own_(std::move(own)) {
  options_.create_url = api_url(options_.create_url);
}

std::string OneCodexClient::url_of(const std::string& call) const {
  return fmt::format("{}/{}", options_.create_url, call);
}

std::string OneCodexClient::sample_url(const std::string& id) const {
  return url_of("samples/" + id);
}

std::string OneCodexClient::base_url() const {
  return options_.create_url.substr(0, options_.create_url.size() - api.size());
}

std::string OneCodexClient::storage_url() const {
  return own_.storage_url.empty() ? base_url() : own_.storage_url;
}

// Today's client looks for "_R1" and "_R2", or "_1" and "_2".
std::string OneCodexClient::file_name(const std::string& upload, std::size_t file) const {
  if (!is_pair(options_.payload.kind)) return upload;
  const std::size_t end = upload.size() - file_extension(options_.payload.kind).size() - 1;
  return fmt::format("{}_R{}{}", upload.substr(0, end), file + 1, upload.substr(end));
}

std::vector<std::string> OneCodexClient::urls() const {
  if (own_.storage_url.empty()) return {};
  return {own_.storage_url};
}

client::Presentation OneCodexClient::presentation() const {
  return {client::Presentation::Way::basic_user, {}};
}

LoadRequest OneCodexClient::probe() const {
  return request_of("GET", url_of("samples?per_page=1"));
}

std::unique_ptr<Upload> OneCodexClient::upload(const UploadHost& host, std::uint64_t index,
                                               Bytes size, Time intended,
                                               Upload::Events events) const {
  if (own_.flow == Flow::multipart) {
    return std::make_unique<MultipartUpload>(host, *this, index, size, intended, std::move(events));
  }
  return std::make_unique<FormUpload>(host, *this, index, size, intended, std::move(events));
}

std::optional<LoadRequest> OneCodexClient::whereabouts(const std::string& url) const {
  return request_of("POST", url + "/download_uri");
}

Result<std::string> OneCodexClient::read_whereabouts(const std::string& answer) const {
  auto download = onecodex::parse_download(answer);
  if (!download) return tl::unexpected(download.error());
  return client::locate(options_.create_url, download->url);
}

Bytes OneCodexClient::shown(const UploadResult& upload) const {
  return first_file(options_.payload.kind, upload.size);
}

LoadRequest OneCodexClient::look(const std::string& url) const { return request_of("GET", url); }

std::optional<LoadRequest> OneCodexClient::removal(const std::string& url) const {
  return request_of("DELETE", url);
}

std::optional<std::string> OneCodexClient::told_size(const transport::LoadResponse& answer) const {
  const auto sample = onecodex::parse_sample(answer.body);
  if (!sample || !sample->size) return std::nullopt;
  return std::to_string(*sample->size);
}

std::optional<Cause> OneCodexClient::told_otherwise(const transport::LoadResponse& answer,
                                                    const UploadResult& upload) const {
  const auto sample = onecodex::parse_sample(answer.body);
  if (!sample) return Cause{"verify: the sample cannot be read", sample.error().line()};
  const auto name = file_name(upload.name, 0);
  if (sample->filename == name) return std::nullopt;
  return Cause{"verify: the sample has another filename",
               fmt::format("{} instead of {}", sample->filename ? quote(*sample->filename) : "none",
                           quote(name))};
}

LoadRequest OneCodexClient::download(const std::string& url) const {
  return request_of("GET", url);
}

SystemKind onecodex_system() {
  return {"onecodex", "posts a form: what is cut begins again", {}, make_form};
}

SystemKind onecodex_multipart_system() {
  return {"onecodex-multipart",
          "sends parts as its client of today does: of what is cut the part",
          {{{storage_flag, "URL", "where the S3 API is [the host of --url]"},
            http_url,
            /*refused_elsewhere=*/true}},
          make_multipart};
}

}  // namespace loadgen
