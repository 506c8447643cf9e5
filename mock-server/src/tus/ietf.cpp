#include "tus/ietf.hpp"

#include <algorithm>

#include "protocol/tus/draft.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "store/uuid.hpp"
#include "tus/discovery.hpp"
#include "tus/fields.hpp"
#include "tus/location.hpp"
#include "tus/refusals.hpp"
#include "tus/writer.hpp"

namespace mock {

namespace {

namespace draft = ::tus::draft;
constexpr std::string_view interop = draft::header::interop;
constexpr std::string_view upload_limit = draft::header::limit;
/// Up to -05 an append that is not the last is answered 201; since -06 any success will do
/// (section Upload Append).
constexpr int free_status_since = 7;
/// Since then GET returns what HEAD does, and an append that ended an upload may be repeated.
constexpr int get_since = 8;
constexpr std::string_view problem_types = "https://iana.org/assignments/http-problem-types#";
/// How many bytes of a long body arrive between two 104 with Upload-Offset (section Upload Append).
constexpr Bytes progress_every{1U << 20U};

/// A problem type of the draft (RFC 9457); `members` is more JSON, beginning with a comma.
Reply problem(int status, std::string_view type, std::string_view title,
              const std::string& members = {}) {
  Reply reply;
  reply.status = status;
  reply.fields.add("Content-Type", "application/problem+json");
  reply.body.append(R"({"type":")").append(problem_types).append(type);
  reply.body.append(R"(","title":")").append(title).append("\"").append(members).append("}\n");
  return reply;
}

Reply inconsistent_length() {
  return problem(400, "inconsistent-upload-length", "the lengths of the upload contradict");
}

/// The version that the request names, among those spoken here.
std::optional<int> spoken(const ::http::Fields& fields, const TusOptions& options) {
  const auto number = draft::parse_interop(::http::trim_ows(fields.find(interop).value_or("")));
  if (!number || std::ranges::count(options.ietf_draft, *number) == 0) return std::nullopt;
  return number;
}

class Ietf : public Writer {
 public:
  explicit Ietf(const Context& context)
      : Writer(context),
        version_(draft::version_of(*spoken(context.request.fields, context.options))) {}

  void start() override {
    const auto method = context_.method;
    const bool creates = context_.match.route.creates();
    if (method == "OPTIONS") return respond(discovery(context_.options, context_.match.route));
    if (creates && method == "POST") return create();
    if (!creates && (method == "HEAD" || (method == "GET" && version_.number >= get_since))) {
      return tell();
    }
    if (!creates && method == "PATCH") return append();
    if (!creates && method == "DELETE") return cancel();
    auto reply = refusal(405, "the method is not allowed here");
    reply.fields.add("Allow", allow(context_.options, context_.match.route));
    respond(std::move(reply));
  }

 private:
  // ---- what a request says

  /// Whether its content is the last; nullopt when it does not say so (a Boolean of RFC 9651).
  [[nodiscard]] OrReply<std::optional<bool>> completing() const {
    auto text = single(context_.request, version_.completeness, context_.options);
    if (!text) return tl::unexpected(std::move(text.error()));
    if (!*text) return std::nullopt;
    if (**text == version_.ended) return true;
    if (**text == version_.going_on) return false;
    return tl::unexpected(refusal(400, std::string(version_.completeness) + " must be ?0 or ?1"));
  }

  /// Reads whether the upload ends with this request, and how long the request says that it is: by
  /// Upload-Length, or by Content-Length when nothing is to follow (section Length).
  OrReply<void> read_lengths(Bytes offset) {
    const auto& request = context_.request;
    auto complete = completing();
    if (!complete) return tl::unexpected(std::move(complete.error()));
    // In -01 the last append is the one without the field (section Upload Append).
    const bool unsaid_is_last = version_.completeness == draft::header::incomplete && !created_;
    if (!*complete && !unsaid_is_last) {
      return tl::unexpected(refusal(400, std::string(version_.completeness) + " is missing"));
    }
    last_ = complete->value_or(true);
    if (auto sized = judge_size(); !sized) return sized;
    auto length = length_of(request, context_.options);
    if (!length) return tl::unexpected(std::move(length.error()));
    declared_ = *length;
    if (request.content_length) {
      if (*request.content_length > tus::max_length - offset) {
        return tl::unexpected(too_large("the upload would be too large"));
      }
      const auto end = offset + *request.content_length;
      if (declared_ && (last_ ? end != *declared_ : end > *declared_)) {
        return tl::unexpected(inconsistent_length());
      }
      if (last_) declared_ = end;
    }
    const auto max = context_.options.max_size;
    if (max && std::max(declared_.value_or(offset),
                        offset + request.content_length.value_or(Bytes{0})) > *max) {
      return tl::unexpected(too_large("the upload is larger than the limit"));
    }
    return {};
  }

