#include "systems/dex/client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/dex/endpoints.hpp"
#include "protocol/dex/info.hpp"
#include "systems/dex/case_file.hpp"
#include "systems/dex/delivery.hpp"
#include "systems/dex/upload.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

constexpr const char* info_flag = "info-url";
constexpr const char* timeout_flag = "deliver-timeout";
constexpr const char* target_flag = "expect-target";
constexpr const char* redeliver_flag = "redeliver";
constexpr std::uint64_t most_redeliveries = 1000;

Result<std::string> read_timeout(const std::string& text) {
  if (const auto value = positive_duration(text); !value) return tl::unexpected(value.error());
  return text;
}

Result<std::string> read_redeliveries(const std::string& text) {
  if (const auto n = settings::whole_number(0, most_redeliveries)(text); !n) {
    return tl::unexpected(n.error());
  }
  return text;
}

/// The route endpoint beside /info; empty: the URL does not end in /info.
std::string route_beside(const std::string& info_url) {
  constexpr std::string_view info = "/info";
  if (!info_url.ends_with(info)) return {};
  return info_url.substr(0, info_url.size() - info.size()) + "/route";
}

Result<std::unique_ptr<Client>> make_dex(UploadOptions options, const settings::OwnSettings& own) {
  DeliveryOptions deliveries;
  deliveries.info_url = settings::given(own, info_flag).value_or("");
  if (const auto text = settings::given(own, timeout_flag)) {
    const auto timeout = positive_duration(*text);
    if (!timeout) return tl::unexpected(timeout.error());
    deliveries.timeout = *timeout;
  }
  if (const auto found = own.find(target_flag); found != own.end()) {
    deliveries.targets = found->second;
  }
  if (const auto text = settings::given(own, redeliver_flag)) {
    deliveries.redeliver =
        static_cast<unsigned>(*settings::whole_number(0, most_redeliveries)(*text));
    if (!deliveries.info_url.empty() && route_beside(deliveries.info_url).empty()) {
      return failure("--redeliver", "where /route is, is known only beside /info",
                     "as in --info-url http://127.0.0.1:8080/info");
    }
  }
  const auto& targets = deliveries.targets;
  if (targets.size() > 1 && std::count(targets.begin(), targets.end(), no_target) > 0) {
    return failure("--expect-target", "none is given together with a target");
  }
  auto habits = habits_of(own);
  if (!habits) return tl::unexpected(habits.error());
  return std::make_unique<DexClient>(with_manifest(std::move(options), own), std::move(deliveries),
                                     *std::move(habits));
}

}  // namespace

DexClient::DexClient(UploadOptions options, DeliveryOptions deliveries, TusHabits habits)
    : TusClient(std::move(options), std::move(habits)),
      deliveries_(std::move(deliveries)),
      info_given_(!deliveries_.info_url.empty()) {
  derive();
}

void DexClient::derive() {
  const auto beside = dex::endpoints_of(options_.create_url);
  if (!info_given_ && beside) deliveries_.info_url = beside->info;
  deliveries_.route_url = route_beside(deliveries_.info_url);
}

std::vector<std::string> DexClient::urls() const { return {deliveries_.info_url}; }

void DexClient::settle_on(std::string creation_url) {
  TusClient::settle_on(std::move(creation_url));
  derive();
}

// DEX answers 404 to an unknown id as well, but not to /health. Whoever gives --info-url knows that
// the server has its parts elsewhere.
std::optional<Recognition> DexClient::recognition() const {
  const auto beside = dex::endpoints_of(options_.create_url);
  if (info_given_ || !beside) return std::nullopt;
  Recognition recognition;
  for (const auto& url : {beside->info + "/dex-loadgen-probe", beside->health}) {
    transport::LoadRequest get;
    get.method = "GET";
    get.url = url;
    recognition.requests.push_back(std::move(get));
  }
  recognition.is_strange = [](const transport::LoadResponse& answer) {
    return answer.status == 404 || (answer.status == 200 && !answer.body.starts_with('{'));
  };
  recognition.otherwise = {
      "--system",
      fmt::format("{} is no DEX server: there is neither /info nor /health beside it",
                  options_.create_url),
      "for a plain tus server give --system tus, for a DEX that has /info elsewhere --info-url"};
  return recognition;
}

std::unique_ptr<Upload> DexClient::upload(const UploadHost& host, std::uint64_t index, Bytes size,
                                          Time intended, Upload::Events events) const {
  const auto sending = [&](Upload::Events of_tus) {
    return TusClient::upload(host, index, size, intended, std::move(of_tus));
  };
  return std::make_unique<DeliveredUpload>(host, deliveries_, sending, std::move(events));
}

std::optional<transport::LoadRequest> DexClient::account(const std::string& url) const {
  return info_request(deliveries_, url);
}

Result<Account> DexClient::read_account(const transport::LoadResponse& answer,
                                        const UploadResult& upload) const {
  const auto info = dex::parse_info(answer.body);
  if (!info) return tl::unexpected(info.error());
  Account account;
  account.missing = still_missing(*info, upload.size, deliveries_.targets);
  account.otherwise = told_otherwise_of(*info, metadata_of(upload), upload.redeliveries);
  if (info->deliveries) {
    for (const auto& delivery : *info->deliveries) {
      if (delivery.status == dex::delivery_state::success) {
        account.copies.push_back(delivery.location);
      }
    }
  }
  return account;
}

SystemKind dex_system() {
  std::vector<settings::OwnSetting> all{
      {{timeout_flag, "TIME", "from the last byte to a delivery, at most [60s]"}, read_timeout},
      {{target_flag, "NAME", "a delivery target that must be reached, or none [at least one]",
        "Options", "", settings::Times::often},
       settings::not_empty,
       /*refused_elsewhere=*/true},
      {{info_flag, "URL", "DEX status, without the id [from --url]"},
       http_url,
       /*refused_elsewhere=*/true},
      {{redeliver_flag, "N", "ask so often for a delivery that failed, by /route [0]"},
       read_redeliveries,
       /*refused_elsewhere=*/true}};
  for (auto& setting : tus_settings()) all.push_back(std::move(setting));
  return {"dex", "follows /info to Complete and delivered", std::move(all), make_dex,
          read_case_file};
}

}  // namespace loadgen
