#include "lane/mock_lane.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "auth/auth.hpp"
#include "files/files.hpp"
#include "lane/application.hpp"
#include "lane/lane_config_json.hpp"
#include "lane/listen_address.hpp"
#include "misbehave/interceptor.hpp"
#include "profile/profile.hpp"
#include "record/journal.hpp"
#include "record/server_metrics.hpp"
#include "store/locks.hpp"
#include "system/identity_routes.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

constexpr auto deliveries_folder = "deliveries";

/// Of a lane beside the main one: there may be a thousand of them.
constexpr Journal::Limits lane_journal{4'000, Bytes{4UL << 20U}};
/// Of one that anybody may have opened.
constexpr Journal::Limits named_journal{4'000, Bytes{1UL << 20U}};

Journal::Limits journal_limits(const std::string& name, LaneOrigin origin) {
  if (name.empty()) return {};
  return origin == LaneOrigin::named ? named_journal : lane_journal;
}

/// How many uploads are removed or looked at before requests get their turn.
constexpr std::size_t handful = 64;
/// How soon a store that could not be listed is asked again.
constexpr Milliseconds after_failure{5'000};

bool is_control(const Request& request) { return request.path.starts_with("/_mock/"); }

}  // namespace

void clear_lane_folder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder / auth_folder, ignored);
  fs::remove(folder / rules_file, ignored);
  // These stay unless they are empty.
  fs::remove(folder / deliveries_folder, ignored);
  fs::remove(folder, ignored);
}

MockLane::MockLane(const LaneGround& ground, std::string name, LaneConfig config,
                   std::shared_ptr<const LaneContent> content, LaneOrigin origin)
    : ground_(ground),
      name_(std::move(name)),
      config_(std::move(config)),
      content_(std::move(content)),
      origin_(origin),
      let_in_(origin == LaneOrigin::declared || config_.auth == AuthMode::none),
      clock_(ground.loop),
      store_(ground.store, ground.index, name_, clock_, ground.notify, [this] { return hold(); }),
      services_{store_, ground_.locks, clock_},
      journal_(std::make_unique<Journal>(journal_limits(name_, origin))),
      metrics_(std::make_unique<ServerMetrics>()) {}

MockLane::~MockLane() = default;

std::unique_ptr<Handler> LanePass::handler_for(const Request& request, Intercept* intercept) const {
  return lane_->application().handler_for(request, intercept);
}

void LanePass::add_cors(const Request& request, Reply& reply) const {
  if (lane_ != nullptr) lane_->application().add_cors(request, reply);
}

Result<std::shared_ptr<MockLane>> MockLane::make(const LaneGround& ground, std::string name,
                                                 LaneConfig config) {
  LaneSources sources;
  sources.folder = ground.lane_files;
  auto content = load_lane_content(config, sources);
  if (!content) {
    if (ground.log && !content.error().detail.empty()) ground.log(content.error().detail);
    return tl::unexpected(content.error().told);
  }
  return make(ground, std::move(name), std::move(config), *std::move(content));
}

Result<std::shared_ptr<MockLane>> MockLane::make(const LaneGround& ground, std::string name,
                                                 LaneConfig config,
                                                 std::shared_ptr<const LaneContent> content,
                                                 LaneOrigin origin) {
  std::shared_ptr<MockLane> lane(
      new MockLane(ground, std::move(name), std::move(config), std::move(content), origin));
  if (auto composed = lane->compose(); !composed) {
    lane->abandon();
    return lane->told(composed.error());
  }
  return lane;
}

/// Who opens a lane by a request is not told where the server keeps it.
tl::unexpected<Error> MockLane::told(const Error& error) const {
  const auto state = folder();
  if (name_.empty() || !state || !error.where.starts_with(state->string())) {
    return tl::unexpected(error);
  }
  if (ground_.log) ground_.log("lane " + name_ + ": " + error.line());
  return failure({}, "the lane's state cannot be kept: " + error.what);
}

Application& MockLane::application() { return *application_; }

