// GET: what is stored, as an attachment. Outside the protocol, as every tus server offers it.
#include "protocol/http/form.hpp"
#include "store/in_background.hpp"
#include "tus/operation.hpp"
#include "tus/range.hpp"

namespace mock {

namespace {

// A reply's body is built in memory.
constexpr Bytes largest_reply{256ULL << 20U};

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
    if (!reader) return send(context_, refusal(reader.error()));
    const auto size = (*reader)->size();
    auto [answer, range] = choose_range(context_.request, size);
    if (answer == RangeAnswer::unsatisfiable) {
      auto reply = refusal(416, "the range is not in what is stored");
      reply.fields.add("Content-Range", "bytes */" + std::to_string(size.value));
      return send(context_, std::move(reply));
    }
    if (answer == RangeAnswer::whole) range = {Bytes{0}, size};
    if (range.length > largest_reply) {
      return send(context_, refusal(501, "too large to be sent at once; ask for a Range of it"));
    }
    describe(*upload, answer, range, size);
    fetch(std::move(*reader), range);
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

  void fetch(std::unique_ptr<Reader> reader, ByteRange range) {
    in_background(
        context_.services.loop,
        [reader = std::move(reader), range]() -> StoreResult<std::string> {
          std::string bytes(range.length.value, '\0');
          auto read = reader->read(range.first, std::as_writable_bytes(std::span(bytes)));
          if (!read) return tl::unexpected(read.error());
          bytes.resize(*read);
          return bytes;
        },
        [this, range, alive = std::weak_ptr(alive_)](StoreResult<std::string> bytes) {
          if (alive.expired()) return;
          carry_on(context_, [&] {
            if (!bytes) return send(context_, refusal(bytes.error()));
            if (Bytes{bytes->size()} < range.length) {
              return send(context_, refusal(500, "the upload became shorter meanwhile"));
            }
            reply_.body = *std::move(bytes);
            send(context_, std::move(reply_));
          });
        });
  }

  const Context& context_;
  Reply reply_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Operation> make_download(const Context& context) {
  return std::make_unique<Download>(context);
}

}  // namespace mock