  /// The limits of single requests (section Limits). A body without Content-Length is not judged:
  /// its size shows only when it was taken.
  OrReply<void> judge_size() const {
    const auto size = context_.request.content_length;
    if (!has_limits() || !size) return {};
    const auto& options = context_.options;
    if (options.draft_max_append && *size > *options.draft_max_append) {
      return tl::unexpected(too_large("the request is larger than max-append-size"));
    }
    const bool exempt = last_ || (created_ && *size == Bytes{0});
    if (!exempt && options.draft_min_append && *size < *options.draft_min_append) {
      auto reply = refusal(400, "the request is smaller than min-append-size");
      reply.fields.set(upload_limit, ietf_limits(options));
      return tl::unexpected(std::move(reply));
    }
    return {};
  }

  [[nodiscard]] bool has_limits() const { return !version_.age.empty(); }

  [[nodiscard]] Reply too_large(std::string_view why) const {
    auto reply = refusal(413, why);
    if (has_limits()) reply.fields.set(upload_limit, ietf_limits(context_.options));
    return reply;
  }

  // ---- the operations

  void create() {
    auto& services = context_.services;
    if (!offers(context_.options, tus::extension::creation)) {
      return respond(refusal(501, "uploads cannot be created here"));
    }
    created_ = true;
    if (auto read = read_lengths(Bytes{0}); !read) return respond(std::move(read.error()));
    Upload upload;
    upload.created = upload.modified = services.loop.now();
    upload.length = declared_;
    if (offers(context_.options, tus::extension::expiration)) {
      upload.expires = upload.created + *context_.options.expire_after;
    }
    if (auto named = services.hooks.before_create(context_.request, upload); !named) {
      return respond(std::move(named.error()));
    }
    if (upload.id.empty()) upload.id = context_.options.hex_ids ? random_hex_id() : random_uuid();
    if (!is_upload_id(upload.id)) {
      return respond(refusal(500, "a hook gave an id that cannot be used"));
    }
    complete_attributes(upload);
    if (auto echoed = echoed_metadata(std::nullopt, tus_of(upload).metadata))
      edit_tus(upload).metadata_header = std::move(echoed);
    if (auto made = services.store.create(upload); !made)
      return respond(refusal(context_.options, made.error()));
    services.hooks.after_create(upload);
    location_ =
        location_of(context_.request, context_.match, context_.options.trust_forwarded, upload.id);
    Reply supported;
    supported.fields.add("Location", location_);
    if (has_limits()) supported.fields.add(std::string(upload_limit), limits(upload));
    interim(std::move(supported));
    take_body(std::move(upload), std::nullopt);
  }

  void tell() {
    auto upload = find_upload(context_);
    if (!upload) return respond(std::move(upload.error()));
    if (context_.request.fields.has(version_.completeness) ||
        context_.request.fields.has(tus::header::upload_offset)) {
      return respond(refusal(400, "this request may not tell an offset, nor that it completes"));
    }
    Reply reply;
    reply.status = 204;
    describe(*upload, reply);
    if (upload->length) {
      reply.fields.set(tus::header::upload_length, std::to_string(upload->length->value));
    }
    reply.fields.set("Cache-Control", "no-store");
    respond(std::move(reply));
  }

  void append() {
    auto upload = find_upload(context_);
    if (!upload) return respond(std::move(upload.error()));
    if (says_the_end_again(*upload)) return respond(end_of(*upload));
    if (auto fit = check(*upload); !fit) return respond(std::move(fit.error()));
    auto& locks = context_.services.locks;
    if (locks.locked(upload->id)) {
      if (wait_for(locks.grace(upload->id))) return;
      // The holder lets go; the offset may be another then.
      static_cast<void>(locks.acquire(upload->id, {}));
      upload = find_upload(context_);
      if (!upload) return respond(std::move(upload.error()));
      if (auto fit = check(*upload); !fit) return respond(std::move(fit.error()));
    }
    const auto declared = upload->length ? std::nullopt : declared_;
    take_body(std::move(*upload), declared);
  }

