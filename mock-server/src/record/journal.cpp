#include "record/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/addressed.hpp"
#include "http/intercept.hpp"
#include "record/recorded_fields.hpp"

namespace mock {
namespace {

// How much of a client's method is kept; real ones are short.
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

/// Adds the fields, without credentials.
void keep(FieldText& into, const ::http::Fields& fields, std::size_t limit) {
  for (const auto& field : fields) {
    const auto masked = without_credentials(field.name, field.value);
    into.add(field.name, masked ? *masked : field.value, limit);
  }
}

/// Without the query, which may hold a password.
void set_target(std::string& into, const Request& request, std::size_t limit) {
  set_text(into, request.mount, limit);
  into += std::string_view(request.path).substr(0, limit);
  if (!request.query.empty()) into += redacted_query;
}

/// nullopt: `seen` is what was sent.
std::optional<JournalEntry::Edited> edited(const Request& sent, const Request& seen,
                                           std::size_t limit) {
  JournalEntry::Edited edited;
  if (seen.addressed.method != sent.addressed.method)
    set_text(edited.method, seen.addressed.method, method_bytes);
  if (seen.mount != sent.mount || seen.path != sent.path || seen.query != sent.query)
    set_target(edited.target, seen, limit);
  if (seen.fields != sent.fields) keep(edited.request_fields.emplace(), seen.fields, limit);
  const bool any = !edited.method.empty() || !edited.target.empty() || edited.request_fields;
  return any ? std::optional(std::move(edited)) : std::nullopt;
}

std::size_t size_of(const JournalEntry& entry) {
  std::size_t size = entry_bytes + entry.wire_method.size() + entry.method.size() +
                     entry.target.size() + entry.upload.size() + entry.refused.size();
  size += entry.request_fields.size() + entry.reply_fields.size();
  for (const auto& fault : entry.faults) size += sizeof(std::string) + fault.size();
  if (entry.stored) size += entry.stored->upload.size();
  if (const auto& edited = entry.edited) {
    size += edited->method.size() + edited->target.size();
    if (edited->request_fields) size += edited->request_fields->size();
  }
  return size;
}

bool in_any(const std::vector<JournalMatch::StatusRange>& ranges, int status) {
  return std::ranges::any_of(
      ranges, [status](const auto& r) { return r.first <= status && status <= r.last; });
}

bool text_holds(const misbehave::TextCondition& condition, std::optional<std::string_view> text,
                MatchWork& work) {
  if (condition.kind == misbehave::TextCondition::Kind::number) {
    const auto number = text ? misbehave::whole_number(*text) : std::nullopt;
    return number && condition.number->holds(*number, {});
  }
  const auto found = condition.holds(text, work.patterns);
  work.gave_up = work.gave_up || found == misbehave::Pattern::Found::gave_up;
  return found == misbehave::Pattern::Found::yes;
}

bool lines_hold(const JournalMatch::FieldCondition& wanted, const FieldText& fields,
                MatchWork& work) {
  const auto lines = fields.all(wanted.name);
  if (wanted.exactly) {
    return std::ranges::equal(wanted.lines, lines, [&](const auto& condition, auto line) {
      return text_holds(condition, line, work);
    });
  }
  const auto& condition = wanted.lines.front();
  if (lines.empty()) return text_holds(condition, std::nullopt, work);
  return std::ranges::any_of(lines, [&](auto line) { return text_holds(condition, line, work); });
}

bool fields_hold(const std::vector<JournalMatch::FieldCondition>& wanted, const FieldText& fields,
                 MatchWork& work) {
  return std::ranges::all_of(wanted,
                             [&](const auto& one) { return lines_hold(one, fields, work); });
}

bool metadata_holds(const std::vector<misbehave::NamedCondition>& wanted, const FieldText& fields,
                    MatchWork& work) {
  if (wanted.empty()) return true;
  const auto metadata = RecordedFields::of_all_systems().metadata_in(fields);
  return std::ranges::all_of(wanted, [&](const auto& one) {
    const auto found = std::ranges::find(
        metadata, one.name, [](const auto& pair) -> const auto& { return pair.first; });
    const bool there = found != metadata.end();
    return text_holds(one.value,
                      there ? std::optional<std::string_view>(found->second) : std::nullopt, work);
  });
}

}  // namespace

bool JournalMatch::holds(const JournalEntry& entry, MatchWork& work) const {
  return entry.ordinal > since &&
         (methods.empty() || std::ranges::count(methods, entry.method) > 0) &&
         (routes.empty() || std::ranges::count(routes, entry.route) > 0) &&
         (!upload || *upload == entry.upload) && (status.empty() || in_any(status, entry.status)) &&
         (!fault || std::ranges::count(entry.faults, *fault) > 0) &&
         (!faults || *faults == !entry.faults.empty()) && (!aborted || *aborted == entry.aborted) &&
         (!refused || *refused == !entry.refused.empty()) &&
         (!offset || offset == entry.offset_before) &&
         (!received || received->holds(entry.received.value, {})) &&
         fields_hold(request_fields, entry.request_fields, work) &&
         fields_hold(reply_fields, entry.reply_fields, work) &&
         metadata_holds(metadata, entry.request_fields, work);
}

void Journal::tell_refused(JournalEntry& entry, const RefusedHead& head) const {
  set_text(entry.wire_method, head.method, method_bytes);
  set_text(entry.method, head.method, method_bytes);
  set_text(entry.target, head.path, limits_.value_bytes);
  if (head.query) entry.target += redacted_query;
  entry.refused = head.why;
}

void Journal::on_exchange(const ExchangeRecord& record) {
  const Request& seen = record.request;
  const auto* const kept_request =
      record.intercept != nullptr ? record.intercept->as_sent() : nullptr;
  const Request& sent = kept_request != nullptr ? *kept_request : seen;
  const auto& addressed = sent.addressed;
  if (addressed.route.is_control()) return;

  const auto& kept = RecordedFields::of_all_systems();
  const auto offset_of = [&kept](const Request& request) {
    const bool begins = request.addressed.route.creates() && request.has_body();
    return begins ? std::optional(Bytes{0}) : kept.offset_in(request.fields);
  };
  JournalEntry entry;
  if (entries_.size() >= limits_.entries && !entries_.empty()) {
    entry = take_oldest();
  }
  entry.ordinal = ++last_;
  entry.time = seen.received;
  entry.connection = seen.connection;
  set_text(entry.wire_method, sent.method, method_bytes);
  set_text(entry.method, addressed.method, method_bytes);
  set_target(entry.target, sent, limits_.value_bytes);
  entry.route = addressed.route;
  entry.upload = upload_of(addressed, record.status, record.reply_fields);
  entry.declared = sent.content_length;
  entry.received = record.body_received;
  entry.offset_before = offset_of(sent);
  entry.status = record.status;
  entry.duration = record.duration;
  entry.aborted = record.aborted;
  entry.refused.clear();
  if (record.refused != nullptr) tell_refused(entry, *record.refused);
  entry.faults.clear();
  if (record.intercept != nullptr) entry.faults = record.intercept->fired();
  entry.request_fields.clear();
  keep(entry.request_fields, sent.fields, limits_.value_bytes);
  keep(entry.request_fields, seen.trailers, limits_.value_bytes);
  entry.offset_after.reset();
  entry.reply_fields.clear();
  if (record.reply_fields != nullptr) {
    keep(entry.reply_fields, *record.reply_fields, limits_.value_bytes);
    if (record.status / 100 == 2) entry.offset_after = kept.offset_in(*record.reply_fields);
  }
  entry.stored.reset();
  entry.edited.reset();
  if (record.stored != nullptr) entry.stored = *record.stored;
  if (kept_request != nullptr) {
    entry.edited = edited(sent, seen, limits_.value_bytes);
    const auto from = offset_of(seen);
    // The bytes are where the edited request told the handler to put them.
    if (!entry.stored && from && entry.offset_after)
      entry.stored = StoredRange{upload_of(seen.addressed, record.status, record.reply_fields),
                                 *from, *entry.offset_after};
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

void Journal::reset() {
  last_ = 0;
  clear();
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
