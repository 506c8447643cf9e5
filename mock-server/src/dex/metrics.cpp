#include "dex/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "http/route.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/json/encode.hpp"
#include "tus/attributes.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

template <class Builder>
auto& make(Builder builder, prometheus::Registry& registry, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

Family<Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return make(prometheus::BuildCounter(), registry, name, help);
}
Family<Gauge>& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return make(prometheus::BuildGauge(), registry, name, help);
}
Family<Histogram>& histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return make(prometheus::BuildHistogram(), registry, name, help);
}

/// Twenty buckets from 10 B/s to 360 MB/s, those of DEX.
prometheus::Histogram::BucketBoundaries speed_buckets() {
  prometheus::Histogram::BucketBoundaries buckets;
  double bound = 10;
  for (int i = 0; i < 20; ++i, bound *= 2.5) buckets.push_back(bound);
  return buckets;
}

/// What DEX calls the queue that it keeps in memory.
constexpr const char* queue_name = "memory channel";

/// Clients choose methods freely; series must stay few.
constexpr std::array<std::string_view, 10> method_labels{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "other"};
std::size_t method_index(std::string_view method) {
  const auto* const other = method_labels.end() - 1;
  return static_cast<std::size_t>(std::find(method_labels.begin(), other, method) -
                                  method_labels.begin());
}

/// By HookType.
constexpr std::array<const char*, 6> hook_names{"pre-create", "post-create", "post-receive",
                                                "pre-finish", "post-finish", "post-terminate"};

