// POST: a file in a form, with a policy that says what may be in it (AWS, "Browser-based uploads
// using POST"). What is wrong is told in the order in which S3 was seen to tell it: the type of the
// body, the fields that must be there, an anonymous form, the signature, the policy, its time, its
// conditions.
#include <string_view>
#include <utility>

#include "objects/access.hpp"
#include "objects/handlers.hpp"
#include "objects/receiving.hpp"
#include "objects/replies.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"

namespace mock {
namespace {

using Event = ::http::FormReader::Event;

class PostForm final : public Receiving {
 public:
  explicit PostForm(const ObjectsContext& context) : Receiving(context) {}

  void on_bytes(std::span<const std::byte> bytes) override {
    std::string_view slice(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (auto event = reader_->next(slice); event != Event::more; event = reader_->next(slice)) {
      if (auto read = on_event(event); !read) return refuse(read.error());
    }
  }

 private:
  s3::Expected<void> start() override {
    const auto type = request().fields.find("Content-Type").value_or("");
    if (!::http::is_form_data(type)) return tl::unexpected(s3::not_form_data());
    auto boundary = ::http::boundary_of(type);
    if (!boundary) return tl::unexpected(s3::malformed_post());
    if (auto length = length_of_body(request()); !length) return tl::unexpected(length.error());
    auto addressee = addressee_of(request());
    if (!addressee) return tl::unexpected(addressee.error());
    bucket_ = std::move(addressee->bucket);
    reader_.emplace(*boundary, s3::post_shape());
    return {};
  }

  s3::Expected<void> on_event(Event event) {
    switch (event) {
      case Event::file:
        return begin_file();
      case Event::bytes:
        return take_some(reader_->bytes());
      case Event::file_end:
        if (s3::falls_short(size_, received().value)) {
          return tl::unexpected(s3::too_small(size_, received().value));
        }
        return {};
      case Event::failed:
        return tl::unexpected(s3::refusal_of(reader_->failure()));
      case Event::more:
      case Event::end:
        break;
    }
    return {};
  }

  /// All fields that count have come.
  s3::Expected<void> begin_file() {
    const auto& form = reader_->fields();
    const auto post = s3::read_post(form);
    if (!post) return tl::unexpected(post.error());
    auto key = s3::key_for(post->key, reader_->head().filename);
    if (auto allowed = check_policy(*post, key); !allowed) return allowed;
    if (auto sound = check_key(key); !sound) return sound;
    ::http::Fields fields;
    for (const auto& [name, value] : form) fields.add(name, value);
    auto kept = kept_fields(fields);
    if (!kept) return tl::unexpected(kept.error());
    auto check = PayloadCheck::announced(fields);
    if (!check) return tl::unexpected(check.error());
    return receive({bucket_, std::move(key), *std::move(kept)}, *std::move(check));
  }

  s3::Expected<void> check_policy(const s3::Post& post, std::string_view key) {
    const auto& options = context_.options;
    if (!post.signature) {
      if (options.is_public(bucket_)) return {};
      return s3::refuse(s3::Code::access_denied, "Access Denied");
    }
    const auto& access_key = post.signature->access_key;
    const auto* const secret = options.secret_of(access_key);
    if (secret == nullptr) return tl::unexpected(s3::unknown_access_key(access_key));
    if (auto right = s3::check(post, *secret); !right) return right;
    const auto policy = s3::parse_policy(post.policy);
    if (!policy) return tl::unexpected(policy.error());
    const auto size =
        s3::check(*policy, {reader_->fields(), bucket_, key}, context_.services.loop.now());
    if (!size) return tl::unexpected(size.error());
    size_ = *size;
    return {};
  }

  s3::Expected<void> take_some(std::string_view bytes) {
    const auto size = received().value + bytes.size();
    if (s3::exceeds(size_, size)) return tl::unexpected(s3::too_large(size_, size));
    return take(std::as_bytes(std::span(bytes)));
  }

  s3::Expected<Reply> finish() override {
    for (auto event = reader_->finish(); event != Event::end; event = reader_->finish()) {
      if (auto read = on_event(event); !read) return tl::unexpected(read.error());
    }
    if (!receiving()) return tl::unexpected(s3::not_one_file());
    const auto object = publish();
    if (!object) return tl::unexpected(object.error());
    return success(*object);
  }

  [[nodiscard]] Reply success(const Object& object) const {
    const auto etag = quoted_etag(object);
    const auto how = s3::success_of(reader_->fields(), bucket_, object.key, etag);
    const auto url = bucket_url(request(), bucket_);
    const auto location = s3::post_location(url, object.key);
    auto reply = how.status == 201
                     ? xml_reply(201, s3::post_response({location, bucket_, object.key, etag}))
                     : object_reply(how.status);
    reply.fields.add("ETag", etag);
    reply.fields.add("Location", how.status == 303 ? how.redirect : location);
    add_encryption(object, reply);
    return reply;
  }

  std::string bucket_;
  std::optional<::http::FormReader> reader_;
  s3::SizeRange size_;
};

}  // namespace

std::unique_ptr<Handler> make_post_handler(const ObjectsContext& context) {
  return std::make_unique<PostForm>(context);
}

}  // namespace mock
