#include "stats/spool.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <type_traits>

namespace loadgen {
namespace {

constexpr std::size_t flush_at = 64U << 10U;

[[noreturn]] void broken(const char* what) {
  throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), what);
}

/// Every member of a request, for Writer and Reader.
template <class File, class Of>
requires std::same_as<std::remove_const_t<Of>, Attempt>
void each_field(File& file, Of& a) {
  file.field(a.begin);
  file.field(a.end);
  file.field(a.method);
  file.field(a.how);
  file.field(a.status);
  file.field(a.brings);
  file.field(a.at);
  file.field(a.sent);
}

/// Writes fields one behind the other; Reader takes them in the same order.
class Writer {
 public:
  template <class T>
  void field(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* const bytes = reinterpret_cast<const char*>(&value);
    out.append(bytes, sizeof value);
  }
  void field(const std::string& text) {
    field(static_cast<std::uint32_t>(text.size()));
    out += text;
  }
  template <class T>
  void field(const std::optional<T>& value) {
    field(static_cast<std::uint8_t>(value ? 1 : 0));
    if (value) field(*value);
  }
  template <class T>
  void field(const std::vector<T>& list) {
    field(static_cast<std::uint32_t>(list.size()));
    for (const auto& item : list) field(item);
  }
  void field(const Cause& cause) {
    field(cause.what);
    field(cause.detail);
  }
  void field(const PlannedCut& cut) {  // not as it lies in memory, with a gap
    field(cut.at);
    field(cut.kind);
    field(cut.loses);
  }
  void field(const Attempt& attempt) { each_field(*this, attempt); }
  std::string out;
};

class Reader {
 public:
  explicit Reader(const std::string& in) : in_(in) {}
  template <class T>
  void field(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(&value, in_.data() + at_, sizeof value);
    at_ += sizeof value;
  }
  void field(std::string& text) {
    std::uint32_t size = 0;
    field(size);
    text = in_.substr(at_, size);
    at_ += size;
  }
  template <class T>
  void field(std::optional<T>& value) {
    std::uint8_t there = 0;
    field(there);
    if (there != 0) field(value.emplace());
  }
  template <class T>
  void field(std::vector<T>& list) {
    std::uint32_t size = 0;
    field(size);
    list.resize(size);
    for (auto& item : list) field(item);
  }
  void field(Cause& cause) {
    field(cause.what);
    field(cause.detail);
  }
  void field(PlannedCut& cut) {
    field(cut.at);
    field(cut.kind);
    field(cut.loses);
  }
  void field(Attempt& attempt) { each_field(*this, attempt); }

 private:
  const std::string& in_;
  std::size_t at_ = 0;
};

/// Every member of a result, for Writer and Reader.
template <class File, class Result>
requires std::same_as<std::remove_const_t<Result>, UploadResult>
void each_field(File& file, Result& r) {
  file.field(r.index);
  file.field(r.group);
  file.field(r.phase);
  file.field(r.size);
  file.field(r.name);
  file.field(r.url);
  file.field(r.state);
  file.field(r.cause);
  file.field(r.intended);
  file.field(r.possible);
  file.field(r.started);
  file.field(r.created);
  file.field(r.uploaded);
  file.field(r.ended);
  file.field(r.delivered);
  file.field(r.resume_times);
  file.field(r.requests);
  file.field(r.retries);
  file.field(r.resumes);
  file.field(r.new_uploads);
  file.field(r.second_writers);
  file.field(r.second_refused);
  file.field(r.second_accepted);
  file.field(r.redeliveries);
  file.field(r.sent);
  file.field(r.acknowledged);
  file.field(r.rolled_back);
  file.field(r.never_sent);
  file.field(r.acknowledged_unsent);
  file.field(r.digest);
  file.field(r.damage);
  file.field(r.cuts);
  file.field(r.trace.attempts);
  file.field(r.trace.left_out);
  file.field(r.trace.in_vain);
}

void write_all(std::FILE* file, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const auto count = ::pwrite(::fileno(file), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count <= 0) broken("results");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
}

}  // namespace

Spool::File Spool::make() {
  const char* const folder = std::getenv("TMPDIR");
  std::string name = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp");
  name += "/dex-loadgen-XXXXXX";
  const int fd = ::mkstemp(name.data());
  if (fd < 0) broken("temporary file for results");
  ::unlink(name.c_str());
  File file(::fdopen(fd, "r+"));
  if (!file) broken("temporary file for results");
  return file;
}

Spool::Spool() : records_(make()), places_(make()) {}

void Spool::flush() const {
  write_all(records_.get(), pending_, written_);
  written_ += pending_.size();
  pending_.clear();
  // Uploads with neighbouring indices end at about the same time, so their places are written
  // together.
  std::string together;
  std::uint64_t first = 0;
  for (const auto& [index, place] : pending_places_) {
    if (index != first + together.size() / sizeof place) {
      write_all(places_.get(), together, first * sizeof place);
      together.clear();
    }
    if (together.empty()) first = index;
    together.append(reinterpret_cast<const char*>(&place), sizeof place);
  }
  write_all(places_.get(), together, first * sizeof(Place));
  pending_places_.clear();
}

Spool::Place Spool::place_of(std::uint64_t index) const {
  if (const auto pending = pending_places_.find(index); pending != pending_places_.end()) {
    return pending->second;
  }
  Place place;
  const auto at = static_cast<off_t>(index * sizeof place);
  const auto count = ::pread(::fileno(places_.get()), &place, sizeof place, at);
  return count == sizeof place ? place : Place{};
}

void Spool::put(const UploadResult& result) {
  Writer writer;
  each_field(writer, result);
  const std::lock_guard lock(mutex_);
  pending_places_[result.index] = {written_ + pending_.size(), writer.out.size()};
  pending_ += writer.out;
  if (pending_.size() >= flush_at) flush();
  end_ = std::max(end_, result.index + 1);
}

std::optional<UploadResult> Spool::get(std::uint64_t index) const {
  const std::lock_guard lock(mutex_);
  const Place place = place_of(index);
  if (place.size == 0) return std::nullopt;
  if (place.begin + place.size > written_) flush();
  std::string record(place.size, '\0');
  const auto count = ::pread(::fileno(records_.get()), record.data(), record.size(),
                             static_cast<off_t>(place.begin));
  if (count != static_cast<ssize_t>(record.size())) broken("results");
  UploadResult result;
  Reader reader(record);
  each_field(reader, result);
  return result;
}

void Spool::each(const std::function<void(const UploadResult&)>& visit) const {
  for (std::uint64_t index = 0; index < end_; ++index) {
    if (const auto result = get(index)) visit(*result);
  }
}

}  // namespace loadgen
