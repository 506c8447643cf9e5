#include "systems/openhumans/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/endpoints.hpp"
#include "protocol/http/form.hpp"
#include "protocol/openhumans/answers.hpp"
#include "protocol/openhumans/files.hpp"
#include "settings/choice.hpp"
#include "systems/openhumans/requests.hpp"
#include "systems/openhumans/upload.hpp"

namespace loadgen {
namespace {

using Call = OpenHumansOptions::Call;
using transport::LoadRequest;

constexpr const char* call_flag = "openhumans-call";
constexpr const char* member_flag = "member";
constexpr std::string_view api = "/api/direct-sharing/project";

constexpr std::array<std::pair<std::string_view, Call>, 2> calls{
    {{"direct", Call::direct}, {"simple", Call::simple}}};

Result<std::string> read_call(const std::string& text) {
  if (settings::value_named(calls, text)) return text;
  return settings::not_one_of(text, settings::names_in(calls));
}

/// The API's URL, from any URL of the server: of its host, of the API, or of a call.
std::string project_url(const std::string& url) {
  const auto place = client::place_of(url);
  if (!place) return url;
  std::string whole = place->self() + "/";
  const std::size_t at = whole.find(std::string(api) + "/");
  whole.resize(at == std::string::npos ? whole.size() - 1 : at);
  return whole.append(api);
}

Result<std::unique_ptr<Client>> make_openhumans(UploadOptions options,
                                                const settings::OwnSettings& own) {
  if (options.chunk.value > 0) {
    return failure("--chunk", "a file goes to Open Humans in one piece", "drop it");
  }
  OpenHumansOptions mine;
  if (const auto text = settings::given(own, call_flag)) {
    mine.call = *settings::value_named(calls, *text);
  }
  if (const auto found = own.find(member_flag); found != own.end()) mine.members = found->second;
  if (mine.members.empty()) {
    return failure("--member", "Open Humans takes files for members of a project only",
                   "as in --member 12345678");
  }
  return std::make_unique<OpenHumansClient>(std::move(options), std::move(mine));
}

LoadRequest get(std::string url) {
  LoadRequest request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

}  // namespace

OpenHumansClient::OpenHumansClient(UploadOptions options, OpenHumansOptions own)
    : Client(std::move(options)), own_(std::move(own)) {
  options_.create_url = project_url(options_.create_url);
}

std::string OpenHumansClient::url_of(const std::string& call) const {
  return fmt::format("{}/{}/", options_.create_url, call);
}

const std::string& OpenHumansClient::member_of(std::uint64_t upload) const {
  return own_.members[upload % own_.members.size()];
}

std::string OpenHumansClient::list_url(const std::string& member) const {
  return fmt::format("{}?project_member_id={}", url_of("exchange-member"),
                     http::percent_encode(member));
}

std::string OpenHumansClient::upload_url(const std::string& member, std::uint64_t id) const {
  return fmt::format("{}#{}", list_url(member), id);
}

LoadRequest OpenHumansClient::probe() const { return get(list_url(own_.members.front())); }

std::unique_ptr<Upload> OpenHumansClient::upload(const UploadHost& host, std::uint64_t index,
                                                 Bytes size, Time intended,
                                                 Upload::Events events) const {
  if (own_.call == Call::simple) {
    return std::make_unique<SimpleUpload>(host, *this, index, size, intended, std::move(events));
  }
  return std::make_unique<DirectUpload>(host, *this, index, size, intended, std::move(events));
}

std::vector<LoadRequest> OpenHumansClient::listings() const {
  std::vector<LoadRequest> all;
  for (const auto& member : own_.members) all.push_back(get(list_url(member)));
  return all;
}

Result<Listing> OpenHumansClient::read_listing(const std::string& answer) const {
  const auto page = openhumans::parse_member_files(answer);
  if (!page) return tl::unexpected(page.error());
  Listing listing;
  for (const auto& file : page->data) {
    listing.places.emplace(upload_url(page->project_member_id, file.id), file.download_url);
  }
  if (page->next) {
    auto next = client::locate(options_.create_url, *page->next);
    if (!next) return tl::unexpected(next.error());
    // The next page is asked for with the credentials.
    if (!options_.may_lead_to(*next)) {
      return failure("next", "leads to another host or port", "see --trust-origin");
    }
    listing.next = get(*std::move(next));
  }
  return listing;
}

http::Form OpenHumansClient::form_of(const std::string& url) {
  const std::size_t mark = std::min(url.find('#'), url.size());
  const std::size_t member = std::min(url.find('=') + 1, mark);
  return {{"project_member_id",
           http::percent_decode(url.substr(member, mark - member)).value_or(std::string{})},
          {"file_id", url.substr(std::min(mark + 1, url.size()))}};
}

LoadRequest OpenHumansClient::look(const std::string& url) const {
  return openhumans_form(url_of("files/upload/complete"), form_of(url));
}

std::optional<LoadRequest> OpenHumansClient::removal(const std::string& url) const {
  return openhumans_form(url_of("files/delete"), form_of(url));
}

std::optional<std::string> OpenHumansClient::told_size(
    const transport::LoadResponse& answer) const {
  const auto completed = openhumans::parse_completed(answer.body);
  if (!completed) return std::nullopt;
  return std::to_string(completed->size);
}

LoadRequest OpenHumansClient::download(const std::string& url) const { return get(url); }

SystemKind openhumans_system() {
  return {
      "openhumans",
      "does not resume: what is cut begins again",
      {{{member_flag, "ID", "project_member_id that files are for; of several, each in its turn",
         "Options", "", settings::Times::often},
        settings::not_empty,
        /*refused_elsewhere=*/true},
       {{call_flag, "direct|simple", "by a URL of the storage, or as one form [direct]"},
        read_call,
        /*refused_elsewhere=*/true}},
      make_openhumans};
}

}  // namespace loadgen
