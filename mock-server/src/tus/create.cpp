// POST (protocol.md, Creation; Creation With Upload; Concatenation).
#include "protocol/tus/concat.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "store/in_background.hpp"
#include "store/uuid.hpp"
#include "tus/discovery.hpp"
#include "tus/fields.hpp"
#include "tus/location.hpp"
#include "tus/refusals.hpp"
#include "tus/writer.hpp"

namespace mock {

namespace {

namespace ext = tus::extension;
namespace header = tus::header;

class Create : public Writer {
 public:
  explicit Create(const Context& context) : Writer(context) {}

  void start() override {
    if (auto read = read_request(); !read) return end(std::move(read.error()));
    const auto& request = context_.request;
    // The rules of the body come before the upload: a refusal must leave nothing behind.
    unwanted_ = unwanted_body();
    if (ignores_body()) return create();
    if (unwanted_ != nullptr) {
      if (request.content_length.value_or(Bytes{0}) > Bytes{0}) return end(body_refusal());
      if (request.chunked) return context_.exchange.read_body();  // it may turn out to be empty
    } else {
      if (request.content_length > limit_of(upload_, context_.options))
        return end(refusal(context_.options, refused::creation_too_long));
      auto announced = announced_checksum(request, context_.options);
      if (!announced) return end(std::move(announced.error()));
      check_ = std::move(*announced);
    }
    create();
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (ended() || bytes.empty()) return;
    if (!receiving()) return end(body_refusal());
    Writer::on_bytes(bytes);
  }

  void on_end(BodyEnd how) override {
    if (ended() || receiving()) return Writer::on_end(how);
    if (how != BodyEnd::complete) return end(cut_off(context_.options, how));
    create();
  }

 private:
  [[nodiscard]] tl::unexpected<Reply> refuse(const NamedRefusal& what,
                                             std::string_view text = {}) const {
    return tl::unexpected(refusal(context_.options, what, text));
  }

  [[nodiscard]] tl::unexpected<Reply> not_offered(std::string_view extension) const {
    return refuse(refused::not_offered,
                  "this server does not offer the " + std::string(extension) + " extension");
  }

  OrReply<void> read_request() {
    const auto& request = context_.request;
    upload_.created = upload_.modified = context_.services.loop.now();
    if (offers(context_.options, ext::expiration)) {
      upload_.expires = upload_.created + *context_.options.expire_after;
    }
    sent_metadata_ = metadata_header(request, context_.options);
    if (sent_metadata_) {
      auto metadata = tus::parse_metadata(*sent_metadata_, context_.options.metadata);
      if (!metadata) return refuse(refused::metadata, metadata.error().line());
      if (!metadata->empty()) edit_tus(upload_).metadata = std::move(*metadata);
    }
    auto concat = single(request, header::upload_concat, context_.options);
    if (!concat) return tl::unexpected(std::move(concat.error()));
    if (*concat) {
      if (auto read = read_concat(**concat); !read) return read;
    }
    if (is_final() && context_.options.ignores_other_bodies && is_offset_stream(request)) {
      return refuse(refused::final_body);
    }
    return is_final() ? read_final_length() : read_length();
  }

  [[nodiscard]] bool is_final() const { return tus_of(upload_).kind == tus::UploadKind::final; }

  OrReply<void> read_concat(std::string_view value) {
    if (!offers(context_.options, ext::concatenation)) return not_offered(ext::concatenation);
    if (context_.options.lenient_parts) return read_parts(value);
    auto concat = tus::parse_concat(value);
    if (!concat) return refuse(refused::concat, concat.error().line());
    auto& attributes = edit_tus(upload_);
    attributes.kind = concat->kind;
    attributes.concat_header = std::string(value);
    for (const auto& url : concat->parts) {
      auto id = part_id(url, context_.request, context_.match, context_.options.trust_forwarded);
      if (!id) return refuse(refused::part_elsewhere);
      upload_.parts.push_back(std::move(*id));
    }
    return {};
  }

