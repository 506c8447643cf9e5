#include "lane/lanes.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>
#include <utility>

#include "auth/auth.hpp"
#include "files/files.hpp"
#include "files/input.hpp"
#include "http/addressed.hpp"
#include "lane/lane_config_json.hpp"
#include "lane/listen_address.hpp"
#include "loop/trouble.hpp"
#include "misbehave/interceptor.hpp"
#include "record/server_metrics.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_limit = 64;
constexpr std::chrono::minutes look_for_idle{1};
constexpr auto name_rule = "is no lane's name: 1 to 64 letters, digits, '-', '_' and '.'";

/// For a request that is in no lane: answers why.
class Refusal final : public LanePass {
 public:
  Refusal(int status, std::string why) : LanePass(nullptr), status_(status), why_(std::move(why)) {}
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request&, Intercept*) const override {
    return bodiless([reply = text_reply(status_, why_ + "\n")](const Request&) { return reply; });
  }

 private:
  int status_;
  std::string why_;
};

/// "/_lane/NAME/rest" -> "NAME".
std::string_view name_in_prefix(std::string_view path) {
  const auto rest = path.substr(lane_prefix.size());
  return rest.substr(0, rest.find('/'));
}

void cut_prefix(Request& request, std::size_t length) {
  request.mount = request.path.substr(0, length);
  request.path.erase(0, length);
  if (request.path.empty()) request.path = "/";
}

/// nullptr: the request is in no lane.
MockLane* lane_of(const Request& request) {
  return request.admission ? static_cast<const LanePass&>(*request.admission).lane() : nullptr;
}

/// What a profile says takes the place of defaults, not of what was configured.
Limits limits_of(Limits limits, const HttpOptions& http) {
  const Limits defaults;
  if (limits.header_bytes == defaults.header_bytes && http.header_bytes)
    limits.header_bytes = *http.header_bytes;
  if (limits.target_bytes == defaults.target_bytes && http.target_bytes)
    limits.target_bytes = *http.target_bytes;
  if (http.header_lines) limits.header_lines = *http.header_lines;
  return limits;
}

}  // namespace

bool is_lane_name(std::string_view name) {
  return !name.empty() && name.size() <= name_limit && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

MockLanes::~MockLanes() = default;

Result<std::unique_ptr<MockLanes>> MockLanes::make(LaneGround ground, LaneNetwork network,
                                                   const LaneConfig& config) {
  std::unique_ptr<MockLanes> lanes(new MockLanes(std::move(ground), std::move(network)));
  auto made = MockLane::make(lanes->ground_, "", config);
  if (!made) return tl::unexpected(made.error());
  lanes->main_ = *std::move(made);
  return lanes;
}

// ---- opening and closing

Lane* MockLanes::find(const std::string& name) {
  if (name.empty()) return main_.get();
  const auto found = lanes_.find(name);
  return found == lanes_.end() ? nullptr : found->second.get();
}

bool MockLanes::is_taken(const std::string& name) const {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return name.empty();
  return found->second->origin() == LaneOrigin::declared || found->second->holds_something();
}

std::vector<std::string> MockLanes::names() const {
  std::vector<std::string> names{""};
  for (const auto& [name, lane] : lanes_) names.push_back(name);
  return names;
}

Result<std::string> MockLanes::listen_for(const MockLane& lane) {
  auto address = parse_listen_address(lane.config().listen);
  if (!address) return tl::unexpected(address.error());
  ListenOptions options = network_.listen;
  options.host = std::move(address->host);
  options.port = address->port;
  options.lane = lane.name();
  options.limits = limits_of(lane.config().limits, lane.http());
  options.http = lane.http();
  Application* application = this;
  if (network_.gate) {
    gates_.push_back(network_.gate(options.host, *this));
    application = gates_.back().get();
  }
  return network_.server.listen(options, *application, this, this);
}

Result<void> MockLanes::listen() {
  auto url = listen_for(*main_);
  if (!url) return tl::unexpected(url.error());
  main_->listens_at(*std::move(url));
  return main_->reached_at(main_->url());
}

/// Opens the lanes that the store still has and that hold something, and learns which of its
/// uploads are theirs.
void MockLanes::recover() {
  if (!ground_.folder) return;
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(*ground_.folder / lanes_folder, error), end; entry != end;
       entry.increment(error)) {
    auto name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored) && is_lane_name(name)) names.push_back(std::move(name));
  }
  if (names.empty()) return;
  const auto ids = ground_.store.list();
  if (!ids && ground_.log) {
    ground_.log("the uploads of lanes are not listed: " + ids.error().detail);
  }
  for (const auto& id : ids.value_or(std::vector<std::string>{})) {
    if (const auto upload = ground_.store.find(id)) ground_.index.add(id, upload->lane);
  }
  for (const auto& name : names) {
    if (lanes_.contains(name)) continue;
    const auto folder = *ground_.folder / lanes_folder / name;
    if (!fs::exists(folder / config_file, error) && !ground_.index.has(name) &&
        !Auth::holds_tokens(folder / auth_folder, ground_.loop.now())) {
      clear_lane_folder(folder);
      continue;
    }
    if (auto opened = reopen(name); !opened && ground_.log) {
      ground_.log("lane " + name + " is not opened: " + opened.error().line());
    }
  }
}

