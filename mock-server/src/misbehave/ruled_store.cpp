#include "misbehave/ruled_store.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace mock::misbehave {
namespace {

constexpr std::string_view kind = "kind";

std::int64_t difference(Bytes a, Bytes b) {
  return static_cast<std::int64_t>(a.value) - static_cast<std::int64_t>(b.value);
}

Bytes moved(Bytes from, std::int64_t by) {
  const auto to = static_cast<std::int64_t>(from.value) + by;
  return Bytes{to < 0 ? 0 : static_cast<std::uint64_t>(to)};
}

}  // namespace

std::int64_t Illusions::of(std::string_view id) const {
  if (ahead_.empty()) return 0;
  const auto found = ahead_.find(std::string{id});
  return found == ahead_.end() ? 0 : found->second.ahead;
}

void Illusions::set(std::string id, std::int64_t ahead, bool until_head) {
  if (ahead == 0)
    ahead_.erase(id);
  else
    ahead_[std::move(id)] = {ahead, until_head};
}

void Illusions::begins(std::string_view id, std::string_view method) {
  if (method != "HEAD") end_until_head(id);
}

void Illusions::answered(std::string_view id, std::string_view method) {
  if (method == "HEAD") end_until_head(id);
}

void Illusions::end_until_head(std::string_view id) {
  const auto found = ahead_.find(std::string{id});
  if (found != ahead_.end() && found->second.until_head) ahead_.erase(found);
}

RuledStore::RuledStore(Store& real, Illusions& illusions, std::string id,
                       std::optional<Bytes> declared, Template::Lookup lookup)
    : real_(real),
      illusions_(illusions),
      id_(std::move(id)),
      declared_(declared),
      lookup_(std::move(lookup)) {}

void RuledStore::apply(const Commit& commit) {
  commit_ = &commit;
  if (commit.bytes)
    if (const auto limit = commit.bytes->number(lookup_)) limit_ = Bytes{*limit};
  if (!started_ || !limit_ || phantom_) return;
  const auto keep = start_real_ + *limit_;
  if (keep < end_ && real_.truncate(id_, keep)) end_ = keep;
}

Bytes RuledStore::stored() const {
  const auto upload = real_.find(id_);
  return upload ? upload->offset : Bytes{0};
}

std::optional<Bytes> RuledStore::told() const {
  if (commit_ == nullptr || !started_) return std::nullopt;
  switch (commit_->told) {
    case Commit::Told::received:
      return std::nullopt;
    case Commit::Told::stored:
      return stored();
    case Commit::Told::declared:
      return start_claimed_ + declared_.value_or(received_);
    case Commit::Told::value:
      if (const auto value = commit_->told_value->number(lookup_)) return Bytes{*value};
      return std::nullopt;
  }
  return std::nullopt;
}

void RuledStore::settle() {
  if (commit_ == nullptr || !commit_->lasting || !started_ || phantom_) return;
  illusions_.set(id_, difference(told().value_or(claimed()), stored()), commit_->until_head);
}

std::optional<StoreError> RuledStore::failure_of(StoreCall call) const {
  if (commit_ == nullptr) return std::nullopt;
  for (const auto& [failing, how] : commit_->failures)
    if (failing == call) return StoreError{how, "a rule says so"};
  return std::nullopt;
}

bool RuledStore::skips(StoreCall call) const {
  return commit_ != nullptr && commit_->skip.contains(call);
}

StoreResult<void> RuledStore::create(const Upload& upload) {
  if (id_.empty()) id_ = upload.id;
  if (auto error = failure_of(StoreCall::create)) return tl::unexpected(*error);
  if (skips(StoreCall::create)) {
    phantom_ = upload;
    return {};
  }
  return real_.create(upload);
}

StoreResult<Upload> RuledStore::find(std::string_view id) {
  if (id == id_) {
    if (auto error = failure_of(StoreCall::find)) return tl::unexpected(*error);
    if (phantom_) {
      auto upload = *phantom_;
      if (started_) upload.offset = claimed();
      return upload;
    }
  }
  auto upload = real_.find(id);
  if (!upload) return upload;
  upload->offset = moved(upload->offset, illusions_.of(id));
  // A creation has no id yet: what it looks up are the parts of a final upload.
  if (id != id_ && !id_.empty()) return upload;
  if (commit_ != nullptr && commit_->found.any()) {
    const auto& found = commit_->found;
    if (found.offset)
      upload->offset = Bytes{found.offset->number(lookup_).value_or(upload->offset.value)};
    if (found.deferred) upload->length.reset();
    if (found.length)
      if (const auto length = found.length->number(lookup_)) upload->length = Bytes{*length};
    if (found.kind && upload->attributes)
      if (auto told = upload->attributes->with(kind, *found.kind))
        upload->attributes = std::move(told);
  }
  if (started_) upload->offset = claimed();
  return upload;
}