std::optional<fs::path> MockLane::folder() const {
  if (!ground_.folder) return std::nullopt;
  return name_.empty() ? *ground_.folder : *ground_.folder / lanes_folder / name_;
}

// ---- composition

Result<void> MockLane::compose() {
  http_ = http_options_of(config_, *content_->profile);
  if (origin_ == LaneOrigin::declared) {
    if (auto made = make_folder(); !made) return made;
  }
  if (auto made = make_auth(); !made) return made;
  if (auto made = make_systems(); !made) return made;
  if (auto made = make_rules(); !made) return made;

  MockApplication::Parts parts{http_, routes_, systems_, *auth_, services_, config_.early_error,
                               {}};
  if (ground_.control) {
    parts.control = [this](const Request& request) {
      const bool reads = request.method == "GET" || request.method == "HEAD";
      if (is_control(request) && !reads) changed_ = true;
      return ground_.control(request, *this);
    };
  }
  application_ = std::make_unique<MockApplication>(std::move(parts));
  return {};
}

Result<void> MockLane::make_rules() {
  misbehave::RuleOptions rule_options;
  rule_options.seed = config_.seed;
  for (const auto& system : systems_) rule_options.server_metadata.merge(system->server_metadata());
  rule_options.system_of = [this](const RouteMatch& match) {
    return application_->system_of(match);
  };
  rule_options.crash = [] { ::kill(::getpid(), SIGKILL); };
  rule_options.revoke_token = [this](const std::string& token) {
    if (auto revoked = auth_->revoke(token); !revoked && ground_.log) {
      ground_.log("a token could not be revoked: " + revoked.error().line());
    }
  };
  rule_options.valid_token = [this] {
    const auto minted = auth_->mint({});
    return minted ? minted->access_token : std::string{};
  };
  if (ground_.fired) {
    rule_options.fired = [this](const std::string& rule, const std::string& upload) {
      ground_.fired(rule, upload, name_);
    };
  }
  rule_options.warn = ground_.log;
  rule_options.keeps_bytes = ground_.keeps_bytes;
  if (const auto state = folder()) {
    rule_options.kept = [this, file = *state / rules_file] { return recall_rules(file); };
    rule_options.keep = [this, file = *state / rules_file](const std::string& text) {
      keep_rules(file, text);
    };
  }
  rule_options.control_at_stake = control_at_stake();
  if (ground_.outage) {
    rule_options.outage = [this](Milliseconds duration) { ground_.outage(name_, duration); };
  }
  if (ground_.unanswered && ground_.answer_again) {
    rule_options.unanswered = [this](Milliseconds time) { ground_.unanswered(name_, time); };
    rule_options.answer_again = [this] { ground_.answer_again(name_); };
  }
  rules_ = std::make_unique<misbehave::RuleInterceptor>(std::move(rule_options), services_);
  if (auto added = rules_->add(*content_->misbehaviours); !added) return added;
  for (const auto& system : systems_) system->use(*rules_);
  return {};
}

std::optional<std::string> MockLane::recall_rules(const fs::path& file) const {
  auto text = read_file(file);
  if (text) return *std::move(text);
  if (ground_.log) ground_.log("what rules left is forgotten: " + text.error().line());
  return std::nullopt;
}

void MockLane::keep_rules(const fs::path& file, const std::string& text) const {
  std::error_code ignored;
  if (text.empty()) {
    fs::remove(file, ignored);
    return;
  }
  const auto kept = replace_file(file, text, FileAccess::owner);
  if (!kept && ground_.log) ground_.log("what rules leave is not kept: " + kept.error().line());
}

/// Rules about connections act on the lane's own listener only.
bool MockLane::control_at_stake() const {
  if (!ground_.serves_control || config_.listen.empty()) return false;
  const auto address = parse_listen_address(config_.listen);
  return address && ground_.serves_control(address->host);
}

/// By its folder a lane is known after a restart.
Result<void> MockLane::make_folder() {
  const auto state = folder();
  std::error_code error;
  if (state) new_ = fs::create_directories(*state, error);
  if (error) return failure(state->string(), "the folder cannot be created: " + error.message());
  on_disk_ = true;
  return {};
}

