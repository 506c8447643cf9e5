#include "systems/tus/client.hpp"

#include <fmt/format.h>

#include "client/dex/manifest.hpp"
#include "client/tus/creation_urls.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/metadata.hpp"
#include "protocol/tus/numbers.hpp"
#include "systems/tus/upload.hpp"

namespace loadgen {
namespace {

constexpr const char* manifest_flag = "manifest";

/// `text`, if it is a manifest that can be sent; `document` names it in errors.
Result<std::string> checked_manifest(const std::string& text, const std::string& document) {
  const auto manifest = dex::parse_manifest_json(text, document);
  if (!manifest) return tl::unexpected(manifest.error());
  for (const auto& [key, ignored] : *manifest) {
    if (!tus::is_metadata_key(key)) {
      return failure(document, fmt::format("{} cannot be sent in Upload-Metadata", quote(key)));
    }
  }
  return text;
}

/// What the file holds.
Result<std::string> read_manifest(const std::string& file) {
  auto text = json::detail::read_file(file);
  if (!text) return text;
  return checked_manifest(*text, file);
}

transport::LoadRequest request_of(const char* method, const std::string& url) {
  transport::LoadRequest request;
  request.method = method;
  request.url = url;
  return request;
}

}  // namespace

std::vector<std::string> TusClient::creation_urls() const {
  auto shapes = tus::creation_urls_at(options_.create_url);
  if (!shapes.empty()) shapes.insert(shapes.begin(), options_.create_url);
  return shapes;
}

bool TusClient::recognises(const transport::LoadResponse& answer) const {
  return answer.headers.has(tus::header::tus_version);
}

void TusClient::dress(transport::LoadRequest& request) const {
  request.headers.set(tus::header::tus_resumable, std::string(tus::version));
}

// HEAD, because OPTIONS needs no token; it does not matter that there is no such upload.
transport::LoadRequest TusClient::probe() const {
  return request_of("HEAD", options_.create_url + "/dex-loadgen-probe");
}

std::unique_ptr<Upload> TusClient::upload(const UploadHost& host, std::uint64_t index, Bytes size,
                                          Time intended, Upload::Events events) const {
  return std::make_unique<TusUpload>(host, *this, index, size, intended, std::move(events));
}

transport::LoadRequest TusClient::look(const std::string& url) const {
  return request_of("HEAD", url);
}

std::optional<std::string> TusClient::told_size(const transport::LoadResponse& answer) const {
  const auto header = answer.headers.find(tus::header::upload_offset);
  const auto offset = header ? tus::parse_length(*header) : failure("", "is missing");
  return offset ? std::optional(std::to_string(offset->value)) : std::nullopt;
}

tus::Metadata TusClient::metadata_of(const UploadResult& upload) const {
  tus::Metadata metadata = dex::metadata_of(options_.metadata_of(upload.index));
  metadata.set(dex::field::received_filename, upload.name);
  metadata.set("dex_loadgen_run", options_.run_id);
  return metadata;
}

// A server may add to it, but what was sent MUST be there (protocol.md, Headers/Upload-Metadata).
std::optional<Cause> TusClient::told_otherwise(const transport::LoadResponse& answer,
                                               const UploadResult& upload) const {
  const auto length = answer.headers.find(tus::header::upload_length);
  if (length && *length != std::to_string(upload.size.value)) {
    return Cause{"verify: HEAD tells another length",
                 fmt::format("{} instead of {}", quote(*length), upload.size.value)};
  }
  const auto header = answer.headers.find(tus::header::upload_metadata);
  if (!header) return Cause{"verify: HEAD does not tell the metadata", upload.url};
  const auto told = tus::parse_metadata(*header, tus::MetadataStrictness::lenient);
  if (!told) return Cause{"verify: HEAD tells no metadata that can be read", told.error().line()};
  const tus::Metadata sent = metadata_of(upload);
  for (const auto& pair : sent.pairs()) {
    const auto value = told->find(pair.key);
    if (value == pair.value) continue;
    return Cause{"verify: HEAD tells other metadata",
                 fmt::format("{} is {} instead of {}", quote(pair.key),
                             value ? quote(*value) : "missing", quote(pair.value))};
  }
  return std::nullopt;
}

transport::LoadRequest TusClient::download(const std::string& url) const {
  return request_of("GET", url);
}

std::optional<transport::LoadRequest> TusClient::removal(const std::string& url) const {
  return request_of("DELETE", url);
}

std::vector<settings::OwnSetting> tus_settings() {
  settings::OwnSetting manifest{
      {manifest_flag, "FILE", "JSON object of metadata [one for dextesting/testevent1]"},
      read_manifest};
  manifest.read_inline = [](const std::string& json) { return checked_manifest(json, ""); };
  auto all = habit_settings();
  all.insert(all.begin(), std::move(manifest));
  return all;
}

UploadOptions with_manifest(UploadOptions options, const settings::OwnSettings& own) {
  options.metadata = dex::default_manifest("dex-loadgen");
  if (const auto text = settings::given(own, manifest_flag)) {
    // It was good when it was read; an empty one is none.
    const auto manifest = dex::parse_manifest_json(*text, "--manifest");
    if (manifest && !manifest->empty()) options.metadata = *manifest;
  }
  return options;
}

SystemKind tus_system() {
  return {"tus", "", tus_settings(),
          [](UploadOptions options,
             const settings::OwnSettings& own) -> Result<std::unique_ptr<Client>> {
            auto habits = habits_of(own);
            if (!habits) return tl::unexpected(habits.error());
            return std::make_unique<TusClient>(with_manifest(std::move(options), own),
                                               *std::move(habits));
          }};
}

}  // namespace loadgen
