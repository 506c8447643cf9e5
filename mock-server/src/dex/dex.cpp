#include "dex/dex.hpp"

#include <nlohmann/json.hpp>

#include "dex/copy.hpp"
#include "dex/delayed.hpp"
#include "dex/dex_hooks.hpp"
#include "dex/metrics.hpp"
#include "dex/reports.hpp"
#include "dex/upload_configs.hpp"
#include "protocol/dex/guide.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/http/date.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

constexpr std::string_view up = "UP";
constexpr std::string_view down = "DOWN";
constexpr std::string_view degraded = "DEGRADED";
constexpr std::string_view no_issue = "None reported";
constexpr Milliseconds resume_retry_delay{5000};

Result<DeliveryConfig> delivery_config(const DexOptions& options) {
  if (options.delivery) return *options.delivery;
  if (options.delivery_file) {
    return load_delivery_config(options.delivery_file->string(), options.environment);
  }
  return options.delivery_folder ? built_in_delivery_config(*options.delivery_folder)
                                 : DeliveryConfig{};
}

dex::ServiceHealth service(std::string name, const Result<void>& outcome) {
  return {std::move(name), std::string(outcome ? up : down),
          outcome ? std::string(no_issue) : outcome.error().what};
}

/// The targets that DEX reaches over the network have names and manners of their own.
dex::ServiceHealth target_service(const DeliveryTarget& target) {
  const Result<void> folder = check_folder(target.folder);
  if (target.kind == TargetKind::file) {
    return service("File Delivery Target " + target.name, folder);
  }
  const bool s3 = target.kind == TargetKind::s3;
  return {(s3 ? "S3 deliver target " : "Azure deliver target ") + target.name,
          std::string(folder ? up : down), folder ? std::string{} : folder.error().what};
}

/// When bytes last came; the creation as long as none did.
TimePoint last_change(const Upload& upload) { return std::max(upload.created, upload.modified); }

std::string_view state_of(const Upload& upload) {
  if (upload.complete()) return dex::upload_state::complete;
  return upload.offset == Bytes{0} ? dex::upload_state::initiated : dex::upload_state::in_progress;
}

/// {"target": NAME, "source": NAME}; other keys are ignored, a missing one is empty. As Go reads
/// it: keys in any case, and null for a body without any.
struct RedeliveryBody {
  std::string target;
  std::string source;
};
Result<RedeliveryBody> parse_redelivery(const std::string& body) {
  return json::decode(body, "request body", [](const json::Cursor& root) {
    RedeliveryBody wanted;
    if (root.is_null()) return wanted;
    if (!root.is_object()) root.fail("expected an object");
    for (const auto& [key, member] : root.members()) {
      if (member.is_null()) continue;
      if (::http::same_name(key, "target")) wanted.target = member.string();
      if (::http::same_name(key, "source")) wanted.source = member.string();
    }
    return wanted;
  });
}

/// DEX labels its plain texts with a charset.
Reply plain(int status, std::string body) {
  Reply reply = text_reply(status, std::move(body));
  reply.fields.set("Content-Type", "text/plain; charset=utf-8");
  return reply;
}

Reply empty(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

}  // namespace

Dex::Dex(DexOptions options, DeliveryConfig config, Store& store, Loop& loop)
    : options_(std::move(options)),
      store_(store),
      loop_(loop),
      metrics_(std::make_unique<Metrics>()),
      reports_(std::make_unique<Reports>(
          Reports::Options{
              options_.store_folder,
              options_.version.latest_release_version + "_" + options_.version.git_short_sha,
              options_.notify, [this](std::string_view type) { metrics_->published(type); }},
          loop)),
      configs_(options_.config_source
                   ? std::make_unique<UploadConfigs>(options_.config_source, options_.contract)
                   : std::make_unique<UploadConfigs>(options_.upload_configs, options_.environment,
                                                     options_.contract)),
      deliveries_(std::make_unique<Deliveries>(std::move(config), options_.deliveries, store, loop,
                                               *reports_, *metrics_, options_.notify)),
      hooks_(std::make_unique<DexHooks>(options_.store_folder, *configs_, *reports_, *deliveries_,
                                        *metrics_, loop, options_.contract, options_.notify)),
      delayed_(std::make_unique<Delayed>(loop)) {}
Dex::~Dex() = default;

Result<std::unique_ptr<Dex>> Dex::make(DexOptions options, Store& store, Loop& loop) {
  if (options.upload_configs) {
    std::error_code error;
    if (!std::filesystem::is_directory(*options.upload_configs, error)) {
      return failure(options.upload_configs->string(), "is not a folder of upload configs",
                     "expected files named <data_stream_id>_<data_stream_route>.json");
    }
    if (auto sound = check_upload_configs(*options.upload_configs, options.environment); !sound) {
      return tl::unexpected(sound.error());
    }
  }
  auto config = delivery_config(options);
  if (!config) return tl::unexpected(config.error());
  return std::unique_ptr<Dex>(new Dex(std::move(options), std::move(*config), store, loop));
}

Hooks& Dex::hooks() { return *hooks_; }
Observer& Dex::observer() { return *metrics_; }

