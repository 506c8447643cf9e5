#include "record/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/addressed.hpp"
#include "http/intercept.hpp"
#include "record/recorded_fields.hpp"

namespace mock {
namespace {

// What a client's method may fill of an entry; real ones are short.
constexpr std::size_t method_bytes = 32;
constexpr std::string_view redacted_query = "?[redacted]";
// What an entry takes beside its texts.
constexpr std::size_t entry_bytes = sizeof(JournalEntry);

void set_text(std::string& into, std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    into.assign(text);
  } else {
    into.assign(text.substr(0, limit)).append("...");
  }
}

/// Behind those that are there, without credentials.
void keep(FieldText& into, const ::http::Fields& fields, std::size_t limit) {
  for (const auto& field : fields) {
    const auto masked = without_credentials(field.name, field.value);
    into.add(field.name, masked ? *masked : field.value, limit);
  }
}

std::size_t size_of(const JournalEntry& entry) {
  std::size_t size = entry_bytes + entry.wire_method.size() + entry.method.size() +
                     entry.target.size() + entry.upload.size() + entry.refused.size();
  size += entry.request_fields.size() + entry.reply_fields.size();
  for (const auto& fault : entry.faults) size += sizeof fault + fault.size();
  return size;
}

bool in_any(const std::vector<JournalMatch::StatusRange>& ranges, int status) {
  return std::ranges::any_of(
      ranges, [status](const auto& r) { return r.first <= status && status <= r.last; });
}

std::string text_of(const std::vector<JournalMatch::StatusRange>& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    if (!text.empty()) text += " or ";
    text += range.first == range.last ? std::to_string(range.first)
                                      : fmt::format("{}-{}", range.first, range.last);
  }
  return text;
}

std::string text_of(std::optional<Bytes> offset) {
  return offset ? std::to_string(offset->value) : "none";
}

}  // namespace

bool JournalMatch::holds(const JournalEntry& entry) const {
  return entry.ordinal > since &&
         (methods.empty() || std::ranges::count(methods, entry.method) > 0) &&
         (routes.empty() || std::ranges::count(routes, entry.route) > 0) &&
         (!upload || *upload == entry.upload) && (status.empty() || in_any(status, entry.status)) &&
         (!fault || std::ranges::count(entry.faults, *fault) > 0) &&
         (!faults || *faults == !entry.faults.empty()) && (!aborted || *aborted == entry.aborted) &&
         (!refused || *refused == !entry.refused.empty()) &&
         (!offset || offset == entry.offset_before);
}

std::vector<std::string> JournalMatch::differences(const JournalEntry& entry) const {
  std::vector<std::string> all;
  if (entry.ordinal <= since) all.push_back(fmt::format("ordinal is {}", entry.ordinal));
  if (!methods.empty() && std::ranges::count(methods, entry.method) == 0) {
    all.push_back(fmt::format("method is {}, not {}", entry.method, fmt::join(methods, " or ")));
  }
  if (!routes.empty() && std::ranges::count(routes, entry.route) == 0) {
    std::vector<std::string_view> names;
    for (const auto route : routes) names.push_back(route.name());
    all.push_back(fmt::format("route is {}, not {}", entry.route.name(), fmt::join(names, " or ")));
  }
  if (upload && *upload != entry.upload) {
    all.push_back(fmt::format("upload is {}, not {}",
                              entry.upload.empty() ? "none" : quote(entry.upload), quote(*upload)));
  }
  if (!status.empty() && !in_any(status, entry.status)) {
    all.push_back(fmt::format("status is {}, not {}", entry.status, text_of(status)));
  }
  if (fault && std::ranges::count(entry.faults, *fault) == 0) {
    all.push_back(fmt::format("the rule {} did not fire", quote(*fault)));
  }
  if (faults && *faults == entry.faults.empty()) {
    all.push_back(*faults ? "no rule fired"
                          : fmt::format("{} fired", fmt::join(entry.faults, " and ")));
  }
  if (aborted && *aborted != entry.aborted) {
    all.push_back(entry.aborted ? "it was aborted" : "it was not aborted");
  }
  if (refused && *refused == entry.refused.empty()) {
    all.push_back(*refused ? "its head was taken"
                           : fmt::format("its head was refused: {}", entry.refused));
  }
  if (offset && offset != entry.offset_before) {
    all.push_back(fmt::format("offset is {}, not {}", text_of(entry.offset_before), offset->value));
  }
  return all;
}

