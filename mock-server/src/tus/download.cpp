// GET: what is stored, as an attachment. Outside the protocol, as every tus server offers it.
#include "protocol/http/form.hpp"
#include "tus/operation.hpp"
#include "tus/range.hpp"
#include "tus/refusals.hpp"

namespace mock {

namespace {

/// A range of what is stored of an upload, also after that was removed.
class StoredBytes final : public BodySource {
 public:
  StoredBytes(std::unique_ptr<Reader> reader, ByteRange range)
      : reader_(std::move(reader)), range_(range) {}

  [[nodiscard]] Bytes size() const override { return range_.length; }

  Result<void> read(Bytes at, std::span<std::byte> into) override {
    const auto got = reader_->read(range_.first + at, into);
    if (!got) return cannot(got.error());
    return whole(*got, into);
  }

  Result<bool> try_read(Bytes at, std::span<std::byte> into) override {
    const auto got = reader_->try_read(range_.first + at, into);
    if (!got) return cannot(got.error());
    if (!*got) return false;
    return whole(**got, into).map([] { return true; });
  }

 private:
  static tl::unexpected<Error> cannot(const StoreError& error) {
    return failure("download", "the stored bytes cannot be read: " + error.detail);
  }
  static Result<void> whole(std::size_t got, std::span<std::byte> into) {
    if (got < into.size()) return failure("download", "the upload became shorter meanwhile");
    return {};
  }

  std::unique_ptr<Reader> reader_;
  ByteRange range_;
};

/// The name is percent-encoded: metadata holds any bytes (RFC 8187 section 3.2).
std::string disposition(const tus::Metadata& metadata) {
  std::string value = "attachment";
  for (const auto* key : {"filename", "name"}) {
    if (const auto name = metadata.find(key); name && !name->empty()) {
      return value + "; filename*=UTF-8''" + ::http::percent_encode(*name);
    }
  }
  return value;
}

class Download : public Operation {
 public:
  explicit Download(const Context& context) : context_(context) {}

  void start() override {
    auto upload = find_upload(context_);
    if (!upload) return send(context_, std::move(upload.error()));
    auto reader = context_.services.store.open(upload->id);
    if (!reader) return send(context_, refusal(context_.options, reader.error()));
    const auto size = (*reader)->size();
    auto [answer, range] = choose_range(context_.request, size);
    if (answer == RangeAnswer::unsatisfiable) {
      auto reply = refusal(context_.options, refused::range);
      reply.fields.add("Content-Range", "bytes */" + std::to_string(size.value));
      return send(context_, std::move(reply));
    }
    if (answer == RangeAnswer::whole) range = {Bytes{0}, size};
    describe(*upload, answer, range, size);
    reply_.source = std::make_shared<StoredBytes>(std::move(*reader), range);
    send(context_, std::move(reply_));
  }

 private:
  void describe(const Upload& upload, RangeAnswer answer, ByteRange range, Bytes size) {
    auto& fields = reply_.fields;
    fields.add("Content-Type", "application/octet-stream");
    fields.add("Content-Disposition", disposition(upload.metadata));
    fields.add("Accept-Ranges", "bytes");
    // What is stored of an unfinished upload changes.
    fields.add("Cache-Control", "no-store");
    if (answer != RangeAnswer::part) return;
    reply_.status = 206;
    const auto last = range.first + range.length - Bytes{1};
    fields.add("Content-Range", "bytes " + std::to_string(range.first.value) + "-" +
                                    std::to_string(last.value) + "/" + std::to_string(size.value));
  }

  const Context& context_;
  Reply reply_;
};

}  // namespace

std::unique_ptr<Operation> make_download(const Context& context) {
  return std::make_unique<Download>(context);
}

}  // namespace mock