/// As it was configured when it was opened; as the main lane when nothing was said then.
Result<void> MockLanes::reopen(const std::string& name) {
  const auto file = *ground_.folder / lanes_folder / name / config_file;
  std::error_code error;
  return fs::exists(file, error) ? open_from(name, file.string())
                                 : open_alike(name, "", LaneOrigin::named);
}

void MockLanes::start() {
  recover();
  started_ = true;
  main_->start();
  for (const auto& [name, lane] : lanes_) lane->start();
}

Result<void> MockLanes::open_alike(const std::string& name, const std::string& address) {
  return open_alike(name, address, LaneOrigin::declared);
}

Result<void> MockLanes::open_alike(const std::string& name, const std::string& address,
                                   LaneOrigin origin) {
  LaneConfig config = main_->config();
  config.listen = address;
  config.issuer.clear();  // else its tokens would be good in the main lane too
  return add(name, config, main_->content(), origin);
}

Result<void> MockLanes::open_from(const std::string& name, const std::string& file) {
  const auto text = read_input(file);
  if (!text) return tl::unexpected(text.error());
  auto config = json::decode(*text, file, [this](const json::Cursor& root) {
    return read_lane_config(root, main_->config(), ConfigWriter::us);
  });
  if (!config) return tl::unexpected(config.error());
  auto content = load(*config);
  if (!content) return tl::unexpected(content.error());
  return add(name, *config, *std::move(content), LaneOrigin::declared);
}

LaneSources MockLanes::sources() const {
  return {ground_.lane_files, main_->content(), main_->config()};
}

Result<std::shared_ptr<const LaneContent>> MockLanes::load(const LaneConfig& config) const {
  auto content = load_lane_content(config, sources());
  if (content) return *std::move(content);
  if (ground_.log && !content.error().detail.empty()) ground_.log(content.error().detail);
  return tl::unexpected(content.error().told);
}

Result<Lane*> MockLanes::open(const std::string& name, const LaneConfig& config) {
  auto content = load(config);
  if (!content) return tl::unexpected(content.error());
  return open(name, config, *std::move(content));
}

