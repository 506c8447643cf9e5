#include "onecodex/api.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "objects/replies.hpp"
#include "onecodex/routes.hpp"
#include "onecodex/words.hpp"
#include "protocol/digest.hpp"
#include "protocol/onecodex/file_name.hpp"
#include "protocol/onecodex/schema.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "store/uuid.hpp"

namespace mock {
namespace {

using onecodex::Kind;
using State = FileUpload::State;
namespace words = onecodex_words;

/// Of a body that is no file.
constexpr Bytes longest_body{1UL << 20U};
/// "up to 20GB in size" (documents; as powers of two).
constexpr std::int64_t largest_file = 20LL << 30U;
constexpr std::string_view encryption = "x-amz-server-side-encryption";

std::string new_id() { return random_hex_id().substr(0, 16); }

bool is_json(const Request& request) {
  const auto type = request.fields.find("Content-Type").value_or("");
  return ::http::same_name(::http::trim_ows(type.substr(0, type.find(';'))), "application/json");
}

bool is_mine(const FileUpload& record, Kind kind, std::string_view user) {
  return record.kind == kind && record.owner == user;
}

/// What follows the last slash of a key.
std::string name_in(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

}  // namespace

std::string user_of_key(std::string_view key) {
  Digest digest(DigestAlgorithm::sha256);
  digest.update(key);
  return to_hex(digest.finish()).substr(0, 16);
}

OneCodexApi::OneCodexApi(const OneCodexOptions& options, const KeyGate& gate, FileUploads& uploads,
                         Loop& loop)
    : options_(options), gate_(gate), uploads_(uploads), loop_(loop) {
  for (const auto& key : options_.api_keys) users_.emplace(key, user_of_key(key));
}

std::unique_ptr<Handler> OneCodexApi::handler_for(const Request& request, Services& services) {
  struct Served {
    Route route;
    Answer answer;
    bool has_body;
  };
  static const std::array<Served, 9> calls{{
      {routes::samples_init_upload, &OneCodexApi::init_sample, true},
      {routes::samples_init_multipart, &OneCodexApi::init_sample_multipart, false},
      {routes::samples_preupload, &OneCodexApi::preupload, false},
      {routes::samples_confirm, &OneCodexApi::confirm_sample, true},
      {routes::samples_cancel, &OneCodexApi::cancel_sample, true},
      {routes::documents_init_upload, &OneCodexApi::init_document, true},
      {routes::documents_init_multipart, &OneCodexApi::init_document_multipart, false},
      {routes::documents_confirm, &OneCodexApi::confirm_document, true},
      {routes::upload_callback, &OneCodexApi::callback, true},
  }};
  const auto route = request.addressed.route;
  const auto* const found = std::ranges::find(calls, route, &Served::route);
  const auto answer = [this, &services, served = found == calls.end() ? nullptr : found](
                          const Request& r, const std::string& body) {
    if (served != nullptr && r.method != "POST") return words::method_not_allowed(r, "POST");
    if (served != nullptr && !is_json(r) && (served->has_body || !body.empty())) {
      return words::problem(415, "Unsupported Media Type: the body must be application/json");
    }
    const auto key = gate_.key_of(r);
    const auto user = key ? users_.find(*key) : users_.end();
    const Call call{r, body, services.store, user == users_.end() ? std::string() : user->second};
    if (served != nullptr) return (this->*served->answer)(call);
    return r.addressed.route == routes::api_schema ? schema(call) : resource(call);
  };
  return buffered(longest_body, answer, words::problem);
}

// ---- beginning

Reply OneCodexApi::init_sample(const Call& call) {
  const auto draft =
      onecodex::parse_sample_draft(call.body, onecodex::Call::init_sample, options_.contract);
  if (!draft) return words::breach(draft.error());
  auto record = sample_for(call, *draft);
  if (!record) return std::move(record.error());
  const auto stored = store(call, *std::move(record));
  return stored ? initiated(call, *stored->record) : stored.error();
}

Reply OneCodexApi::init_sample_multipart(const Call& call) {
  const auto draft =
      onecodex::parse_sample_draft(call.body.empty() ? "{}" : call.body,
                                   onecodex::Call::init_sample_multipart, options_.contract);
  if (!draft) return words::breach(draft.error());
  auto record = sample_for(call, *draft);
  if (!record) return std::move(record.error());
  record->multipart = true;
  const auto stored = store(call, *std::move(record));
  return stored ? multipart_initiated(*stored->record) : stored.error();
}

Reply OneCodexApi::preupload(const Call& call) {
  const auto draft = onecodex::parse_sample_draft(call.body.empty() ? "{}" : call.body,
                                                  onecodex::Call::preupload, options_.contract);
  if (!draft) return words::breach(draft.error());
  auto record = sample_for(call, *draft);
  if (!record) return std::move(record.error());
  record->state = State::preuploaded;
  record->was_preuploaded = true;
  record->file_id.clear();
  const auto stored = store(call, *std::move(record));
  if (!stored) return stored.error();
  return json_reply(200, onecodex::id_body(Kind::sample, stored->record->id));
}

Reply OneCodexApi::init_document(const Call& call) {
  const auto draft = onecodex::parse_document_draft(call.body, options_.contract);
  if (!draft) return words::breach(draft.error());
  FileUpload record;
  record.kind = Kind::document;
  record.id = new_id();
  record.file_id = record.id;
  record.owner = call.user;
  record.filename = draft->filename;
  record.announced = draft->size;
  const auto stored = store(call, std::move(record));
  return stored ? initiated(call, *stored->record) : stored.error();
}

Reply OneCodexApi::init_document_multipart(const Call& call) {
  FileUpload record;
  record.kind = Kind::document;
  record.id = new_id();
  record.file_id = record.id;
  record.owner = call.user;
  record.multipart = true;
  const auto stored = store(call, std::move(record));
  return stored ? multipart_initiated(*stored->record) : stored.error();
}

/// A new one, or the one that was pre-uploaded for it.
auto OneCodexApi::sample_for(const Call& call, const onecodex::SampleDraft& draft)
    -> OrRefusal<FileUpload> {
  if (draft.project && *draft.project != options_.project) {
    return tl::unexpected(words::unknown_item("projects", *draft.project));
  }
  const auto preuploaded = preuploaded_for(call, draft);
  if (!preuploaded) return tl::unexpected(preuploaded.error());
  FileUpload record;
  record.file_id = new_id();
  record.id = record.file_id;
  if (*preuploaded) {
    const auto file_id = std::move(record.file_id);
    record = *(*preuploaded)->record;
    record.file_id = file_id;
    record.state = State::awaited;
  }
  record.owner = call.user;
  record.filename = draft.filename;
  record.announced = draft.size;
  if (draft.paired_end_filename) record.paired_file_id = new_id();
  if (draft.metadata != "{}") record.metadata = draft.metadata;
  if (!draft.tags.empty()) record.tags = draft.tags;
  if (draft.project) record.project = draft.project;
  return record;
}

auto OneCodexApi::preuploaded_for(const Call& call, const onecodex::SampleDraft& draft)
    -> OrRefusal<std::optional<StoredUpload>> {
  if (!draft.sample_id && !draft.external_sample_id) return std::nullopt;
  const auto found = uploads_.list(call.store, [&](const FileUpload& record) {
    if (!is_mine(record, Kind::sample, call.user) || record.state != State::preuploaded) {
      return false;
    }
    return draft.sample_id ? record.id == *draft.sample_id
                           : onecodex::external_id_of(record.metadata) == draft.external_sample_id;
  });
  if (!found) return tl::unexpected(words::trouble(found.error()));
  if (!found->empty()) return found->front();
  const std::string field = draft.sample_id ? "sample_id" : "external_sample_id";
  return tl::unexpected(
      words::problem(400, field + ": no pre-uploaded sample without a file has this one"));
}

auto OneCodexApi::store(const Call& call, FileUpload record) -> OrRefusal<StoredUpload> {
  const bool there = record.was_preuploaded && uploads_.find(call.store, record.id).has_value();
  auto stored = there ? uploads_.update(call.store, std::move(record))
                      : uploads_.add(call.store, std::move(record));
  if (!stored) return tl::unexpected(words::trouble(stored.error()));
  return *std::move(stored);
}

/// As the document shows it: a policy that says what the fields say, and the signature of it.
onecodex::UploadForm OneCodexApi::form_for(const Call& call, const FileUpload& record,
                                           std::string_view file_id) const {
  const auto prefix = FileUploads::prefix_of(record.owner, file_id);
  const s3::Policy policy{
      loop_.now() + options_.lifetime,
      {s3::equals("bucket", options_.bucket), s3::equals("acl", "private"),
       s3::equals(std::string(encryption), "AES256"), s3::starts_with("key", prefix),
       s3::equals("success_action_status", "201"), s3::size_between(1, largest_file)}};
  const auto proof = s3::sign_post_v2(policy, options_.credentials);
  const auto signed_field = [&](std::string_view name) {
    return std::string(::http::find(proof, name).value_or(""));
  };
  return {bucket_url(call.request, options_.bucket),
          {{"AWSAccessKeyId", signed_field("AWSAccessKeyId")},
           {"acl", "private"},
           {"key", prefix + "${filename}"},
           {"policy", signed_field("policy")},
           {"signature", signed_field("signature")},
           {"success_action_status", "201"},
           {std::string(encryption), "AES256"}}};
}

Reply OneCodexApi::initiated(const Call& call, const FileUpload& record) const {
  onecodex::Initiated answer{record.kind, record.id, form_for(call, record, record.file_id)};
  if (!record.paired_file_id.empty()) {
    answer.paired_end = form_for(call, record, record.paired_file_id);
  }
  return json_reply(200, to_json(answer));
}

Reply OneCodexApi::multipart_initiated(const FileUpload& record) const {
  onecodex::MultipartInitiated answer;
  answer.kind = record.kind;
  answer.callback_url = callback_path;
  answer.bucket = options_.bucket;
  answer.file_id = record.file_id;
  if (!record.paired_file_id.empty()) answer.paired_end_file_id = record.paired_file_id;
  answer.access_key = options_.credentials.access_key;
  answer.secret = options_.credentials.secret;
  if (record.kind == Kind::sample) answer.sample_id = record.id;
  return json_reply(200, to_json(answer));
}

// ---- ending

/// An upload of another user is treated as not there.
auto OneCodexApi::own(const Call& call, Kind kind, std::string_view id) -> OrRefusal<StoredUpload> {
  auto found = uploads_.find(call.store, id);
  if (!found && found.error().kind != StoreError::Kind::not_found) {
    return tl::unexpected(words::trouble(found.error()));
  }
  if (!found || !is_mine(*found->record, kind, call.user)) {
    return tl::unexpected(words::unknown_item(onecodex::resource_of(kind), id));
  }
  return *std::move(found);
}

Reply OneCodexApi::confirm_sample(const Call& call) {
  const auto confirmation =
      onecodex::parse_confirmation(call.body, onecodex::Call::confirm_sample, options_.contract);
  return confirmation ? confirm(call, Kind::sample, *confirmation)
                      : words::breach(confirmation.error());
}

Reply OneCodexApi::confirm_document(const Call& call) {
  const auto confirmation =
      onecodex::parse_confirmation(call.body, onecodex::Call::confirm_document, options_.contract);
  return confirmation ? confirm(call, Kind::document, *confirmation)
                      : words::breach(confirmation.error());
}

Reply OneCodexApi::confirm(const Call& call, Kind kind,
                           const onecodex::Confirmation& confirmation) {
  auto upload = own(call, kind, confirmation.id);
  if (upload) upload = finish(call, *upload, confirmation);
  if (!upload) return std::move(upload.error());
  return json_reply(
      200, to_json(onecodex::Confirmed{kind, true, "Upload confirmed", upload->record->id}));
}

/// What is confirmed stays so, however often it is confirmed again.
auto OneCodexApi::finish(const Call& call, const StoredUpload& upload,
                         const onecodex::Confirmation& confirmation) -> OrRefusal<StoredUpload> {
  if (upload.record->state == State::confirmed) return upload;
  auto record = *upload.record;
  const auto objects = objects_of(call, record);
  if (!objects) return tl::unexpected(objects.error());
  if (auto wrong = contradiction(record, objects->front(), confirmation)) {
    return tl::unexpected(*std::move(wrong));
  }
  record.state = State::confirmed;
  record.confirmed = loop_.now();
  for (const auto& object : *objects) record.size += object.size.value;
  if (!record.filename) record.filename = name_in(objects->front().key);
  return store_again(call, std::move(record));
}

auto OneCodexApi::store_again(const Call& call, FileUpload record) -> OrRefusal<StoredUpload> {
  auto updated = uploads_.update(call.store, std::move(record));
  if (!updated) return tl::unexpected(words::trouble(updated.error()));
  return *std::move(updated);
}

auto OneCodexApi::objects_of(const Call& call, const FileUpload& record)
    -> OrRefusal<std::vector<Object>> {
  std::vector<Object> objects;
  for (const auto& file_id : {record.file_id, record.paired_file_id}) {
    if (file_id.empty() && !objects.empty()) continue;
    auto object = uploads_.object_of(call.store, record, file_id);
    if (object) {
      objects.push_back(*std::move(object));
    } else if (object.error().kind == StoreError::Kind::not_found) {
      return tl::unexpected(words::problem(400, "The file has not been uploaded"));
    } else {
      return tl::unexpected(words::trouble(object.error()));
    }
  }
  return objects;
}

/// By the document, the announced size is that of the file. Clients of the service announced 1 for
/// years, so without --contract guide only the size in the confirmation counts.
std::optional<Reply> OneCodexApi::contradiction(const FileUpload& record, const Object& file,
                                                const onecodex::Confirmation& said) const {
  const auto announced =
      options_.contract == onecodex::Contract::guide ? record.announced : said.size;
  if (announced && *announced != file.size.value) {
    return words::problem(400, "size: " + std::to_string(file.size.value) + " bytes were uploaded");
  }
  const bool known = options_.md5_is_etag && file.etag.find('-') == std::string::npos;
  if (said.md5 && known && !::http::same_letters(*said.md5, file.etag)) {
    return words::problem(400, "md5: it is not that of what was uploaded");
  }
  return std::nullopt;
}

Reply OneCodexApi::cancel_sample(const Call& call) {
  const auto cancelled =
      onecodex::parse_confirmation(call.body, onecodex::Call::cancel_sample, options_.contract);
  if (!cancelled) return words::breach(cancelled.error());
  const auto upload = own(call, Kind::sample, cancelled->id);
  if (!upload) return upload.error();
  auto record = *upload->record;
  if (record.state == State::confirmed) {
    return words::problem(400, std::string(onecodex::already_successful));
  }
  if (!record.was_preuploaded) {
    if (const auto removed = uploads_.remove(call.store, record.id); !removed) {
      return words::trouble(removed.error());
    }
    return json_reply(200, onecodex::cancelled_body());
  }
  // It waits for a file again.
  record.state = State::preuploaded;
  record.file_id.clear();
  record.paired_file_id.clear();
  record.filename.reset();
  record.announced.reset();
  record.multipart = false;
  if (auto stored = store_again(call, std::move(record)); !stored) return stored.error();
  uploads_.remove_objects(call.store, *upload->record);
  return json_reply(200, onecodex::cancelled_body());
}

Reply OneCodexApi::callback(const Call& call) {
  const auto said = onecodex::parse_callback(call.body);
  if (!said) return words::breach(said.error());
  auto upload = uploads_.find_by_file(call.store, said->file_id);
  if (!upload && upload.error().kind != StoreError::Kind::not_found) {
    return words::trouble(upload.error());
  }
  const bool known = upload && said->bucket == options_.bucket &&
                     upload->record->owner == call.user && upload->record->multipart;
  if (!known) return words::problem(404, "s3_path: no upload was begun for this");
  const auto kind = upload->record->kind;
  auto named = *upload;
  if (said->filename && !named.record->filename) {
    if (kind == Kind::sample && !onecodex::is_file_name(*said->filename, options_.contract)) {
      return words::problem(400,
                            "filename: does not match " + std::string(onecodex::file_name_pattern));
    }
    auto record = std::make_shared<FileUpload>(*named.record);
    record->filename = said->filename;
    named.record = std::move(record);
  }
  const auto finished = finish(call, named, {named.record->id});
  if (!finished) return finished.error();
  return json_reply(200, onecodex::id_body(kind, finished->record->id));
}

}  // namespace mock
