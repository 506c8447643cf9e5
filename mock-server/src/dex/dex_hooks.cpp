#include "dex/dex_hooks.hpp"

#include <nlohmann/json.hpp>

#include "dex/deliveries.hpp"
#include "dex/metrics.hpp"
#include "dex/path_template.hpp"
#include "dex/reports.hpp"
#include "dex/uuid.hpp"
#include "files/files.hpp"
#include "protocol/dex/guide.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/http/date.hpp"
#include "protocol/json/encode.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

/// DEX reports progress at most once a second (DEX-HOOK-003).
constexpr Milliseconds status_interval{1000};
/// How soon what failed, as on a full disk, is tried again.
constexpr Milliseconds finish_retry_delay{5000};

Reply internal_error(const Error& error) {
  return text_reply(is_disk_full(error) ? 507 : 500,
                    "ERR_INTERNAL_SERVER_ERROR: " + error.line() + "\n");
}

}  // namespace

/// Bytes that arrived since the last status report.
struct DexHooks::Progress {
  Upload upload;
  std::unique_ptr<Timer> timer;
};

DexHooks::DexHooks(std::optional<std::filesystem::path> folder, UploadConfigs& configs,
                   Reports& reports, Deliveries& deliveries, Metrics& metrics, Loop& loop,
                   dex::Contract contract, Notify notify)
    : folder_(std::move(folder)),
      configs_(configs),
      reports_(reports),
      deliveries_(deliveries),
      metrics_(metrics),
      loop_(loop),
      contract_(contract),
      notify_(std::move(notify)) {}
DexHooks::~DexHooks() = default;

std::filesystem::path DexHooks::meta_file(const std::string& id) const {
  return *folder_ / (id + ".meta");
}

tl::expected<void, Reply> DexHooks::before_create(const Request& /*request*/, Upload& upload) {
  metrics_.hook(HookType::pre_create);
  upload.id = make_uuid();
  auto& metadata = edit_tus(upload).metadata;
  metadata.set(dex::field::dex_ingest_datetime, ::http::format_rfc3339(loop_.now()));
  metadata.set(dex::field::upload_id, upload.id);
  const bool by_guide = contract_ == dex::Contract::guide;
  if (by_guide) {
    for (const auto& [field, value] : dex::guide::with_stream(dex::manifest_of(metadata))) {
      metadata.set(field, value);
    }
  }
  reports_.metadata_transform(upload);
  const dex::Manifest manifest = dex::manifest_of(tus_of(upload).metadata);
  auto errors = configs_.validate(manifest);
  if (!errors) {
    reports_.metadata_verify(upload, {errors.error().line()});
    // Without the place: the sender's names pick the file.
    if (notify_) notify_({"config", {}, upload.id, "its upload config: " + errors.error().what});
    return tl::unexpected(internal_error(errors.error()));
  }
  // A config that does not list the file name field lets any '/' pass (DEX-META-009); a name that
  // was made to climb out of the delivery folder is refused all the same (DEX-SEC-003).
  const std::string filename = dex::filename_of(manifest).value_or("");
  if (errors->empty() && climbs_out(filename)) {
    errors->push_back("invalid character found in " + filename + " validation failure");
  }
  reports_.metadata_verify(upload, *errors);
  if (errors->empty()) return {};
  if (by_guide) {
    return tl::unexpected(json_reply(400, dex::guide::refusal_json(upload.id, *errors, manifest)));
  }
  Reply reply = text_reply(400, dex::to_json(dex::ManifestRefusal{upload.id, std::move(*errors)}));
  reply.fields.set("Content-Type", "text/plain; charset=utf-8");
  return tl::unexpected(std::move(reply));
}

void DexHooks::after_create(const Upload& upload) {
  metrics_.hook(HookType::post_create);
  metrics_.upload_created();
  reports_.upload_started(upload);
  reports_.upload_status(upload);
}

void DexHooks::after_receive(const Upload& upload) {
  if (!reports_.on()) return;
  auto& progress = moving_[upload.id];
  if (progress) {
    progress->upload.offset = upload.offset;
    progress->upload.length = upload.length;
    return;
  }
  progress = std::make_unique<Progress>(Progress{upload, nullptr});
  progress->timer = loop_.after(status_interval, [this, id = upload.id] {
    const auto at = moving_.find(id);
    metrics_.hook(HookType::post_receive);
    reports_.upload_status(at->second->upload);
    // Keeps the timer until its callback has returned.
    loop_.post([done = std::shared_ptr<Progress>(std::move(at->second))] {});
    moving_.erase(at);
  });
}

Result<void> DexHooks::write_meta(const Upload& upload) const {
  if (!folder_) return {};
  const nlohmann::json manifest(dex::manifest_of(tus_of(upload).metadata));
  auto written = replace_file(meta_file(upload.id), json::dump(manifest));
  if (!written && notify_) {
    notify_({"store", {}, upload.id, "its .meta is not written: " + written.error().what});
  }
  return written;
}

tl::expected<void, Reply> DexHooks::before_finish(const Upload& upload) {
  metrics_.hook(HookType::pre_finish);
  if (auto written = write_meta(upload); !written) {
    finish_later(upload);
    return tl::unexpected(internal_error({"the manifest", written.error().what, {}}));
  }
  unfinished_.erase(upload.id);
  return {};
}

void DexHooks::finish_later(const Upload& upload) {
  unfinished_[upload.id] = loop_.after(finish_retry_delay, [this, upload] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    loop_.post([this, alive = std::weak_ptr<const bool>(alive_), upload] {
      if (alive.expired() || !unfinished_.contains(upload.id)) return;
      if (before_finish(upload)) after_finish(upload);
    });
  });
}

void DexHooks::after_finish(const Upload& upload) {
  if (moving_.erase(upload.id) > 0) metrics_.hook(HookType::post_receive);
  metrics_.hook(HookType::post_finish);
  metrics_.upload_finished(upload, loop_.now());
  reports_.upload_completed(upload);
  reports_.upload_status(upload);
  deliveries_.deliver(upload);
}

void DexHooks::after_terminate(const Upload& upload) {
  moving_.erase(upload.id);
  unfinished_.erase(upload.id);
  metrics_.hook(HookType::post_terminate);
  metrics_.upload_terminated(upload);
  deliveries_.forget(upload.id);
  if (!folder_) return;
  std::error_code ignored;  // gone is gone
  std::filesystem::remove(meta_file(upload.id), ignored);
}

void DexHooks::resume(const Upload& upload) {
  if (!upload.complete()) return;
  std::error_code error;
  if (folder_ && !std::filesystem::exists(meta_file(upload.id), error)) {
    // A failure shows again, and with its reason, when the delivery cannot be reported.
    static_cast<void>(write_meta(upload));
  }
  if (reports_.on()) {
    const auto completed = reports_.has_completed(upload.id);
    if (!completed) return resume_later(upload);
    if (!*completed) {
      reports_.upload_completed(upload);
      reports_.upload_status(upload);
    }
  }
  deliveries_.deliver(upload);
}

void DexHooks::resume_later(const Upload& upload) {
  unfinished_[upload.id] = loop_.after(finish_retry_delay, [this, upload] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    loop_.post([this, alive = std::weak_ptr<const bool>(alive_), upload] {
      if (alive.expired() || unfinished_.erase(upload.id) == 0) return;
      resume(upload);
    });
  });
}

}  // namespace mock