void Dex::use(Effects& effects) {
  deliveries_->use(effects);
  reports_->use(effects);
}

void Dex::resume() {
  const auto ids = store_.list();
  if (ids) return resume(*ids);
  resume_later("the uploads cannot be listed: " + ids.error().detail, [this] { resume(); });
}

void Dex::resume(const std::vector<std::string>& ids) {
  std::vector<std::string> unread;
  std::string why;
  for (const std::string& id : ids) {
    const auto upload = store_.find(id);
    if (upload && !is_tus(*upload)) continue;
    if (upload) {
      metrics_->upload_found(*upload);
      hooks_->resume(*upload);
    } else if (upload.error().kind == StoreError::Kind::io) {
      unread.push_back(id);
      why = upload.error().detail;
    }
  }
  if (unread.empty()) return;
  const auto what = std::to_string(unread.size()) + " uploads cannot be read: " + why;
  resume_later(what, [this, unread = std::move(unread)] { resume(unread); });
}

void Dex::resume_later(const std::string& what, std::function<void()> resume) {
  if (options_.notify) {
    options_.notify(
        {"store", {}, {}, what + "; what a restart interrupted is finished when they can be"});
  }
  delayed_->in(resume_retry_delay, std::move(resume));
}

Reply Dex::info(const Request& request, const std::string& id, Store& store) {
  if (request.method == "OPTIONS") {
    Reply reply = empty(204);
    reply.fields.set("Allow", "GET, HEAD, OPTIONS");
    return reply;
  }
  if (!is_upload_id(id)) return plain(404, "error getting file manifest\n");
  const auto upload = store.find(id);
  if (!upload) {
    const bool missing = upload.error().kind == StoreError::Kind::not_found;
    return plain(missing ? 404 : 500, "error getting file manifest\n");
  }
  if (!is_tus(*upload)) return plain(404, "error getting file manifest\n");
  const bool by_guide = options_.contract == dex::Contract::guide;
  if (by_guide && !upload->complete()) return plain(404, "the upload is incomplete\n");
  const std::string changed = ::http::format_rfc3339(last_change(*upload));
  const auto attempts = deliveries_->attempts(id);
  if (!attempts) {
    if (options_.notify) {
      options_.notify({"report", {}, id, "/info: " + attempts.error().what});
    }
    return plain(500, "error getting file manifest\n");
  }
  const dex::Info info{dex::manifest_of(tus_of(*upload).metadata),
                       dex::FileInfo{upload->offset, changed},
                       {std::string(state_of(*upload)), changed},
                       *attempts};
  return json_reply(200, by_guide ? dex::guide::to_json(info) : dex::to_json(info));
}

Reply Dex::redelivery(const Request& request, const std::string& id, const std::string& body) {
  if (request.method != "POST") {
    if (options_.contract == dex::Contract::server) return empty(400);
    Reply reply = plain(405, "method not allowed\n");
    reply.fields.set("Allow", "POST");
    return reply;
  }
  const auto wanted = parse_redelivery(body);
  if (!wanted) return empty(400);
  if (!wanted->source.empty() && wanted->source != "upload") {
    return plain(500, "Could not find source");
  }
  const auto started = deliveries_->redeliver(id, wanted->target);
  if (started) return plain(200, id);
  switch (started.error()) {
    case RedeliveryRefusal::no_source:
      return plain(404, "source file does not exist");
    case RedeliveryRefusal::unknown_target:
      return plain(400, "Invalid target\n");
    case RedeliveryRefusal::unreadable:
      return plain(500, "what was delivered before cannot be read");
    case RedeliveryRefusal::not_routed:
      break;
  }
  return plain(400, "Invalid target for metadata\n");
}

Reply Dex::health() const {
  dex::Health health;
  if (options_.oauth_issuer) {
    // Checked before anything else, and with nothing to say when all is well.
    health.services.push_back({"oauth validator " + options_.oauth_issuer(), std::string(up), {}});
  }
  const Result<void> storage =
      options_.store_folder ? check_folder(*options_.store_folder) : Result<void>{};
  health.services.push_back(service("File Storage", storage));
  for (const DeliveryTarget& target : deliveries_->config().targets) {
    health.services.push_back(target_service(target));
  }
  health.services.push_back(service("File Source", storage));
  health.status = up;
  for (const dex::ServiceHealth& one : health.services) {
    if (one.status == down) health.status = degraded;
  }
  return json_reply(200, dex::to_json(health));
}

Reply Dex::version() const { return json_reply(200, dex::to_json(options_.version)); }

Reply Dex::banner() const {
  return json_reply(200, json::dump(nlohmann::ordered_json{
                             {"system", "DEX"},
                             {"dex_product", "UPLOAD API"},
                             {"dex_app", "upload server"},
                             {"server_time", ::http::format_rfc3339(loop_.now())}}));
}

void Dex::forget_clients() { metrics_->forget_clients(); }

Reply Dex::metrics() const {
  Reply reply = text_reply(200, metrics_->text());
  reply.fields.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return reply;
}

}  // namespace mock