  /// Whether the request ends a complete upload again, with no content at its end: the first answer
  /// may have been lost.
  [[nodiscard]] bool says_the_end_again(const Upload& upload) const {
    if (version_.number < get_since || !upload.complete()) return false;
    const auto& request = context_.request;
    const auto offset = offset_of(request, context_.options);
    const auto last = completing();
    return request.content_length == Bytes{0} && media_type(request) == draft::append_type &&
           offset && *offset == upload.offset && last && *last == true;
  }

  [[nodiscard]] Reply end_of(const Upload& upload) const {
    Reply reply;
    reply.status = 204;
    describe(upload, reply);
    return reply;
  }

  OrReply<void> check(const Upload& upload) {
    if (tus_of(upload).kind == tus::UploadKind::final) {
      return tl::unexpected(refusal(context_.options, refused::final_patched));
    }
    if (upload.complete()) {
      auto reply = problem(400, "completed-upload", "the upload is complete");
      describe(upload, reply);
      return tl::unexpected(std::move(reply));
    }
    if (version_.typed_appends && media_type(context_.request) != draft::append_type) {
      return tl::unexpected(refusal(415, "Content-Type must be application/partial-upload"));
    }
    auto offset = offset_of(context_.request, context_.options);
    if (!offset) return tl::unexpected(std::move(offset.error()));
    if (!*offset) return tl::unexpected(refusal(context_.options, refused::offset_missing));
    if (**offset != upload.offset) {
      auto reply = problem(409, "mismatching-upload-offset", "the upload's offset is another",
                           ",\"expected-offset\":" + std::to_string(upload.offset.value) +
                               ",\"provided-offset\":" + std::to_string((*offset)->value));
      describe(upload, reply);
      return tl::unexpected(std::move(reply));
    }
    if (auto read = read_lengths(upload.offset); !read) return read;
    if (upload.length && declared_ && *upload.length != *declared_) {
      return tl::unexpected(inconsistent_length());
    }
    if (upload.length && context_.request.content_length > room(upload, *upload.length)) {
      return tl::unexpected(inconsistent_length());
    }
    return {};
  }

  void cancel() {
    auto upload = find_upload(context_);
    if (!upload) return respond(std::move(upload.error()));
    auto& services = context_.services;
    const auto lease = services.locks.acquire(upload->id, {});
    if (!lease) return respond(locked(context_.options));
    if (auto removed = services.store.remove(upload->id); !removed) {
      return respond(refusal(context_.options, removed.error()));
    }
    services.hooks.after_terminate(*upload);
    Reply reply;
    reply.status = 204;
    respond(std::move(reply));
  }

  // ---- the body

  void take_body(Upload upload, std::optional<Bytes> declared) {
    if (!hold(upload.id)) return respond(locked(context_.options));
    told_ = upload.offset;
    const bool was_complete = !created_ && upload.complete();
    receive(std::move(upload), was_complete, declared, std::nullopt);
    context_.exchange.read_body();
  }

  void advanced() override {
    const auto offset = receiver().upload().offset;
    if (offset < told_ + progress_every) return;
    told_ = offset;
    Reply progress;
    progress.fields.add(std::string(tus::header::upload_offset), std::to_string(offset.value));
    interim(std::move(progress));
  }

  void came_whole() override {
    if (ends_elsewhere()) return refuse_length();
    receiver().complete([this](OrReply<void> done) {
      if (done) done = finish_if_last();
      end(done ? acknowledgement() : std::move(done.error()));
    });
  }

  /// Whether the upload ends here, but not at the length that it was said to have.
  [[nodiscard]] bool ends_elsewhere() {
    const auto& upload = receiver().upload();
    const auto length = upload.length ? upload.length : declared_;
    return last_ && length && upload.offset != *length;
  }

  /// The request contradicts itself, so nothing of it counts.
  void refuse_length() {
    auto undone = receiver().take_back();
    end(undone ? inconsistent_length() : std::move(undone.error()));
  }