/// A manifest value as a label; the text format is UTF-8.
std::string label(const Upload& upload, std::string_view field) {
  constexpr std::size_t longest = 200;
  const auto value = tus_of(upload).metadata.find(field).value_or("");
  if (value.size() > longest) return "too long";
  return json::is_utf8(value) ? std::string(value) : "not UTF-8";
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  Gauge& connections = gauges(registry, "dex_server_connections_open", "Open connections").Add({});
  Family<Counter>& requests = counters(registry, "http_requests_total",
                                       "HTTP requests answered, by status code and method");
  Family<Counter>& tus_requests =
      counters(registry, "tusd_requests_total", "Requests to upload endpoints, by method");
  Family<Counter>& tus_errors =
      counters(registry, "tusd_errors_total", "Error replies of upload endpoints, by status code");
  Counter& bytes = counters(registry, "tusd_bytes_received",
                            "Bytes of request bodies received by "
                            "upload endpoints")
                       .Add({});
  Counter& created = counters(registry, "tusd_uploads_created", "Uploads created").Add({});
  Counter& finished = counters(registry, "tusd_uploads_finished", "Uploads finished").Add({});
  Counter& terminated = counters(registry, "tusd_uploads_terminated", "Uploads terminated").Add({});
  Gauge& active =
      gauges(registry, "dex_server_active_uploads", "Uploads created and not yet finished").Add({});
  Histogram& upload_speed = histograms(registry, "dex_server_upload_speed_bytes_per_second",
                                       "Size of a finished upload over the time it took")
                                .Add({}, speed_buckets());
  Family<Counter>& manifests =
      counters(registry, "upload_manifest_count", "Uploads finished, by fields of their manifest");
  Family<Counter>& events =
      counters(registry, "dex_server_events_total", "Events, by type and what was done with them");
  Family<Gauge>& active_deliveries =
      gauges(registry, "dex_server_active_deliveries", "Deliveries under way, by target");
  Family<Counter>& deliveries =
      counters(registry, "dex_server_deliveries_total", "Delivery attempts, by target and result");
  Family<Histogram>& delivery_speed =
      histograms(registry, "dex_server_delivery_speed_bytes_per_second",
                 "Size of a delivered file over the time it took");

  Gauge& queue = gauges(registry, "dex_server_queue_messages", "Messages in a queue, by queue")
                     .Add({{"queue", queue_name}});
  Family<Counter>& hooks = counters(registry, "tusd_hook_invocations_total",
                                    "Calls of the hooks around an upload, by type");
  std::array<Counter*, hook_names.size()> by_hook{};

  /// By method, and by status and method; kept for the same reason as `ByType`.
  std::array<Counter*, method_labels.size()> by_method{};
  std::array<std::map<int, Counter*>, method_labels.size()> by_status;

  Counter& tus_request(std::size_t method) {
    auto*& counter = by_method.at(method);
    if (counter == nullptr)
      counter = &tus_requests.Add({{"method", std::string(method_labels.at(method))}});
    return *counter;
  }
  Counter& request(std::size_t method, int status) {
    auto*& counter = by_status.at(method)[status];
    if (counter == nullptr)
      counter = &requests.Add(
          {{"code", std::to_string(status)}, {"method", std::string(method_labels.at(method))}});
    return *counter;
  }

  /// The counters of one operation, by type. Reports come many times a second, and a look-up by
  /// labels has to make a map.
  using ByType = std::map<std::string, Counter*, std::less<>>;
  ByType published, subscribed;
  std::map<prometheus::Labels, Counter*> by_manifest;

  void event(ByType& known, const char* operation, std::string_view type) {
    auto found = known.find(type);
    if (found == known.end()) {
      auto& counter = events.Add({{"type", std::string(type)}, {"op", operation}});
      found = known.emplace(type, &counter).first;
    }
    found->second->Increment();
  }

  Counter& manifest(const Upload& upload) {
    prometheus::Labels labels;
    for (const auto field :
         {dex::field::data_stream_id, dex::field::data_stream_route, dex::field::sender_id})
      labels.emplace(field, label(upload, field));
    if (const auto known = by_manifest.find(labels); known != by_manifest.end())
      return *known->second;
    if (by_manifest.size() >= most_manifests)
      for (auto& [field, value] : labels) value = "other";
    auto& counter = manifests.Add(labels);
    by_manifest.emplace(std::move(labels), &counter);
    return counter;
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::on_exchange(const ExchangeRecord& record) {
  Families& f = *families_;
  const auto method = method_index(record.request.method);
  if (record.status != 0) f.request(method, record.status).Increment();
  const Route route = record.request.addressed.route;
  if (route != routes::creation && route != routes::upload) return;
  f.tus_request(method).Increment();
  f.bytes.Increment(static_cast<double>(record.body_received.value));
  if (record.status >= 400)
    f.tus_errors.Add({{"status", std::to_string(record.status)}}).Increment();
}

void Metrics::on_connections(std::size_t open) {
  families_->connections.Set(static_cast<double>(open));
}

void Metrics::upload_found(const Upload& upload) {
  if (!upload.complete()) families_->active.Increment();
}

void Metrics::upload_created() {
  families_->created.Increment();
  families_->active.Increment();
}

void Metrics::forget_clients() {
  for (const auto& [labels, counter] : families_->by_manifest) families_->manifests.Remove(counter);
  families_->by_manifest.clear();
}

void Metrics::upload_finished(const Upload& upload, TimePoint now) {
  families_->finished.Increment();
  families_->active.Decrement();
  families_->manifest(upload).Increment();
  const std::chrono::duration<double> took = now - upload.created;
  if (took.count() > 0) {
    families_->upload_speed.Observe(static_cast<double>(upload.offset.value) / took.count());
  }
}

void Metrics::upload_terminated(const Upload& upload) {
  families_->terminated.Increment();
  if (!upload.complete()) families_->active.Decrement();
}

void Metrics::delivery_target(const std::string& name) {
  families_->active_deliveries.Add({{"target", name}});
  for (const char* result : {"started", "completed", "failed"}) {
    families_->deliveries.Add({{"target", name}, {"result", result}});
  }
  families_->delivery_speed.Add({{"target", name}}, speed_buckets());
}

void Metrics::delivery_started(const std::string& target) {
  families_->active_deliveries.Add({{"target", target}}).Increment();
  families_->deliveries.Add({{"target", target}, {"result", "started"}}).Increment();
}

void Metrics::delivery_ended(const std::string& target, bool delivered, Bytes size,
                             Milliseconds took) {
  families_->active_deliveries.Add({{"target", target}}).Decrement();
  families_->deliveries.Add({{"target", target}, {"result", delivered ? "completed" : "failed"}})
      .Increment();
  if (delivered && took.count() > 0) {
    families_->delivery_speed.Add({{"target", target}}, speed_buckets())
        .Observe(static_cast<double>(size.value) * 1000 / static_cast<double>(took.count()));
  }
}

void Metrics::queue(std::size_t messages) { families_->queue.Set(static_cast<double>(messages)); }

void Metrics::published(std::string_view type) {
  families_->event(families_->published, "publish", type);
}

void Metrics::subscribed(std::string_view type) {
  families_->event(families_->subscribed, "subscribe", type);
}

void Metrics::hook(HookType type) {
  auto*& counter = families_->by_hook.at(static_cast<std::size_t>(type));
  if (counter == nullptr) {
    counter = &families_->hooks.Add({{"hooktype", hook_names.at(static_cast<std::size_t>(type))}});
  }
  counter->Increment();
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace mock
