#include "auth/key_ring.hpp"

#include "files/files.hpp"

namespace mock {
namespace {

using Shared = std::shared_ptr<const SigningKey>;

Result<Shared> generate() {
  auto key = SigningKey::generate();
  if (!key) return tl::unexpected(key.error());
  return std::make_shared<const SigningKey>(std::move(*key));
}

const Result<Shared>& shared_first() {
  static const Result<Shared> key = generate();
  return key;
}

}  // namespace

Result<std::unique_ptr<KeyRing>> KeyRing::open(std::optional<std::filesystem::path> file) {
  std::unique_ptr<KeyRing> ring(new KeyRing(std::move(file)));
  if (!ring->file_) return ring;
  auto pem = read_file(*ring->file_);
  if (!pem) return tl::unexpected(pem.error());
  if (!*pem) return ring;
  auto keys = SigningKey::parse_pem(**pem, ring->file_->string());
  if (!keys) return tl::unexpected(keys.error());
  for (auto& key : *keys) {
    ring->keys_.push_back(std::make_shared<const SigningKey>(std::move(key)));
  }
  return ring;
}

Result<void> KeyRing::keep(std::vector<Shared> keys) {
  if (file_) {
    std::string text;
    for (const auto& key : keys) {
      auto pem = key->pem();
      if (!pem) return tl::unexpected(pem.error());
      text += *pem;
    }
    if (auto kept = replace_file(*file_, text, FileAccess::owner); !kept) return kept;
  }
  keys_ = std::move(keys);
  ++changes_;
  return {};
}

Result<void> KeyRing::keep_in(const std::filesystem::path& file) {
  file_ = file;
  if (keys_.empty()) return {};
  auto kept = keep(keys_);
  if (!kept) file_.reset();
  return kept;
}

Result<const SigningKey*> KeyRing::current() {
  if (keys_.empty()) {
    const auto& first = shared_first();
    if (!first) return tl::unexpected(first.error());
    if (auto kept = keep({*first}); !kept) return tl::unexpected(kept.error());
  }
  return keys_.back().get();
}

const SigningKey* KeyRing::previous() const {
  return keys_.size() < 2 ? nullptr : keys_[keys_.size() - 2].get();
}

Result<const SigningKey*> KeyRing::unknown() {
  static const Result<Shared> nobodys = generate();
  if (!nobodys) return tl::unexpected(nobodys.error());
  return nobodys->get();
}

Result<std::string> KeyRing::rotate(bool retire_earlier) {
  // A ring that has never signed has a key to leave behind all the same.
  if (auto first = current(); !first) return tl::unexpected(first.error());
  auto next = generate();
  if (!next) return tl::unexpected(next.error());
  std::vector<Shared> keys;
  if (!retire_earlier) {
    keys.assign(keys_.size() < limit ? keys_.begin() : keys_.end() - (limit - 1), keys_.end());
  }
  keys.push_back(std::move(*next));
  if (auto kept = keep(std::move(keys)); !kept) return tl::unexpected(kept.error());
  return keys_.back()->id();
}

Result<void> KeyRing::forget_rotations() {
  if (keys_.size() < 2) return {};
  return keep({keys_.front()});
}

}  // namespace mock
