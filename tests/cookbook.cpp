#include "cookbook.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace cookbook {
namespace {

using nlohmann::json;
using transport::Exchange;

const std::string file = std::string(DEX_GUIDES) + "/cookbook.md";

[[noreturn]] void fail(const Entry& entry, const std::string& what) {
  throw std::runtime_error("cookbook.md:" + std::to_string(entry.line) + ": " + entry.heading +
                           ": " + what);
}

void add_links(const std::string& line, std::vector<std::string>& links) {
  static const std::regex link(R"(\]\((https://[^)]+)\))");
  for (std::sregex_iterator at(line.begin(), line.end(), link), end; at != end; ++at)
    links.push_back((*at)[1]);
}

/// The flags of "Start with `...`" in a line of the guide; empty when there is none.
std::vector<std::string> flags_in(const std::string& line) {
  static const std::regex start("Start with `([^`]+)`");
  std::smatch found;
  std::istringstream words(std::regex_search(line, found, start) ? found[1].str() : "");
  std::vector<std::string> flags;
  for (std::string word; words >> word;) flags.push_back(word);
  return flags;
}

void check(const Entry& entry) {
  if (entry.links.empty()) fail(entry, "names no report");
  const auto lines = std::count(entry.rule.begin(), entry.rule.end(), '\n');
  if (lines < 1 || lines > 10) fail(entry, "has a rule of " + std::to_string(lines) + " lines");
  if (json::parse(entry.rule, nullptr, false).is_discarded()) fail(entry, "has no JSON");
}

/// The lane's configuration: profile "tus" unless the flags say otherwise, and a listener of its
/// own if the rule acts on connections.
json configuration_of(const Entry& entry) {
  json config = {{"profile", "tus"}};
  for (std::size_t i = 0; i + 1 < entry.flags.size(); i += 2) {
    auto key = entry.flags[i].substr(2);
    std::replace(key.begin(), key.end(), '-', '_');
    if (key != "tls_self_signed") config[key] = entry.flags[i + 1];
  }
  if (entry.rule.find("\"control\"") != std::string::npos) config["listen"] = "127.0.0.1:0";
  return config;
}

transport::ClientOptions options_of(const transport::TlsOptions& tls) {
  transport::ClientOptions options;
  options.tls = tls;
  options.connect_timeout = patience;  // a request's own timeout ends the wait
  return options;
}

}  // namespace

std::vector<std::string> guide() {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + " cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Entry> entries() {
  std::vector<Entry> all;
  bool open = false;  // within a situation
  bool in_rule = false;
  int number = 0;
  for (const auto& line : guide()) {
    ++number;
    if (in_rule) {
      in_rule = line != "```";
      if (in_rule) all.back().rule += line + "\n";
    } else if (line.starts_with("### ")) {
      all.push_back({line.substr(4), {}, {}, {}, number});
      open = true;
    } else if (line.starts_with("## ")) {
      open = false;
    } else if (open) {
      in_rule = line == "```json";
      add_links(line, all.back().links);
      if (auto flags = flags_in(line); !flags.empty()) all.back().flags = std::move(flags);
    }
  }
  for (const auto& entry : all) check(entry);
  return all;
}

Lane::Lane(const programs::Mock& mock, const transport::TlsOptions& tls, const std::string& name,
           const Entry& entry, bool with_rule)
    : client_(options_of(tls)),
      tls_(tls),
      control_(mock.url() + "/_lane/" + name + "/_mock/"),
      url_(mock.url() + "/_lane/" + name),
      with_rule_(with_rule) {
  const http::Fields as_json{{"Content-Type", "application/json"}};
  const auto opened =
      send("PUT", mock.url() + "/_mock/lanes/" + name, as_json, configuration_of(entry).dump());
  if (told(opened) != "201") fail(entry, "no lane: " + transport::transcript(opened));
  const auto about = json::parse(opened.response->body);
  if (about.at("listener").is_string()) url_ = about.at("listener");
  if (!with_rule) return;
  const auto loaded = send("POST", control_ + "rules", as_json, entry.rule);
  if (told(loaded) != "201") fail(entry, "refused: " + transport::transcript(loaded));
}

std::string Lane::authority() const {
  const auto host = url_.find("//") + 2;
  return url_.substr(host, url_.find('/', host) - host);
}

std::string Lane::path(const std::string& target) const {
  const auto mount = url_.find('/', url_.find("//") + 2);
  return (mount == std::string::npos ? "" : url_.substr(mount)) + target;
}

Exchange Lane::send(const std::string& method, const std::string& target, http::Fields headers,
                    std::optional<std::string> body, Milliseconds timeout) {
  transport::Request request;
  request.method = method;
  request.url = target;
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.timeout = timeout;
  return send(std::move(request));
}

Exchange Lane::send(transport::Request request) {
  if (!request.url.starts_with("http")) request.url = url_ + request.url;
  request.fresh_connection = true;  // what happens to one request is not seen by another
  request.body_limit = Bytes{16UL << 20U};
  return client_.send(request);
}

transport::RawConnection Lane::open() const {
  return transport::RawConnection::open(url_, tls_, patience).value();
}

