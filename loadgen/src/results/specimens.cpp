#include "results/specimens.hpp"

#include <chrono>

#include "payload/hash.hpp"

namespace loadgen {
namespace {

bool ended_badly(const UploadResult& upload) {
  switch (upload.state) {
    case UploadState::uploaded:
    case UploadState::verified:
      return false;
    case UploadState::unverified:
      return upload.cause.has_value();
    default:
      return true;
  }
}

/// The smallest for the slowest.
std::uint64_t haste(const UploadResult& upload) {
  const auto end = upload.uploaded ? upload.uploaded : upload.ended;
  if (!end) return UINT64_MAX;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(*end - upload.intended);
  return UINT64_MAX - static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
}

}  // namespace

void Specimens::keep(std::set<Key>& kept, Key key, std::size_t most, const UploadResult& upload) {
  if (kept.size() == most && *kept.rbegin() < key) return;
  if (!kept.insert(key).second) return;
  const auto found = uploads_.try_emplace(key.second, 0, UploadResult{}).first;
  if (found->second.first++ == 0) found->second.second = upload;
  if (kept.size() <= most) return;
  const Key last = *kept.rbegin();
  kept.erase(last);
  drop(last.second);
}

void Specimens::drop(std::uint64_t index) {
  const auto found = uploads_.find(index);
  if (--found->second.first == 0) uploads_.erase(found);
}

void Specimens::add(const UploadResult& upload) {
  const std::uint64_t index = upload.index;
  keep(sampled_, {hash_for(Purpose::sample, {seed_, index}), index}, sampled, upload);
  if (upload.uploaded) keep(slowest_, {haste(upload), index}, slowest, upload);
  if (!ended_badly(upload)) return;
  const std::string cause(upload.cause ? upload.cause->what : to_string(upload.state));
  keep(bad_[cause], {index, index}, of_a_cause, upload);
  if (bad_.size() <= causes) return;
  // Of very many causes it keeps the first by name: the order of arrival decides nothing.
  for (const Key& key : std::prev(bad_.end())->second) drop(key.second);
  bad_.erase(std::prev(bad_.end()));
}

std::vector<Specimen> Specimens::take() {
  std::vector<Specimen> all;
  for (auto& [index, kept] : uploads_) {
    Specimen one;
    one.upload = std::move(kept.second);
    one.sampled = sampled_.contains({hash_for(Purpose::sample, {seed_, index}), index});
    one.slow = slowest_.contains({haste(one.upload), index});
    const std::string cause(one.upload.cause ? one.upload.cause->what
                                             : to_string(one.upload.state));
    const auto bad = bad_.find(cause);
    one.bad = bad != bad_.end() && bad->second.contains({index, index});
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace loadgen
