#include "dex/spoiled_reader.hpp"

#include <algorithm>
#include <utility>

namespace mock {
namespace {

class SpoiledReader final : public Reader {
 public:
  SpoiledReader(std::unique_ptr<Reader> whole, std::optional<Bytes> most,
                std::vector<Damage> damage)
      : whole_(std::move(whole)),
        size_(std::min(whole_->size(), most.value_or(whole_->size()))),
        damage_(std::move(damage)) {}

  [[nodiscard]] Bytes size() const override { return size_; }
  StoreResult<std::size_t> read(Bytes at, std::span<std::byte> into) override {
    if (at >= size_) return std::size_t{0};
    into = into.first(std::min<std::size_t>(into.size(), (size_ - at).value));
    auto read = whole_->read(at, into);
    if (read) spoil(damage_, at, into.first(*read));
    return read;
  }

 private:
  std::unique_ptr<Reader> whole_;
  Bytes size_;
  std::vector<Damage> damage_;
};

}  // namespace

std::unique_ptr<Reader> spoiled_reader(std::unique_ptr<Reader> whole, std::optional<Bytes> most,
                                       std::vector<Damage> damage) {
  return std::make_unique<SpoiledReader>(std::move(whole), most, std::move(damage));
}

}  // namespace mock