void MockLanes::open(const std::string& name, const LaneConfig& config,
                     std::function<void(Result<Lane*>)> done) {
  struct Work {
    LaneConfig config;
    LaneSources sources;
    Loaded<std::shared_ptr<const LaneContent>> content = {};
  };
  auto work = std::make_shared<Work>(Work{config, sources()});
  ground_.loop.background(
      [work] { work->content = load_lane_content(work->config, work->sources); },
      [this, name, work, done = std::move(done)](const std::exception_ptr& thrown) {
        if (thrown) {
          work->content = tl::unexpected(
              InputError{failure("lane " + quote(name), "could not be opened").value(),
                         trouble_of(thrown).text});
        }
        if (work->content) return done(open(name, work->config, *std::move(work->content)));
        const auto& error = work->content.error();
        if (ground_.log && !error.detail.empty()) ground_.log("lane " + name + ": " + error.detail);
        done(tl::unexpected(error.told));
      });
}

Result<Lane*> MockLanes::open(const std::string& name, const LaneConfig& config,
                              std::shared_ptr<const LaneContent> content) {
  if (auto added = add(name, config, std::move(content), LaneOrigin::declared); !added) {
    return tl::unexpected(added.error());
  }
  const auto& lane = *lanes_.find(name)->second;
  if (auto kept = lane.keep_config(main_->config()); !kept) {
    std::ignore = close(name);
    return tl::unexpected(kept.error());
  }
  return lanes_.find(name)->second.get();
}

Result<void> MockLanes::add(const std::string& name, const LaneConfig& config,
                            std::shared_ptr<const LaneContent> content, LaneOrigin origin) {
  if (!is_lane_name(name)) return failure("lane " + quote(name), name_rule);
  if (is_taken(name)) return failure("lane " + quote(name), "is there already", "close it first");
  if (origin == LaneOrigin::declared && is_full()) {
    return failure("lane " + quote(name),
                   "there are " + std::to_string(lane_limit) + " lanes already, which is the limit",
                   "close some");
  }
  // A lane that a request only named makes way.
  if (const auto named = lanes_.find(name); named != lanes_.end()) forget(named);
  auto made = MockLane::make(ground_, name, config, std::move(content), origin);
  if (!made) return tl::unexpected(made.error());
  const auto lane = *std::move(made);
  auto keys = keys_of(*lane);
  if (!keys) {
    lane->abandon();
    return tl::unexpected(keys.error());
  }
  if (auto reachable = make_reachable(*lane); !reachable) {
    lane->abandon();
    return reachable;
  }
  lanes_.emplace(name, lane);
  if (origin == LaneOrigin::declared) ++declared_;
  for (auto& key : *keys) lanes_of_keys_.emplace(std::move(key), name);
  if (started_) lane->start();
  return {};
}

/// Without keys that the lane has only because the main lane has them: they are good there too.
Result<std::vector<std::string>> MockLanes::keys_of(const MockLane& lane) const {
  std::vector<std::string> keys;
  const auto of_main = main_->access_keys();
  for (auto& key : lane.access_keys()) {
    if (!key.names_lane) continue;
    const auto same = std::ranges::find(of_main, key.id, &AccessKey::id);
    if (same != of_main.end() && same->names_lane) continue;
    const auto other = lanes_of_keys_.find(key.id);
    if (same != of_main.end() || other != lanes_of_keys_.end()) {
      return failure("access key " + quote(key.id),
                     other == lanes_of_keys_.end()
                         ? "is one of the main lane's"
                         : "names lane " + quote(other->second) + " already",
                     "give each lane keys of its own");
    }
    keys.push_back(std::move(key.id));
  }
  return keys;
}

Result<void> MockLanes::make_reachable(MockLane& lane) {
  if (lane.config().listen.empty()) {
    return lane.reached_at(main_->url() + std::string(lane_prefix) + lane.name());
  }
  auto url = listen_for(lane);
  if (!url) return tl::unexpected(url.error());
  auto known = lane.reached_at(*url);
  if (!known) network_.server.unlisten(*url, OpenConnections::finish);
  lane.listens_at(*std::move(url));
  return known;
}