/// Called before its first upload.
StoreResult<void> MockLane::hold() {
  if (on_disk_) return {};
  if (auto made = make_folder(); !made) {
    if (ground_.log) ground_.log("lane " + name_ + ": " + made.error().line());
    const auto kind =
        is_disk_full(made.error()) ? StoreError::Kind::no_space : StoreError::Kind::io;
    return tl::unexpected(StoreError{kind, "the lane's folder cannot be created"});
  }
  return {};
}

bool MockLane::holds_something() const {
  return changed_ || ground_.index.has(name_) || auth_->holds_tokens();
}

Result<void> MockLane::make_auth() {
  AuthOptions options;
  options.mode = config_.auth;
  options.users = content_->users;
  if (const auto state = folder()) options.state_folder = *state / auth_folder;
  if (origin_ == LaneOrigin::named) {
    options.keep_when_needed = true;
    options.shared_guesses = ground_.guesses;
    options.shared_clock = &ground_.loop;
  }
  options.issuer = config_.issuer;
  options.lifetime = config_.token_lifetime;
  options.secure = config_.secure;
  options.guide = config_.contract == Contract::guide;
  options.notify = notices();
  auto made = Auth::make(std::move(options), clock_);
  if (!made) return tl::unexpected(made.error());
  auth_ = *std::move(made);
  return {};
}

/// For rooms that know of no lane.
Notify MockLane::notices() const {
  if (!ground_.notify) return {};
  return [notify = ground_.notify, name = name_](Notice notice) {
    notice.lane = name;
    notify(notice);
  };
}

Result<void> MockLane::reached_at(const std::string& url) {
  auto kept = auth_->served_at(url);
  return kept ? kept : told(kept.error());
}

Result<void> MockLane::make_systems() {
  SystemGround ground{services_, SystemValues{content_->profile->offered, config_.systems,
                                              content_->systems, config_.early_error,
                                              config_.secure, config_.contract == Contract::guide}};
  if (config_.auth == AuthMode::jwt) {
    ground.issuer = [auth = auth_.get()] { return auth->issuer(); };
  }
  ground.store_folder = ground_.folder;
  if (const auto state = folder()) ground.delivery_folder = *state / deliveries_folder;
  // Not again for each lane that a request opens.
  ground.warns = origin_ == LaneOrigin::declared;
  ground.notify = notices();
  for (const auto& name : content_->profile->systems) {
    const auto* const system = registered_system(name);
    if (system == nullptr) return failure("system " + quote(name), "cannot be made");
    auto made = system->make(ground);
    if (!made) return tl::unexpected(made.error());
    systems_.push_back(*std::move(made));
    for (const auto& patterns : systems_.back()->routes()) {
      if (auto added = routes_.add(patterns); !added) return added;
    }
  }
  for (const auto& patterns :
       std::initializer_list<std::span<const RoutePattern>>{identity_routes, own_routes}) {
    if (auto added = routes_.add(patterns); !added) return added;
  }
  // Endpoints of other systems are 404 here, and called by their names all the same.
  for (const auto& other : registered_systems()) {
    for (const auto& pattern : other.routes) static_cast<void>(routes_.add({&pattern, 1}));
  }
  return {};
}

// ---- its life

void MockLane::start() {
  list_uploads();
  for (const auto& system : systems_) system->start();
  clock_.on_advance([this] {
    for (const auto& system : systems_) system->catch_up();
    rules_->catch_up();
  });
}

void MockLane::list_uploads() {
  if (store_.start()) return look_at_uploads({});
  list_again_ = clock_.after(after_failure, [this] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    clock_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) list_uploads();
    });
  });
}

/// So that those of an earlier run are counted.
void MockLane::look_at_uploads(const std::string& after) {
  const auto next = store_.look_at_some(after, handful);
  if (next.empty()) return;
  clock_.post([this, next, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) look_at_uploads(next);
  });
}