void Journal::tell_refused(JournalEntry& entry, const RefusedHead& head) const {
  set_text(entry.wire_method, head.method, method_bytes);
  set_text(entry.method, head.method, method_bytes);
  set_text(entry.target, head.path, limits_.value_bytes);
  if (head.query) entry.target += redacted_query;
  entry.refused = head.why;
}

void Journal::on_exchange(const ExchangeRecord& record) {
  const Request& request = record.request;
  const auto& addressed = request.addressed;
  if (addressed.route.is_control()) return;

  const auto& kept = RecordedFields::of_all_systems();
  JournalEntry entry;
  if (entries_.size() >= limits_.entries && !entries_.empty()) {
    entry = take_oldest();
  }
  entry.ordinal = ++last_;
  entry.time = request.received;
  entry.connection = request.connection;
  set_text(entry.wire_method, request.method, method_bytes);
  set_text(entry.method, addressed.method, method_bytes);
  set_text(entry.target, request.mount, limits_.value_bytes);
  entry.target += std::string_view(request.path).substr(0, limits_.value_bytes);
  if (!request.query.empty()) entry.target += redacted_query;
  entry.route = addressed.route;
  entry.upload = upload_of(addressed, record.status, record.reply_fields);
  entry.declared = request.content_length;
  entry.received = record.body_received;
  entry.offset_before = kept.offset_in(request.fields);
  if (addressed.route.creates() && request.has_body()) entry.offset_before = Bytes{0};
  entry.status = record.status;
  entry.duration = record.duration;
  entry.aborted = record.aborted;
  entry.refused.clear();
  if (record.refused != nullptr) tell_refused(entry, *record.refused);
  entry.faults.clear();
  if (record.intercept != nullptr) entry.faults = record.intercept->fired();
  entry.request_fields.clear();
  keep(entry.request_fields, request.fields, limits_.value_bytes);
  keep(entry.request_fields, request.trailers, limits_.value_bytes);
  entry.offset_after.reset();
  entry.reply_fields.clear();
  if (record.reply_fields != nullptr) {
    keep(entry.reply_fields, *record.reply_fields, limits_.value_bytes);
    if (record.status / 100 == 2) entry.offset_after = kept.offset_in(*record.reply_fields);
  }
  bytes_ += size_of(entry);
  entries_.push_back(std::move(entry));
  while (bytes_ > limits_.bytes.value && entries_.size() > 1) static_cast<void>(take_oldest());
  changed(&entries_.back());
}

JournalEntry Journal::take_oldest() {
  auto oldest = std::move(entries_.front());
  entries_.pop_front();
  bytes_ -= size_of(oldest);
  dropped_through_ = oldest.ordinal;
  ++dropped_;
  return oldest;
}

void Journal::clear() {
  entries_.clear();
  bytes_ = 0;
  dropped_ = 0;
  dropped_through_ = 0;
  changed(nullptr);
}

void Journal::changed(const JournalEntry* added) {
  std::erase_if(watches_, [](const auto& watch) { return watch.expired(); });
  // A callback may start another watch.
  const auto watches = watches_;
  for (const auto& watch : watches) {
    if (const auto alive = watch.lock()) (*alive)(added);
  }
}

std::unique_ptr<Journal::Watch> Journal::watch(std::function<void(const JournalEntry*)> changed) {
  struct Held : Watch {
    explicit Held(std::shared_ptr<std::function<void(const JournalEntry*)>> f)
        : call(std::move(f)) {}
    std::shared_ptr<std::function<void(const JournalEntry*)>> call;
  };
  auto call = std::make_shared<std::function<void(const JournalEntry*)>>(std::move(changed));
  watches_.push_back(call);
  return std::make_unique<Held>(std::move(call));
}

}  // namespace mock