StoreResult<void> RuledStore::update(const Upload& upload) {
  if (upload.id != id_) return real_.update(upload);
  if (auto error = failure_of(StoreCall::update)) return tl::unexpected(*error);
  if (skips(StoreCall::update)) return {};
  if (phantom_) {
    phantom_ = upload;
    return {};
  }
  auto written = upload;
  // What was only told to the handler must not become true by being written back.
  if (commit_ != nullptr && commit_->found.any()) {
    const auto seen = find(id_);
    const auto truth = real_.find(id_);
    if (seen && truth) {
      if (upload.length == seen->length) written.length = truth->length;
      if (commit_->found.kind && upload.attributes &&
          kind_of(upload.attributes.get()) == kind_of(seen->attributes.get()))
        if (auto kept = upload.attributes->with(kind, kind_of(truth->attributes.get())))
          written.attributes = std::move(kept);
    }
  }
  return real_.update(written);
}

StoreResult<void> RuledStore::start(Bytes at) {
  const auto seen = find(id_);
  if (!seen) return tl::unexpected(seen.error());
  if (at != seen->offset) return tl::unexpected(StoreError{StoreError::Kind::wrong_offset, {}});
  start_claimed_ = at;
  end_ = start_real_ = phantom_ ? Bytes{0} : stored();
  if (commit_ != nullptr && commit_->position)
    if (const auto position = commit_->position->number(lookup_)) cursor_ = Bytes{*position};
  started_ = true;
  return {};
}

StoreResult<Bytes> RuledStore::append(std::string_view id, Bytes at,
                                      std::span<const std::byte> bytes) {
  if (id != id_) return real_.append(id, at, bytes);
  if (!started_) {
    if (auto started = start(at); !started) return tl::unexpected(started.error());
  }
  if (at != claimed()) return tl::unexpected(StoreError{StoreError::Kind::wrong_offset, {}});

  std::uint64_t keep = bytes.size();
  if (limit_) keep = *limit_ > received_ ? std::min(keep, (*limit_ - received_).value) : 0;
  const auto error = failure_of(StoreCall::append);
  if (error && (!limit_ || (keep == 0 && !bytes.empty()))) return tl::unexpected(*error);

  const auto written = write(bytes.first(keep));
  if (!written) return tl::unexpected(written.error());
  // A store that is truly full, or told to be, says so; bytes that a rule drops count as taken.
  received_ += Bytes{error || *written < keep ? *written : bytes.size()};
  return claimed();
}

StoreResult<std::size_t> RuledStore::write(std::span<const std::byte> bytes) {
  if (phantom_) return bytes.size();
  std::vector<std::byte> spoiled;
  if (commit_ != nullptr && std::ranges::any_of(commit_->corrupt, [&](const Damage& damage) {
        return !damaged_part(damage, received_, bytes).empty();
      })) {
    spoiled.assign(bytes.begin(), bytes.end());
    spoil(commit_->corrupt, received_, spoiled);
    bytes = spoiled;
  }
  const int times = commit_ != nullptr && commit_->twice ? 2 : 1;
  std::size_t written = bytes.size();
  for (int i = 0; i < times; ++i) {
    if (cursor_ && *cursor_ != end_) {
      if (auto done = write_over(bytes); !done) return tl::unexpected(done.error());
      continue;
    }
    const auto end = real_.append(id_, end_, bytes);
    if (!end) return tl::unexpected(end.error());
    written = std::min(written, static_cast<std::size_t>((*end - end_).value));
    end_ = *end;
    if (cursor_) cursor_ = end_;
  }
  return written;
}