void MockLane::on_exchange(const ExchangeRecord& record) {
  constexpr std::array refusals{0, 401, 403, 404, 405, 429};
  let_in_ = let_in_ || std::ranges::count(refusals, record.status) == 0;
  journal_->on_exchange(record);
  metrics_->on_exchange(record);
  for (const auto& system : systems_) system->on_exchange(record);
}

void MockLane::on_connections(std::size_t open) {
  metrics_->on_connections(open);
  for (const auto& system : systems_) system->on_connections(open);
}

std::string MockLane::system_metrics() const {
  std::string text;
  for (const auto& system : systems_) text += system->metrics();
  return text;
}

std::vector<AccessKey> MockLane::access_keys() const {
  std::vector<AccessKey> all;
  for (const auto& system : systems_) {
    std::ranges::move(system->access_keys(), std::back_inserter(all));
  }
  return all;
}

void MockLane::removed(const Upload& upload) {
  for (const auto& system : systems_) system->removed(upload);
}

void MockLane::remove_one() {
  const auto id = store_.some_condemned();
  // Whoever writes to it answers and lets go.
  const auto lease = ground_.locks.acquire(id, {});
  if (const auto gone = store_.remove_condemned(id)) removed(*gone);
}

void MockLane::remove_some() {
  for (std::size_t n = 0; n < handful && store_.any_condemned(); ++n) remove_one();
  if (store_.any_condemned()) {
    return clock_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) remove_some();
    });
  }
  removing_ = false;
  for (const auto& done : std::exchange(when_removed_, {})) done();
}

void MockLane::remove_uploads(std::function<void()> done) {
  store_.condemn();
  when_removed_.push_back(std::move(done));
  if (!std::exchange(removing_, true)) remove_some();
}

void MockLane::reset(std::function<void(Result<void>)> done) {
  journal_->reset();
  metrics_->reset();
  for (const auto& system : systems_) system->forget_clients();
  rules_->clear();
  auto restored = rules_->add(*content_->misbehaviours);
  // Before the clock goes back: tokens of a later time are void as well.
  auto revoked = auth_->revoke_all();
  if (revoked) revoked = auth_->forget_rotations();
  auth_->forget_guesses();
  clock_.reset();
  changed_ = false;
  remove_uploads([this, alive = std::weak_ptr(alive_), done = std::move(done),
                  result = restored ? revoked : restored]() mutable {
    if (!alive.expired()) remove_deliveries([done = std::move(done), result] { done(result); });
  });
}

/// Those in its own folder, off the loop; folders stay.
void MockLane::remove_deliveries(std::function<void()> done) {
  const auto state = folder();
  if (!state) return done();
  clock_.background(
      [deliveries = *state / deliveries_folder] {
        std::error_code none;
        auto entry = fs::recursive_directory_iterator(deliveries, none);
        for (; !none && entry != fs::recursive_directory_iterator(); entry.increment(none)) {
          std::error_code ignored;
          if (!entry->is_directory(ignored)) fs::remove(entry->path(), ignored);
        }
      },
      [alive = std::weak_ptr(alive_), done = std::move(done)](const std::exception_ptr&) {
        if (!alive.expired()) done();
      });
}

Result<void> MockLane::keep_config(const LaneConfig& main) const {
  const auto state = folder();
  if (!state) return {};
  auto kept =
      replace_file(*state / config_file, to_json(config_, main).dump(2) + "\n", FileAccess::owner);
  return kept ? kept : told(kept.error());
}

void MockLane::close() {
  store_.condemn();
  while (store_.any_condemned()) remove_one();
  stop();
  remove_folder();
}

void MockLane::forget() {
  stop();
  if (const auto state = folder()) clear_lane_folder(*state);
}

void MockLane::stop() {
  store_.close();
  for (const auto& system : systems_) system->stop();
  list_again_.reset();
  clock_.on_advance({});
}

void MockLane::abandon() {
  if (new_) remove_folder();
}

void MockLane::remove_folder() const {
  const auto state = folder();
  if (!state || name_.empty()) return;
  std::error_code error;
  fs::remove_all(*state, error);
  if (error && ground_.log) {
    ground_.log("lane " + name_ + ": " + state->string() + ": " + error.message());
  }
}

}  // namespace mock