  /// As tusd reads it: blanks may repeat, and the id is what stands behind the base path.
  OrReply<void> read_parts(std::string_view value) {
    constexpr std::string_view prefix = "final;";
    auto& attributes = edit_tus(upload_);
    attributes.concat_header = std::string(value);
    attributes.kind = tus::UploadKind::partial;
    if (value == "partial") return {};
    attributes.kind = tus::UploadKind::final;
    auto rest = value.starts_with(prefix) ? value.substr(prefix.size()) : "";
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      const auto url = ::http::trim_ows(rest.substr(0, space));
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
      if (url.empty()) continue;
      auto id = part_id_behind_base(url, context_.match);
      if (!id) return refuse(refused::part_elsewhere);
      upload_.parts.push_back(std::move(*id));
    }
    if (upload_.parts.empty()) return refuse(refused::concat, "Upload-Concat names no part");
    return {};
  }

  OrReply<void> read_length() {
    const auto& request = context_.request;
    auto defer = single(request, header::upload_defer_length, context_.options);
    if (!defer) return tl::unexpected(std::move(defer.error()));
    if (*defer) {
      if (!offers(context_.options, ext::creation_defer_length)) {
        return not_offered(ext::creation_defer_length);
      }
      auto told = single(request, header::upload_length, context_.options);
      if (!told) return tl::unexpected(std::move(told.error()));
      if (*told) return refuse(refused::length_and_defer);
      if (**defer != "1") return refuse(refused::defer_length);
      return {};
    }
    auto length = length_of(request, context_.options);
    if (!length) return tl::unexpected(std::move(length.error()));
    if (!*length) return refuse(refused::length_missing);
    upload_.length = *length;
    return check_size(**length);
  }

  /// The length of a final is the sum of its parts, once that can be told (protocol.md,
  /// Concatenation).
  OrReply<void> read_final_length() {
    for (const auto name : {header::upload_length, header::upload_defer_length}) {
      auto told = single(context_.request, name, context_.options);
      if (!told || *told) return refuse(refused::final_length);
    }
    Bytes sum;
    bool known = true;
    for (const auto& id : upload_.parts) {
      if (!is_upload_id(id)) return refuse(refused::part_unknown);
      auto part = context_.services.store.find(id);
      if (!part && part.error().kind == StoreError::Kind::not_found) {
        return refuse(refused::part_unknown);
      }
      if (!part) return tl::unexpected(refusal(context_.options, part.error()));
      if (tus_of(*part).kind != tus::UploadKind::partial) {
        return refuse(refused::part_whole);
      }
      if (has_expired(*part, context_.services.loop.now())) {
        return refuse(refused::part_expired);
      }
      if (!part->complete()) {
        if (!offers(context_.options, ext::concatenation_unfinished)) {
          return refuse(refused::part_unfinished);
        }
        awaits_ = true;
      }
      if (!part->length) known = false;
      const auto size = part->length.value_or(part->offset);
      if (size > tus::max_length - sum) return refuse(refused::sum_unkeepable);
      sum += size;
    }
    if (known) upload_.length = sum;
    return check_size(sum);
  }

  OrReply<void> check_size(Bytes length) const {
    if (context_.options.max_size && length > *context_.options.max_size) {
      return refuse(refused::max_size);
    }
    return {};
  }

  /// Why a body would have to be refused; nullptr when its bytes are welcome.
  [[nodiscard]] const NamedRefusal* unwanted_body() const {
    if (is_final()) return &refused::final_body;
    if (!is_offset_stream(context_.request)) return &refused::creation_content_type;
    if (!offers(context_.options, ext::creation_with_upload)) return &refused::not_offered;
    return nullptr;
  }

  /// Made only when there is a body to refuse: most creations have none.
  [[nodiscard]] Reply body_refusal() const {
    if (unwanted_ == &refused::not_offered) return not_offered(ext::creation_with_upload).value();
    return refusal(context_.options, *unwanted_);
  }