StoreResult<void> RuledStore::write_over(std::span<const std::byte> bytes) {
  constexpr std::uint64_t slice = 64UL << 10U;
  if (*cursor_ > end_) {  // a hole reads as zeros
    const std::vector<std::byte> zeros(slice);
    while (*cursor_ > end_) {
      const auto size = std::min(slice, (*cursor_ - end_).value);
      const auto end = real_.append(id_, end_, std::span{zeros}.first(size));
      if (!end) return tl::unexpected(end.error());
      if (*end == end_) return tl::unexpected(StoreError{StoreError::Kind::no_space, {}});
      end_ = *end;
    }
  }
  // Stores only grow at the end: what follows is taken off and put back.
  std::vector<std::byte> tail;
  const auto after = *cursor_ + Bytes{bytes.size()};
  if (after < end_) {
    tail.resize((end_ - after).value);
    auto reader = real_.open(id_);
    if (!reader) return tl::unexpected(reader.error());
    const auto read = (*reader)->read(after, tail);
    if (!read) return tl::unexpected(read.error());
    tail.resize(*read);
  }
  if (*cursor_ < end_) {
    if (auto cut = real_.truncate(id_, *cursor_); !cut) return cut;
    end_ = *cursor_;
  }
  for (const auto part : {bytes, std::span<const std::byte>{tail}}) {
    const auto end = real_.append(id_, end_, part);
    if (!end) return tl::unexpected(end.error());
    end_ = *end;
  }
  cursor_ = after;
  return {};
}

StoreResult<void> RuledStore::stage(std::string_view id) {
  if (id == id_ && phantom_) return {};
  return real_.stage(id);
}

StoreResult<void> RuledStore::commit(std::string_view id) {
  if (id == id_ && phantom_) return {};
  return real_.commit(id);
}

StoreResult<void> RuledStore::truncate(std::string_view id, Bytes length) {
  if (id == id_) {
    if (auto error = failure_of(StoreCall::truncate)) return tl::unexpected(*error);
    if (skips(StoreCall::truncate)) return {};
  }
  if (id != id_ || !started_) return real_.truncate(id, length);
  if (phantom_) return {};
  const auto kept = moved(length, difference(start_real_, start_claimed_));
  if (kept < end_) {
    if (auto cut = real_.truncate(id, kept); !cut) return cut;
    end_ = kept;
  }
  received_ = length > start_claimed_ ? length - start_claimed_ : Bytes{0};
  return {};
}

StoreResult<void> RuledStore::roll_back(std::string_view id, Bytes length) {
  if (id != id_) return real_.roll_back(id, length);
  const auto error = failure_of(StoreCall::truncate);
  if (phantom_) return error ? tl::unexpected(*error) : StoreResult<void>{};
  if (!error && skips(StoreCall::truncate)) return real_.commit(id);
  // Before the first byte of the body there is nothing that could be taken back.
  const auto kept = started_ ? moved(length, difference(start_real_, start_claimed_)) : stored();
  if (started_) {
    end_ = std::min(end_, kept);
    received_ = length > start_claimed_ ? length - start_claimed_ : Bytes{0};
  }
  auto undone = real_.roll_back(id, kept);
  return error ? tl::unexpected(*error) : undone;
}

std::optional<StoreResult<void>> RuledStore::instead_of_removing() {
  if (auto error = failure_of(StoreCall::remove)) return tl::unexpected(*error);
  if (skips(StoreCall::remove)) return StoreResult<void>{};
  if (phantom_) {
    phantom_.reset();
    return StoreResult<void>{};
  }
  illusions_.set(id_, 0);
  return std::nullopt;
}

StoreResult<void> RuledStore::remove(std::string_view id) {
  if (id == id_) {
    if (auto instead = instead_of_removing()) return *instead;
  }
  return real_.remove(id);
}

StoreResult<void> RuledStore::withdraw(std::string_view id) {
  if (id == id_) {
    if (auto instead = instead_of_removing()) return *instead;
  }
  return real_.withdraw(id);
}

StoreResult<std::unique_ptr<Reader>> RuledStore::open(std::string_view id) {
  return real_.open(id);
}

StoreResult<std::vector<std::string>> RuledStore::list() { return real_.list(); }

StoreResult<Store::Join> RuledStore::join(const Upload& final_upload) {
  if (id_.empty()) id_ = final_upload.id;
  if (auto error = failure_of(StoreCall::join)) return tl::unexpected(*error);
  if (skips(StoreCall::join)) {
    phantom_ = final_upload;
    return Join{[] { return StoreResult<void>{}; }, [] { return StoreResult<void>{}; }};
  }
  if (commit_ == nullptr || !commit_->parts_reversed) return real_.join(final_upload);
  auto reversed = final_upload;
  std::reverse(reversed.parts.begin(), reversed.parts.end());
  return real_.join(reversed);
}

}  // namespace mock::misbehave
