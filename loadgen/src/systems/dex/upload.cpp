#include "systems/dex/upload.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/endpoints.hpp"
#include "protocol/dex/info.hpp"
#include "systems/dex/delivery.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

constexpr Milliseconds first_poll{50};
constexpr Milliseconds longest_poll{1000};

}  // namespace

LoadRequest info_request(const DeliveryOptions& options, const std::string& url) {
  LoadRequest get;
  get.method = "GET";
  get.url = options.info_url + "/" + client::last_segment(url);
  return get;
}

DeliveredUpload::DeliveredUpload(const UploadHost& host, const DeliveryOptions& options,
                                 const std::function<std::unique_ptr<Upload>(Events)>& sending,
                                 Events events)
    : host_(host), options_(options), events_(std::move(events)), requests_(host_, result_) {
  Events of_sending;
  of_sending.uploaded = std::exchange(events_.uploaded, nullptr);
  of_sending.acknowledged = std::exchange(events_.acknowledged, nullptr);
  of_sending.ended = [this] { sent(); };
  sending_ = sending(std::move(of_sending));
}

UploadResult DeliveredUpload::interrupted() const {
  if (!was_sent_) return sending_->interrupted();
  UploadResult result = result_;
  result.state = UploadState::interrupted;
  return result;
}

void DeliveredUpload::sent() {
  was_sent_ = true;
  result_ = sending_->result();
  if (result_.state != UploadState::uploaded) {
    end(result_.state, result_.cause);
    return;
  }
  result_.state = UploadState::running;
  waits_since_ = *result_.uploaded;
  follow();
}

void DeliveredUpload::follow() {
  requests_.send(info_request(options_, result_.url),
                 [this](const LoadOutcome& outcome) { followed(outcome); });
}

void DeliveredUpload::followed(const LoadOutcome& outcome) {
  if (status_of(outcome) != 200) {
    // A 404 is no loss either: a server without /info looks like that, too. Verification asks HEAD
    // which it is.
    Cause cause = cause_of("/info", outcome);
    if (status_of(outcome) == 404) cause.detail += " (a plain tus server needs --system tus)";
    follow_later(std::move(cause), false);
    return;
  }
  const auto info = dex::parse_info(outcome.response->body);
  if (!info) {
    follow_later({"/info: not an info document", info.error().line()}, false);
    return;
  }
  if (auto missing = still_missing(*info, result_.size, options_.targets)) {
    if (ask_again(*info)) return;
    follow_later(std::move(*missing), true);
    return;
  }
  result_.delivered = host_.transport.now();
  end(UploadState::uploaded, std::nullopt);
}

void DeliveredUpload::follow_later(Cause cause, bool loss) {
  if (host_.transport.now() - waits_since_ >= options_.timeout) {
    end(loss ? UploadState::lost : UploadState::unverified, std::move(cause));
    return;
  }
  host_.transport.after(poll_delay_, [this] { follow(); });
  poll_delay_ = std::min(poll_delay_ * 2, longest_poll);
}

bool DeliveredUpload::ask_again(const dex::Info& info) {
  const Time now = host_.transport.now();
  for (const auto& [target, failures] : failures_of(info)) {
    Failed& failed = failed_[target];
    if (failed.failures != failures) {
      failed.failures = failures;
      failed.since = now;
    }
    // Leaves the server time to try again by itself first.
    const bool is_due = failed.since && now - *failed.since >= longest_poll;
    if (!is_due || failed.asked == options_.redeliver) continue;
    ++failed.asked;
    ++result_.redeliveries;
    failed.since.reset();
    waits_since_ = now;
    LoadRequest post;
    post.method = "POST";
    post.url = options_.route_url + "/" + client::last_segment(result_.url);
    post.headers.add("Content-Type", "application/json");
    post.body = nlohmann::json{{"target", target}}.dump();
    requests_.send(std::move(post), [this](const LoadOutcome& outcome) {
      if (status_of(outcome) / 100 == 2) {
        poll_delay_ = first_poll;
        follow();
      } else {
        follow_later(cause_of("/route", outcome), true);
      }
    });
    return true;
  }
  return false;
}

void DeliveredUpload::end(UploadState state, std::optional<Cause> cause) {
  result_.state = state;
  result_.cause = std::move(cause);
  // The owner may destroy this upload in `ended`.
  if (const auto ended = std::exchange(events_.ended, nullptr)) ended();
}

}  // namespace loadgen