  [[nodiscard]] bool ignores_body() const {
    return context_.options.ignores_other_bodies && !is_offset_stream(context_.request);
  }

  void create() {
    auto& services = context_.services;
    if (auto named = services.hooks.before_create(context_.request, upload_); !named) {
      return end(std::move(named.error()));
    }
    if (upload_.id.empty()) upload_.id = context_.options.hex_ids ? random_hex_id() : random_uuid();
    if (!is_upload_id(upload_.id))
      return end(refusal(500, "a hook gave an id that cannot be used"));
    complete_attributes(upload_);
    if (!tus_of(upload_).metadata.empty()) keep_metadata(edit_tus(upload_));
    if (is_final() && !awaits_) return join();

    if (auto made = services.store.create(upload_); !made)
      return end(refusal(context_.options, made.error()));
    services.hooks.after_create(upload_);
    if (unwanted_ == nullptr) return take_body();
    if (upload_.complete()) {
      if (auto done = finish(services.hooks, upload_); !done) return end(std::move(done.error()));
    }
    end(created(upload_));
  }

  void keep_metadata(TusAttributes& attributes) const {
    if (context_.options.metadata_as_text) keep_as_text(attributes.metadata);
    attributes.metadata_header = echoed_metadata(sent_metadata_, attributes.metadata);
  }

  void take_body() {
    if (!hold(upload_.id)) return withdraw(locked(context_.options));
    receive(upload_, false, std::nullopt, std::move(check_), refused::creation_too_long);
    context_.exchange.read_body();
  }

  void join() {
    auto& services = context_.services;
    auto joined = services.store.join(upload_);
    if (!joined) return end(refusal(context_.options, joined.error()));
    // When the client has gone nobody knows of the final, so nothing of it is kept.
    in_background(services.loop, std::move(joined->work),
                  [this, commit = std::move(joined->commit),
                   alive = std::weak_ptr(alive_)](StoreResult<void> copied) {
                    if (alive.expired()) return;
                    carry_on(context_, [&] { on_joined(copied ? commit() : copied); });
                  });
  }

  void on_joined(const StoreResult<void>& joined) {
    if (!joined) return end(refusal(context_.options, joined.error()));
    auto& hooks = context_.services.hooks;
    upload_.offset = *upload_.length;
    hooks.after_create(upload_);
    if (auto done = finish(hooks, upload_); !done) return end(std::move(done.error()));
    end(created(upload_));
  }

  Reply created(const Upload& upload) const {
    Reply reply;
    reply.status = 201;
    reply.fields.add("Location", location_of(context_.request, context_.match,
                                             context_.options.trust_forwarded, upload.id));
    if (receiving()) {
      reply.fields.add(std::string(header::upload_offset), std::to_string(upload.offset.value));
    }
    // "MUST be set in both partial and final upload creation requests", request and response.
    if (const auto& concat = tus_of(upload).concat_header) {
      reply.fields.add(std::string(header::upload_concat), *concat);
    }
    add_expiry(upload, reply);
    return reply;
  }

  Reply acknowledgement() override { return created(receiver().upload()); }

  /// Someone else writes to the new upload already, or deletes it.
  Reply taken_over() override { return acknowledgement(); }

  /// An upload whose bytes are all there stays: a hook refused it, or more came than its length.
  void on_refused(Reply reply) override {
    if (!receiver().completed()) return withdraw(std::move(reply));
    end(std::move(reply));
  }

  /// Removes what was created: the client will never learn its URL (TUS-CREATE-014).
  void withdraw(Reply reply) {
    auto& services = context_.services;
    let_go();
    if (services.store.withdraw(upload_.id)) services.hooks.after_terminate(upload_);
    end(std::move(reply));
  }

  Upload upload_;
  bool awaits_ = false;  ///< a part that is not finished
  std::optional<std::string> sent_metadata_;
  const NamedRefusal* unwanted_ = nullptr;
  std::optional<ChecksumCheck> check_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Operation> make_create(const Context& context) {
  return std::make_unique<Create>(context);
}

}  // namespace mock
