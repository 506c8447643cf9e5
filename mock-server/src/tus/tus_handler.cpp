#include "tus/tus_handler.hpp"

#include <optional>

#include "protocol/tus/concat.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "tus/discovery.hpp"
#include "tus/fields.hpp"
#include "tus/ietf.hpp"
#include "tus/location.hpp"
#include "tus/operation.hpp"
#include "tus/refusals.hpp"

namespace mock {

namespace {

namespace header = tus::header;

void add(Reply& reply, std::string_view name, std::string value) {
  reply.fields.add(std::string(name), std::move(value));
}

class Head : public Operation {
 public:
  explicit Head(const Context& context) : context_(context) {}

  /// Takes no lock: the offset in the store is the truth at any time.
  void start() override {
    auto upload = find_upload(context_);
    if (!upload) return send(context_, std::move(upload.error()));
    Reply reply;
    if (awaits_parts(*upload)) {
      // No offset until they are joined (protocol.md, Concatenation).
      auto length = length_of_parts(*upload);
      if (!length) return send(context_, std::move(length.error()));
      if (!upload->length) upload->length = *length;
    } else {
      add(reply, header::upload_offset, std::to_string(upload->offset.value));
      if (!upload->length) add(reply, header::upload_defer_length, "1");
    }
    if (upload->length) {
      add(reply, header::upload_length, std::to_string(upload->length->value));
    }
    const auto& attributes = tus_of(*upload);
    if (attributes.metadata_header)
      add(reply, header::upload_metadata, *attributes.metadata_header);
    if (attributes.concat_header) add(reply, header::upload_concat, concat_of(*upload));
    add_expiry(*upload, reply);
    send(context_, std::move(reply));
  }

 private:
  /// As the client sent it, or rebuilt from the ids of the parts.
  [[nodiscard]] std::string concat_of(const Upload& upload) const {
    const auto& attributes = tus_of(upload);
    if (!context_.options.own_part_urls || attributes.kind != tus::UploadKind::final) {
      return *attributes.concat_header;
    }
    tus::Concat concat{attributes.kind, {}};
    for (const auto& id : upload.parts) {
      concat.parts.push_back(
          location_of(context_.request, context_.match, context_.options.trust_forwarded, id));
    }
    return tus::format_concat(concat);
  }

  /// nullopt as long as the length of a part is deferred.
  [[nodiscard]] OrReply<std::optional<Bytes>> length_of_parts(const Upload& upload) const {
    const auto most = context_.options.max_size.value_or(tus::max_length);
    Bytes sum;
    bool known = true;
    for (const auto& id : upload.parts) {
      const auto part = context_.services.store.find(id);
      if (!part && part.error().kind == StoreError::Kind::io) {
        return tl::unexpected(refusal(context_.options, part.error()));
      }
      if (!part || has_expired(*part, context_.services.loop.now())) {
        return tl::unexpected(refusal(context_.options, refused::part_gone));
      }
      if (!part->length) known = false;
      const auto size = part->length.value_or(part->offset);
      if (size > most - sum) {
        return tl::unexpected(refusal(context_.options, refused::sum_over_max_size));
      }
      sum += size;
    }
    return known ? std::optional(sum) : std::nullopt;
  }

  const Context& context_;
};

class Terminate : public Operation {
 public:
  explicit Terminate(const Context& context) : context_(context) {}

  void start() override {
    auto upload = find_upload(context_);
    if (!upload) return send(context_, std::move(upload.error()));
    auto& services = context_.services;
    const auto lease = services.locks.acquire(upload->id, {});
    if (!lease) return send(context_, locked(context_.options));
    if (auto removed = services.store.remove(upload->id); !removed) {
      return send(context_, refusal(context_.options, removed.error()));
    }
    services.hooks.after_terminate(*upload);
    Reply reply;
    reply.status = 204;
    send(context_, std::move(reply));
  }

 private:
  const Context& context_;
};

class TusHandler : public Handler {
 public:
  TusHandler(const TusOptions& options, const TusServices& services)
      : options_(options), services_(services) {}

  void on_header(const Request& request, Exchange& exchange) override {
    const auto& addressed = request.addressed;
    context_.emplace(Context{request, addressed.method, exchange, addressed, options_, services_});
    if (addressed.contradictory) {
      return send(*context_, refusal(options_, refused::field_twice,
                                     std::string(header::method_override) +
                                         " was sent twice with different values"));
    }
    if (speaks_ietf(request, options_)) {
      operation_ = make_ietf(*context_);
      return operation_->start();
    }
    const auto method = context_->method;
    if (auto acceptable = check(method); !acceptable) {
      return send(*context_, std::move(acceptable.error()));
    }
    if (method == "OPTIONS") return send(*context_, discovery(options_, addressed.route));
    if (method == "POST") operation_ = make_create(*context_);
    if (method == "HEAD") operation_ = std::make_unique<Head>(*context_);
    if (method == "PATCH") operation_ = make_patch(*context_);
    if (method == "DELETE") operation_ = std::make_unique<Terminate>(*context_);
    if (method == "GET") operation_ = make_download(*context_);
    operation_->start();
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (operation_) operation_->on_bytes(bytes);
  }

  void on_end(BodyEnd end) override {
    if (operation_) operation_->on_end(end);
  }

  [[nodiscard]] bool looks_at_bytes() const override {
    return !operation_ || operation_->looks_at_bytes();
  }

 private:
  /// Whether the method is offered here, and the protocol version spoken.
  [[nodiscard]] OrReply<void> check(std::string_view method) const {
    const bool allowed = allows(options_, context_->match.route, method);
    const bool version_first =
        options_.version_before_method && method != "GET" && method != "HEAD";
    if (!allowed && !version_first) return tl::unexpected(refuse_method());
    if (method == "OPTIONS") return {};
    auto version = single(context_->request, header::tus_resumable, options_);
    if (!version) return tl::unexpected(std::move(version.error()));
    // A browser that follows a download link knows nothing of tus.
    if (method == "GET" && (!*version || options_.downloads_as_file)) return {};
    if (*version != tus::version) {
      auto reply = refusal(options_, *version ? refused::version : refused::version_missing);
      add(reply, header::tus_version, std::string(tus::version));
      return tl::unexpected(std::move(reply));
    }
    if (!allowed) return tl::unexpected(refuse_method());
    return {};
  }

  [[nodiscard]] Reply refuse_method() const {
    auto reply = refusal(options_, refused::method);
    add(reply, "Allow", allow(options_, context_->match.route));
    return reply;
  }

  const TusOptions& options_;
  TusServices services_;
  std::optional<Context> context_;
  std::unique_ptr<Operation> operation_;
};

}  // namespace

std::unique_ptr<Handler> make_tus_handler(const TusOptions& options, const TusServices& services) {
  return std::make_unique<TusHandler>(options, services);
}

}  // namespace mock