transport::RawConnection Lane::begin(std::string_view method, const std::string& target,
                                     http::Fields headers, std::string_view bytes) {
  auto connection = open();
  headers.add("Host", authority());
  const auto head = transport::request_head(method, target, headers);
  const auto sent = connection.send(head + std::string(bytes), patience);
  if (!sent) throw std::runtime_error("not sent to " + url_);
  return connection;
}

json Lane::ask(const std::string& what) {
  const auto answer = send("GET", control_ + what);
  return answer.response ? json::parse(answer.response->body, nullptr, false) : json();
}

json Lane::tell(const std::string& what, const json& body) {
  const auto answer =
      send("POST", control_ + what, {{"Content-Type", "application/json"}}, body.dump());
  return answer.response ? json::parse(answer.response->body, nullptr, false) : json();
}

void Lane::forget_rules() { send("DELETE", control_ + "rules"); }

std::string told(const Exchange& exchange) {
  if (exchange.response && !exchange.failure) return std::to_string(exchange.response->status);
  const auto failure =
      exchange.failure ? std::string(to_string(exchange.failure->kind)) : "no answer";
  return exchange.response ? std::to_string(exchange.response->status) + " and " + failure
                           : failure;
}

std::string told(const transport::RawConnection::Read& read) {
  using Seen = transport::RawConnection::Seen;
  switch (read.seen) {
    case Seen::response:
      return std::to_string(read.response->status);
    case Seen::closed:
      return "closed";
    case Seen::reset:
      return "reset";
    case Seen::timeout:
      return "timeout";
    case Seen::malformed:
      return "malformed";
  }
  return "";
}

std::string field(const Exchange& exchange, std::string_view name) {
  return exchange.response ? std::string(exchange.response->headers.find(name).value_or("")) : "";
}

bool page_may_read(const Exchange& exchange, std::string_view name) {
  if (!exchange.response) return false;
  const auto& headers = exchange.response->headers;
  const auto allowed = headers.all("Access-Control-Allow-Origin");
  if (allowed.size() != 1) return false;
  static const http::Fields always{
      {"Cache-Control", ""}, {"Content-Language", ""}, {"Content-Length", ""}, {"Content-Type", ""},
      {"Expires", ""},       {"Last-Modified", ""},    {"Pragma", ""}};
  return name.empty() || always.has(name) ||
         headers.has_token("Access-Control-Expose-Headers", name);
}

TusUpload::TusUpload(Lane& lane, std::size_t length)
    : lane_(lane), bytes_(programs::payload(0, length)), more_{{"Tus-Resumable", "1.0.0"}} {}

TusUpload& TusUpload::with(const http::Fields& more) {
  for (const auto& [name, value] : more) more_.set(name, value);
  return *this;
}

TusUpload& TusUpload::waiting(Milliseconds timeout) {
  timeout_ = timeout;
  return *this;
}

TusUpload& TusUpload::create(const http::Fields& more) {
  auto fields = more_;
  if (!more.has("Upload-Length")) fields.add("Upload-Length", std::to_string(bytes_.size()));
  for (const auto& [name, value] : more) fields.add(name, value);
  take("POST", lane_.send("POST", "/files", fields, std::nullopt, timeout_));
  if (const auto location = field(last_, "Location"); !location.empty()) url_ = location;
  return *this;
}

http::Fields TusUpload::patch_fields() const {
  auto fields = more_;
  fields.add("Upload-Offset", std::to_string(offset_));
  fields.add("Content-Type", "application/offset+octet-stream");
  return fields;
}

TusUpload& TusUpload::patch(std::size_t size, const http::Fields& more) {
  auto fields = patch_fields();
  for (const auto& [name, value] : more) fields.add(name, value);
  const bool as_post = more.has("X-HTTP-Method-Override");
  return take("PATCH", lane_.send(as_post ? "POST" : "PATCH", url_, fields, next(size), timeout_));
}

TusUpload& TusUpload::patch_chunked(std::size_t size) {
  transport::Request request;
  request.method = "PATCH";
  request.url = url_;
  request.headers = patch_fields();
  request.body = next(size);
  request.chunked = true;
  return take("PATCH", lane_.send(std::move(request)));
}

std::string TusUpload::path() const { return url_.substr(url_.find('/', url_.find("//") + 2)); }

TusUpload& TusUpload::head(const std::string& more) {
  return take("HEAD", lane_.send("HEAD", url_ + more, more_, std::nullopt, timeout_));
}

TusUpload& TusUpload::send(std::size_t size, int failures) {
  while (offset_ < bytes_.size()) {
    knows_ ? patch(size) : head();
    if (!knows_ && failures-- == 0) break;
  }
  return *this;
}

TusUpload& TusUpload::note(const std::string& step) {
  seen_ += (seen_.empty() ? "" : ", ") + step;
  return *this;
}

TusUpload& TusUpload::take(const std::string& method, Exchange exchange) {
  last_ = std::move(exchange);
  auto step = method + " " + told(last_);
  const auto offset = field(last_, "Upload-Offset");
  const bool good = last_.response && last_.response->status / 100 == 2;
  if (good && method != "POST") step += offset.empty() ? " at nothing" : " at " + offset;
  const bool number = !offset.empty() && std::all_of(offset.begin(), offset.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
  knows_ = good && (number || method == "POST");
  if (good && number) offset_ = std::min(std::stoul(offset), bytes_.size());
  return note(step);
}

}  // namespace cookbook
