// GET: what is stored, as an attachment. Outside the protocol, as every tus server offers it.
#include <algorithm>

#include "protocol/http/form.hpp"
#include "tus/operation.hpp"

namespace mock {

namespace {

// The body is built in memory.
constexpr Bytes largest_download{256ULL << 20U};

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
    if ((*reader)->size() > largest_download) {
      return send(context_, refusal(501, "the upload is too large to be downloaded here"));
    }
    reply_.fields.add("Content-Type", "application/octet-stream");
    reply_.fields.add("Content-Disposition", disposition(upload->metadata));
    struct Job {
      std::unique_ptr<Reader> reader;
      std::string bytes;
      StoreResult<std::size_t> read = 0;
    };
    auto job = std::make_shared<Job>();
    job->reader = std::move(*reader);
    context_.services.loop.background(
        [job] {
          job->bytes.resize(job->reader->size().value);
          job->read = job->reader->read(Bytes{0}, std::as_writable_bytes(std::span(job->bytes)));
        },
        [this, job, alive = std::weak_ptr(alive_)] {
          if (alive.expired()) return;
          if (!job->read) return send(context_, refusal(job->read.error()));
          job->bytes.resize(*job->read);
          reply_.body = std::move(job->bytes);
          send(context_, std::move(reply_));
        });
  }

 private:
  const Context& context_;
  Reply reply_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Operation> make_download(const Context& context) {
  return std::make_unique<Download>(context);
}

}  // namespace mock
