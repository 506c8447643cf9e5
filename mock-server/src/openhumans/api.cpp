#include "openhumans/api.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/message.hpp"
#include "openhumans/paging.hpp"
#include "openhumans/routes.hpp"
#include "openhumans/words.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "protocol/openhumans/form.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "store/uuid.hpp"

namespace mock {
namespace {

using openhumans::Contract;
using openhumans::Expected;
using openhumans::Problems;

/// What S3 takes as a key.
constexpr std::size_t longest_key = 1'024;
/// Of the URLs of what is listed.
constexpr std::chrono::hours download_lifetime{6};
constexpr std::size_t files_of_a_listed_member = 10;
constexpr std::string_view other_md5 = "\"md5\" is not that of the file";

std::string label_of(const OpenHumansOptions& options) {
  return "direct-sharing-" + options.project;
}

std::string basename_of(std::string_view name) {
  const auto slash = name.rfind('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

/// Django's words for a name that is too long; the numbers are about the name, not the key.
std::string too_long(std::size_t most, std::size_t found) {
  return "Ensure this filename has at most " + std::to_string(most) + " characters (it has " +
         std::to_string(found) + ").";
}

}  // namespace

/// Takes fields of a form, and notes what is wrong with them.
class OpenHumansApi::FormReading {
 public:
  FormReading(const OpenHumansApi& api, const Request& request, const SentForm& form)
      : api_(api), form_(form.fields) {
    // A member's token is for that member, whatever was sent.
    const auto* const caller = api.gate_.member_of(request);
    member_ = caller != nullptr ? caller->id : required("project_member_id");
  }

  std::string required(std::string_view name) {
    return take(name, openhumans::required_field(form_, name)).value_or("");
  }
  std::string optional(std::string_view name) {
    return take(name, openhumans::text_field(form_, name)).value_or(std::nullopt).value_or("");
  }
  /// 0 when it is not there.
  std::int64_t number(std::string_view name) {
    return take(name, openhumans::integer_field(form_, name)).value_or(std::nullopt).value_or(0);
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    return openhumans::boolean_field(form_, name);
  }
  /// The JSON of it.
  std::string metadata() {
    const auto text = take("metadata", openhumans::required_field(form_, "metadata"));
    if (!text) return {};
    const auto parsed = take("metadata", openhumans::parse_metadata(*text, api_.options_.contract));
    return parsed ? parsed->json : "";
  }
  /// This server has no data types, so only an empty list is right.
  void datatypes() {
    const auto text = optional("datatypes");
    if (text.empty()) return;
    const auto parsed = take("datatypes", openhumans::parse_datatypes(text));
    if (parsed && !parsed->empty()) wrong("datatypes", openhumans::unknown_datatypes(*parsed).text);
  }
  void check_key(std::string_view field, std::string_view key, std::size_t name_length) {
    const auto most = longest_key - (key.size() - name_length);
    if (key.size() > longest_key) wrong(field, too_long(most, name_length));
  }
  void wrong(std::string_view name, std::string text) {
    problems_.emplace_back(name, std::move(text));
  }

  /// What is wrong with the fields is told before what is wrong with the member.
  [[nodiscard]] std::optional<Reply> refusal() const {
    if (!problems_.empty()) return words::problems(problems_);
    if (!api_.is_member(member_)) return json_reply(400, openhumans::unknown_member_body());
    return std::nullopt;
  }
  [[nodiscard]] const std::string& member() const { return member_; }

 private:
  template <class T>
  std::optional<T> take(std::string_view name, Expected<T> value) {
    if (value) return *std::move(value);
    wrong(name, value.error().text);
    return std::nullopt;
  }

  const OpenHumansApi& api_;
  const ::http::Form& form_;
  Problems problems_;
  std::string member_;
};

OpenHumansApi::OpenHumansApi(const OpenHumansOptions& options, const ProjectGate& gate,
                             Objects& objects, Files& files, Loop& loop)
    : options_(options),
      gate_(gate),
      objects_(objects),
      files_(files),
      loop_(loop),
      opened_(loop.now()) {}

std::unique_ptr<Handler> OpenHumansApi::handler_for(const Request& request, Services& services) {
  const auto route = request.addressed.route;
  auto& store = services.store;
  if (route == routes::exchange_member) return listing(&OpenHumansApi::exchange_member, store);
  if (route == routes::members) return listing(&OpenHumansApi::members, store);
  FormCall call;
  call.early_error = options_.early_error;
  if (route == routes::files_upload) {
    call.begin_file = [this, &store](SentForm::File& file, const ::http::PartHead& head) {
      return begin_file(file, head, store);
    };
    call.answer = [this, &store](const Request& r, SentForm form) {
      return upload(r, std::move(form), store);
    };
    return form_handler(std::move(call));
  }
  auto answer = &OpenHumansApi::remove;
  if (route == routes::files_direct) answer = &OpenHumansApi::direct;
  if (route == routes::files_complete) answer = &OpenHumansApi::complete;
  call.answer = [this, &store, answer](const Request& r, const SentForm& form) {
    return (this->*answer)(r, form, store);
  };
  return form_handler(std::move(call));
}

// ---- uploads

StoreResult<void> OpenHumansApi::begin_file(SentForm::File& file, const ::http::PartHead& head,
                                            Store& store) {
  if (auto loaded = files_.load(store); !loaded) return loaded;
  file.key = key_of(file.name);
  NewObject object{options_.bucket, file.key};
  object.needs_md5 = options_.contract == Contract::guide;
  const auto type = head.fields.find("Content-Type").value_or("");
  if (!type.empty() && ::http::is_field_value(type)) {
    object.fields.add("Content-Type", std::string(type));
  }
  auto begun = objects_.begin(store, std::move(object));
  if (!begun) return tl::unexpected(begun.error());
  file.bytes = *std::move(begun);
  return {};
}

Reply OpenHumansApi::upload(const Request& request, SentForm form, Store& store) {
  FormReading reading(*this, request, form);
  const auto metadata = reading.metadata();
  reading.datatypes();
  auto& file = form.file;
  if (!file) {
    reading.wrong("data_file", std::string(openhumans::field_required));
  } else if (!file->bytes) {
    reading.wrong("data_file", std::string(openhumans::file_is_empty));
  } else {
    reading.check_key("data_file", file->key, file->name.size());
  }
  if (auto refused = reading.refusal()) return *std::move(refused);
  if (options_.contract == Contract::guide && denies(metadata, to_hex(file->bytes->md5()))) {
    return words::problems({{"metadata", std::string(other_md5)}});
  }
  const auto object = file->bytes->publish();
  if (!object) return words::trouble(object.error());
  FileRecord record;
  record.member = reading.member();
  record.key = file->key;
  record.basename = basename_of(file->name);
  record.metadata = metadata;
  record.complete = true;
  const auto added = files_.add(store, std::move(record));
  if (added)
    return json_reply(
        201, openhumans::to_json(openhumans::Created{added->record->number, std::nullopt}));
  objects_.withdraw(store, options_.bucket, file->key);
  return words::trouble(added.error());
}

Reply OpenHumansApi::direct(const Request& request, const SentForm& form, Store& store) {
  FormReading reading(*this, request, form);
  const auto name = reading.required("filename");
  FileRecord record;
  record.metadata = reading.metadata();
  reading.datatypes();
  record.key = key_of(name);
  reading.check_key("filename", record.key, name.size());
  if (auto refused = reading.refusal()) return *std::move(refused);
  record.member = reading.member();
  record.basename = basename_of(name);
  const auto added = files_.add(store, std::move(record));
  if (!added) return words::trouble(added.error());
  const auto& file = *added->record;
  const openhumans::Created created{file.number,
                                    url_of(request, "PUT", file.key, options_.lifetime)};
  return json_reply(201, openhumans::to_json(created));
}

Reply OpenHumansApi::complete(const Request& request, const SentForm& form, Store& store) {
  FormReading reading(*this, request, form);
  const auto number = reading.number("file_id");
  if (auto refused = reading.refusal()) return *std::move(refused);
  if (number == 0) return words::detail(400, openhumans::file_does_not_exist);
  // The deployed server fails here, and has no words for it.
  const auto unknown = [] { return words::detail(400, "there is no file of this id"); };
  if (number < 0) return unknown();
  const auto file = files_.find(store, static_cast<std::uint64_t>(number));
  if (!file && file.error().kind == StoreError::Kind::not_found) return unknown();
  if (!file) return words::trouble(file.error());
  const bool foreign = file->record->member != reading.member();
  if (foreign && options_.contract == Contract::guide) return unknown();
  const auto object = objects_.find(store, options_.bucket, file->record->key);
  if (object) return finish(*file, *object, store);
  if (object.error().kind != StoreError::Kind::not_found) return words::trouble(object.error());
  // As at the deployed server, a file whose object is missing is no longer complete.
  const auto updated = files_.set_complete(store, file->record->number, false);
  return updated ? words::detail(400, openhumans::file_not_present)
                 : words::trouble(updated.error());
}

Reply OpenHumansApi::finish(const StoredFile& file, const Object& object, Store& store) {
  const bool compares = options_.contract == Contract::guide && options_.md5_is_etag;
  if (compares && denies(file.record->metadata, object.etag)) {
    return words::problems({{"metadata", std::string(other_md5)}});
  }
  const auto updated = files_.set_complete(store, file.record->number, true);
  if (!updated) return words::trouble(updated.error());
  return json_reply(200, openhumans::to_json(openhumans::Completed{object.size.value}));
}

// ---- deletions

Reply OpenHumansApi::remove(const Request& request, const SentForm& form, Store& store) {
  FormReading reading(*this, request, form);
  const auto number = reading.number("file_id");
  const auto basename = reading.optional("file_basename");
  const bool all = reading.flag("all_files");
  if (auto refused = reading.refusal()) return *std::move(refused);
  const int selectors = (number != 0 ? 1 : 0) + (basename.empty() ? 0 : 1) + (all ? 1 : 0);
  if (selectors == 0) return json_reply(400, openhumans::missing_selector_body());
  if (selectors > 1) return json_reply(400, openhumans::too_many_selectors_body());
  auto files = files_.list(store, reading.member());
  if (!files) return words::trouble(files.error());
  openhumans::Deleted deleted;
  for (const auto& file : *files) {
    const auto& record = *file.record;
    const bool meant = all || (number > 0 && record.number == static_cast<std::uint64_t>(number)) ||
                       (!basename.empty() && record.basename == basename);
    if (!meant) continue;
    if (const auto removed = files_.remove(store, record.number); !removed) {
      return words::trouble(removed.error());
    }
    deleted.ids.push_back(record.number);
  }
  return json_reply(200, openhumans::to_json(deleted));
}

// ---- listings

std::unique_ptr<Handler> OpenHumansApi::listing(Reply (OpenHumansApi::*answer)(const Request&,
                                                                               Store&),
                                                Store& store) {
  return bodiless([this, answer, &store](const Request& request) {
    Reply reply;
    if (request.method == "OPTIONS") {
      reply = words::description(request);
    } else if (request.method != "GET" && request.method != "HEAD") {
      reply = words::method_not_allowed(request.method);
    } else if (!words::accepts_json(request)) {
      reply = words::not_acceptable();
    } else {
      reply = (this->*answer)(request, store);
    }
    words::add_fields(request, reply);
    return reply;
  });
}

Reply OpenHumansApi::exchange_member(const Request& request, Store& store) {
  const auto query = query_of(request);
  const auto* const caller = gate_.member_of(request);
  openhumans::MemberFiles page;
  page.project_member_id =
      caller != nullptr ? caller->id : std::string(query.find("project_member_id"));
  if (!is_member(page.project_member_id)) {
    return json_reply(400, openhumans::unknown_member_body());
  }
  const auto files = files_.list(store, page.project_member_id);
  if (!files) return words::trouble(files.error());
  page.created = ::http::format_rfc3339(std::chrono::floor<std::chrono::seconds>(opened_));
  const Page part(query, files->size());
  page.count = files->size();
  page.next = part.next(request);
  page.previous = part.previous(request);
  for (const auto& file : part.of(*files)) page.data.push_back(listed(request, file));
  return json_reply(200, openhumans::to_json(page));
}

Reply OpenHumansApi::members(const Request& request, Store& store) {
  const auto query = query_of(request);
  // For the project only.
  if (gate_.member_of(request) != nullptr) {
    return unauthenticated(openhumans::invalid_token);
  }
  const auto& members = options_.tokens.members;
  const Page part(query, members.size());
  openhumans::MemberList list;
  list.count = members.size();
  list.next = part.next(request);
  list.previous = part.previous(request);
  for (const auto& member : part.of(members)) {
    const auto files = files_.list(store, member.id);
    if (!files) return words::trouble(files.error());
    openhumans::Member entry;
    entry.project_member_id = member.id;
    entry.file_count = files->size();
    entry.exchange_member = member_url(request, member.id);
    const auto shown = std::min(files->size(), files_of_a_listed_member);
    for (std::size_t i = 0; i < shown; ++i) entry.data.push_back(listed(request, (*files)[i]));
    list.results.push_back(std::move(entry));
  }
  return json_reply(200, openhumans::to_json(list));
}

openhumans::File OpenHumansApi::listed(const Request& request, const StoredFile& file) const {
  const auto& record = *file.record;
  openhumans::File shown;
  shown.id = record.number;
  shown.basename = record.basename;
  shown.created =
      ::http::format_rfc3339(std::chrono::floor<std::chrono::microseconds>(file.created));
  shown.download_url = url_of(request, "GET", record.key, download_lifetime);
  shown.metadata = record.metadata;
  shown.source = label_of(options_);
  shown.source_project =
      words::origin_of(request) + request.mount + "/api/public/project/" + options_.project + "/";
  return shown;
}

// ---- what they share

bool OpenHumansApi::is_member(std::string_view id) const {
  return std::ranges::find(options_.tokens.members, id, &ProjectMember::id) !=
         options_.tokens.members.end();
}

/// A folder of its own for every upload. What the name holds of folders stays: a key is no path.
std::string OpenHumansApi::key_of(std::string_view name) const {
  std::string key(Files::key_prefix);
  key.append(label_of(options_)).append("/").append(random_uuid()).append("/").append(name);
  return key;
}

bool OpenHumansApi::denies(std::string_view metadata, std::string_view md5) const {
  const auto parsed = openhumans::parse_metadata(metadata, Contract::server);
  return parsed && openhumans::contradicts(*parsed, md5);
}

std::string OpenHumansApi::url_of(const Request& request, std::string_view method,
                                  std::string_view key, Milliseconds lifetime) const {
  const auto target = request.mount + "/" + options_.bucket + "/" + s3::encode_path(key);
  const ::http::Fields none;
  return words::origin_of(request) +
         s3::presign_v2({method, target, none}, options_.credentials, loop_.now() + lifetime);
}

}  // namespace mock