Result<void> MockLanes::close(const std::string& name) {
  if (name.empty()) return failure("lane \"\"", "the main lane cannot be closed", "reset it");
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return failure("lane " + quote(name), "there is no such lane");
  const auto lane = found->second;
  lanes_.erase(found);
  if (lane->origin() == LaneOrigin::declared) --declared_;
  std::erase_if(lanes_of_keys_, [&](const auto& entry) { return entry.second == name; });
  if (!lane->url().empty()) {
    network_.server.unlisten(lane->url(), OpenConnections::finish);
  }
  lane->close();
  return {};
}

// ---- which lane a request is in

std::shared_ptr<Admission> MockLanes::pass_to(const std::shared_ptr<MockLane>& lane) const {
  // The main lane is always there, so nothing has to be counted for it.
  if (lane == main_) return {std::shared_ptr<void>{}, &lane->pass};
  return {lane, &lane->pass};
}

/// A lane that a client names; opened if need be.
std::shared_ptr<Admission> MockLanes::enter(std::string_view name) {
  auto found = lanes_.find(name);
  if (found == lanes_.end()) {
    if (!is_lane_name(name)) {
      return std::make_shared<Refusal>(400, quote(name) + " " + name_rule);
    }
    if (auto refusal = open_named(std::string(name))) return refusal;
    found = lanes_.find(name);
  }
  if (found->second->origin() == LaneOrigin::named) found->second->used(ground_.loop.now());
  return pass_to(found->second);
}

const std::string* MockLanes::lane_of_key(const Request& request) const {
  if (lanes_of_keys_.empty()) return nullptr;
  const auto key = claimed_key(request);
  const auto found = key ? lanes_of_keys_.find(*key) : lanes_of_keys_.end();
  return found == lanes_of_keys_.end() ? nullptr : &found->second;
}

std::shared_ptr<Admission> MockLanes::open_named(const std::string& name) {
  make_room();
  if (named() >= lane_limit) {
    return std::make_shared<Refusal>(
        429, "there are " + std::to_string(lane_limit) +
                 " lanes already that requests named and that hold something; close some, or "
                 "declare this one (PUT /_mock/lanes)");
  }
  if (const auto opened = open_alike(name, "", LaneOrigin::named); !opened) {
    if (ground_.log) ground_.log("lane " + name + " is not opened: " + opened.error().line());
    return std::make_shared<Refusal>(is_disk_full(opened.error()) ? 507 : 500,
                                     "the lane cannot be opened; the log of the server says why");
  }
  watch_idle();
  return nullptr;
}

// ---- forgetting lanes that requests named

/// Forgets the one used longest ago when there are enough that hold nothing.
void MockLanes::make_room() {
  if (named() < spare_lanes) return;
  std::size_t spare = 0;
  auto longest = lanes_.end();
  for (auto at = lanes_.begin(); at != lanes_.end(); ++at) {
    const auto& lane = *at->second;
    // A request that is under way holds it.
    if (lane.origin() != LaneOrigin::named || at->second.use_count() > 1) continue;
    if (lane.holds_something()) continue;
    ++spare;
    if (longest == lanes_.end() || lane.last_used() < longest->second->last_used()) longest = at;
  }
  if (spare >= spare_lanes || (spare > 0 && named() >= lane_limit)) forget(longest);
}

void MockLanes::forget(Map::iterator lane) {
  const auto forgotten = lane->second;
  lanes_.erase(lane);
  forgotten->forget();
}

void MockLanes::forget_idle() {
  const auto before = ground_.loop.now() - spare_time;
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    const auto next = std::next(at);
    const auto& lane = *at->second;
    if (lane.origin() == LaneOrigin::named && at->second.use_count() == 1 &&
        lane.last_used() <= before && !lane.holds_something()) {
      forget(at);
    }
    at = next;
  }
  idle_.reset();
  if (named() > 0) watch_idle();
}