  /// If nothing is to follow and no length is known, the end of the body tells the length.
  OrReply<void> finish_if_last() {
    if (!last_ || receiver().upload().length) return {};
    const auto& upload = receiver().upload();
    auto& services = context_.services;
    auto present = services.store.find(upload.id);
    if (!present) return tl::unexpected(refusal(context_.options, present.error()));
    present->length = present->offset;
    if (auto updated = services.store.update(*present); !updated) {
      return tl::unexpected(refusal(context_.options, updated.error()));
    }
    return finish(services.hooks, *present);
  }

  Reply acknowledgement() override {
    const auto& upload = receiver().upload();
    Reply reply;
    reply.status = created_ || version_.number < free_status_since ? 201 : 204;
    if (created_) reply.fields.add("Location", location_);
    describe(upload, reply);
    say_complete(last_ || upload.complete(), reply);
    return reply;
  }

  /// Bytes beyond the length: which are the right ones cannot be known, so the upload is invalid
  /// from now on (section Upload Append). A full disk is no such case.
  void on_refused(Reply reply) override {
    if (reply.status != 413) return end(std::move(reply));
    auto& services = context_.services;
    const auto upload = receiver().upload();
    let_go();
    if (services.store.remove(upload.id)) services.hooks.after_terminate(upload);
    end(too_large("more bytes came than the upload is long; it is removed"));
  }

  // ---- what is answered

  [[nodiscard]] std::string limits(const Upload& upload) const {
    auto value = ietf_limits(context_.options);
    if (upload.expires && !upload.complete()) {
      const auto left = std::chrono::duration_cast<std::chrono::seconds>(
          *upload.expires - context_.services.loop.now());
      value.append(", ").append(version_.age).append("=");
      value += std::to_string(std::max<std::int64_t>(0, left.count()));
    }
    return value;
  }

  void describe(const Upload& upload, Reply& reply) const {
    reply.fields.set(tus::header::upload_offset, std::to_string(upload.offset.value));
    say_complete(upload.complete(), reply);
    if (has_limits()) reply.fields.set(upload_limit, limits(upload));
  }

  void say_complete(bool complete, Reply& reply) const {
    reply.fields.set(version_.completeness,
                     std::string(complete ? version_.ended : version_.going_on));
  }

  void interim(Reply reply) const {
    reply.status = 104;
    reply.fields.set(interop, std::to_string(version_.number));
    context_.exchange.interim(std::move(reply));
  }

  void respond(Reply&& reply) override {
    reply.fields.set(interop, std::to_string(version_.number));
    reply.fields.set("X-Content-Type-Options", "nosniff");
    send_as_it_is(context_, std::move(reply));
  }

  draft::Version version_;
  bool created_ = false;
  bool last_ = false;
  std::optional<Bytes> declared_;
  std::string location_;
  Bytes told_;  ///< the offset that was told last, as progress
};

}  // namespace

bool speaks_ietf(const Request& request, const TusOptions& options) {
  return !options.ietf_draft.empty() && !request.fields.has(tus::header::tus_resumable) &&
         spoken(request.fields, options);
}

bool signals_end(const ::http::Fields& fields, const TusOptions& options) {
  if (options.draft_end_signal.empty()) return false;
  const auto value_of = [&](std::string_view name) {
    return ::http::trim_ows(fields.find(name).value_or(""));
  };
  const auto version = value_of(interop);
  if (std::ranges::find(options.draft_end_signal, version) == options.draft_end_signal.end()) {
    return false;
  }
  const auto form = draft::version_of(*draft::parse_interop(version));
  return value_of(form.completeness) == form.ended;
}

std::unique_ptr<Operation> make_ietf(const Context& context) {
  return std::make_unique<Ietf>(context);
}

std::string ietf_limits(const TusOptions& options) {
  std::string value = "min-size=0";
  const auto add = [&value](std::string_view key, const std::optional<Bytes>& limit) {
    if (limit) value.append(", ").append(key).append("=").append(std::to_string(limit->value));
  };
  add("max-size", options.max_size);
  add("min-append-size", options.draft_min_append);
  add("max-append-size", options.draft_max_append);
  return value;
}

}  // namespace mock