void MockLanes::watch_idle() {
  if (idle_) return;
  idle_ = ground_.loop.after(look_for_idle, [this] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    ground_.loop.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) forget_idle();
    });
  });
}

void MockLanes::admit(Request& request) {
  if (request.admission) {
    // Rules edited it. It stays in its lane.
    if (!request.mount.empty() && request.path.starts_with(request.mount) &&
        (request.path.size() == request.mount.size() ||
         request.path[request.mount.size()] == '/')) {
      cut_prefix(request, request.mount.size());
    }
  } else {
    request.admission = admission_of(request);
  }
  auto* const lane = lane_of(request);
  if (lane == nullptr) {
    // For the log.
    request.addressed = address(request, main_->routes());
    return;
  }
  request.lane = lane->name();
  lane->application().admit(request);
}

/// Cuts a prefix that names a lane off the path.
std::shared_ptr<Admission> MockLanes::admission_of(Request& request) {
  if (request.lane == no_lane) request.lane.clear();
  if (!request.lane.empty()) {
    const auto found = lanes_.find(request.lane);
    if (found != lanes_.end()) return pass_to(found->second);
    return std::make_shared<Refusal>(404, "this lane was closed");
  }
  if (request.path.starts_with(lane_prefix)) {
    const auto name = name_in_prefix(request.path);
    auto admission = enter(name);
    cut_prefix(request, lane_prefix.size() + name.size());
    return admission;
  }
  if (const auto named = request.fields.joined(lane_header)) return enter(*named);
  if (const auto* const name = lane_of_key(request)) return enter(*name);
  if (ground_.index.empty()) return pass_to(main_);
  main_->application().admit(request);
  const auto& addressed = request.addressed;
  const auto* const name =
      addressed.route.names_upload() ? ground_.index.lane_of(addressed.id) : nullptr;
  return name != nullptr ? enter(*name) : pass_to(main_);
}

std::unique_ptr<Handler> MockLanes::handler_for(const Request& request, Intercept* intercept) {
  return request.admission->handler_for(request, intercept);
}

void MockLanes::add_cors(const Request& request, Reply& reply) const {
  request.admission->add_cors(request, reply);
}

std::unique_ptr<Intercept> MockLanes::begin(const Request& request) {
  auto* const lane = lane_of(request);
  return lane != nullptr ? lane->rules().begin(request) : nullptr;
}

ConnectionPlan MockLanes::on_connection(const std::string& lane, std::uint64_t ordinal) {
  auto* const found = find(lane);
  return found != nullptr ? found->rules().on_connection(lane, ordinal) : ConnectionPlan{};
}

TlsPlan MockLanes::on_hello(const std::string& lane, std::uint64_t ordinal,
                            std::optional<std::string_view> server_name) {
  auto* const found = find(lane);
  return found != nullptr ? found->rules().on_hello(lane, ordinal, server_name) : TlsPlan{};
}

void MockLanes::on_exchange(const ExchangeRecord& record) {
  if (network_.log != nullptr) network_.log->on_exchange(record);
  // A head that could not be read was not admitted anywhere: its listener's lane answered it.
  if (!record.request.admission) {
    if (const auto found = lanes_.find(record.request.lane); found != lanes_.end()) {
      return found->second->on_exchange(record);
    }
    return main_->on_exchange(record);
  }
  auto* const lane = lane_of(record.request);
  if (lane == nullptr) return;
  lane->on_exchange(record);
  if (lane->let_nobody_in()) forget_refused(*lane);
}

/// Forgets a lane that let nobody in, unless it holds something or other requests are in it.
void MockLanes::forget_refused(const MockLane& lane) {
  const auto found = lanes_.find(lane.name());
  // The request that ends holds it too.
  if (found == lanes_.end() || found->second.get() != &lane || found->second.use_count() > 2)
    return;
  if (!lane.holds_something()) forget(found);
}

void MockLanes::on_connections(std::size_t open) { main_->on_connections(open); }

}  // namespace mock
