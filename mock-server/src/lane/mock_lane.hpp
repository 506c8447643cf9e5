// One lane, composed out of the rooms.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lane/lane.hpp"
#include "lane/lane_content.hpp"
#include "lane/lane_store.hpp"
#include "misbehave/rule.hpp"
#include "notice.hpp"
#include "system/system.hpp"

namespace mock {

class Guesses;
class Locks;
class MockApplication;

/// Below the store's folder; holds a folder per lane but the main one.
inline constexpr auto lanes_folder = "lanes";
/// In a lane's folder: its configuration, if it was declared by Lanes::open.
inline constexpr auto config_file = "lane.json";
/// In a lane's folder: its tokens and keys.
inline constexpr auto auth_folder = "auth";
/// In a lane's folder: marks and locks of rules that survive a restart.
inline constexpr auto rules_file = "rules.json";

/// Removes the folder of a lane that holds nothing, except what was delivered there.
void clear_lane_folder(const std::filesystem::path& folder);

/// What all lanes share. Everything by reference outlives them.
struct LaneGround {
  Store& store;
  LaneIndex& index;
  Locks& locks;
  Loop& loop;
  /// Of a store on disk; without it nothing of a lane outlives the process.
  std::optional<std::filesystem::path> folder = {};
  /// --lane-files: where names of files that a request sends are looked up; nullopt: nowhere.
  std::optional<std::filesystem::path> lane_files = {};
  /// What is stored can be read again.
  bool keeps_bytes = true;
  /// One line each; for what cannot be told to a client.
  std::function<void(std::string_view)> log = {};
  /// The same, and knows which lane and upload it is about. From any thread.
  Notify notify = {};
  /// Told of each rule that fires, in whichever lane.
  std::function<void(const std::string& rule, const std::string& upload, const std::string& lane)>
      fired = {};
  /// Has a lane's own listeners refuse connections for a while; empty: nothing happens.
  std::function<void(const std::string& lane, Milliseconds)> outage = {};
  /// The same, but connections are not answered; the other ends that before its time.
  std::function<void(const std::string& lane, Milliseconds)> unanswered = {};
  std::function<void(const std::string& lane)> answer_again = {};
  /// Whether a listener on `host` serves /_mock/ beside everything else; empty: none does.
  std::function<bool(const std::string& host)> serves_control = {};
  /// Answers /_mock/... for a lane; empty: 404.
  std::function<std::unique_ptr<Handler>(const Request&, Lane&)> control = {};
  /// Wrong passwords in all named lanes together: a fresh name buys no fresh guesses. May be null.
  Guesses* guesses = nullptr;
};

/// Why a lane is there.
enum class LaneOrigin {
  declared,  ///< the command line, PUT /_mock/lanes or an earlier run said so
  named,     ///< only a request named it: it has nothing on disk until it holds something
};

class MockLane;

/// What every admitted request carries.
class LanePass : public Admission {
 public:
  explicit LanePass(MockLane* lane) : lane_(lane) {}
  /// nullptr: the request is in no lane.
  [[nodiscard]] MockLane* lane() const { return lane_; }
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request,
                                                     Intercept* intercept) const override;
  void add_cors(const Request& request, Reply& reply) const override;

 private:
  MockLane* lane_;
};

/// Loop thread only. Requests in flight keep it alive when it is closed.
class MockLane final : public Lane {
 public:
  /// The main lane ("") keeps its state in the store's folder, as a server without lanes would; the
  /// others below lanes/NAME. `content` is what load_lane_content made of `config`.
  [[nodiscard]] static Result<std::shared_ptr<MockLane>> make(
      const LaneGround& ground, std::string name, LaneConfig config,
      std::shared_ptr<const LaneContent> content, LaneOrigin origin = LaneOrigin::declared);
  /// Reads what `config` names first. The Error is about that.
  [[nodiscard]] static Result<std::shared_ptr<MockLane>> make(const LaneGround& ground,
                                                              std::string name, LaneConfig config);
  ~MockLane() override;

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] const LaneConfig& config() const override { return config_; }
  [[nodiscard]] const std::shared_ptr<const LaneContent>& content() const { return content_; }
  [[nodiscard]] LaneClock& clock() override { return clock_; }
  [[nodiscard]] misbehave::RuleInterceptor& rules() override { return *rules_; }
  [[nodiscard]] Journal& journal() override { return *journal_; }
  [[nodiscard]] ServerMetrics& metrics() override { return *metrics_; }
  [[nodiscard]] Auth& auth() override { return *auth_; }
  [[nodiscard]] std::string system_metrics() const override;
  void removed(const Upload& upload) override;
  /// Of its systems.
  [[nodiscard]] std::vector<AccessKey> access_keys() const;
  [[nodiscard]] Services& services() override { return services_; }
  [[nodiscard]] Application& application() override;
  [[nodiscard]] const HttpOptions& http() const { return http_; }
  [[nodiscard]] const RouteTable& routes() const { return routes_; }
  [[nodiscard]] const std::string& url() const override { return url_; }
  void reset(std::function<void(Result<void>)> done) override;
  void remove_uploads(std::function<void()> done) override;
  [[nodiscard]] ServerMetrics::Uploads upload_counts() override { return store_.counts(); }

  void on_exchange(const ExchangeRecord& record);
  /// The connections of all lanes together; called on the main lane only.
  void on_connections(std::size_t open);

  [[nodiscard]] LaneOrigin origin() const { return origin_; }
  /// Whether it would be missed: it has uploads, or tokens that are not expired, or was changed
  /// through /_mock/ since it was opened or reset.
  [[nodiscard]] bool holds_something() const;
  /// It demands identity, and so far answered with refusals only.
  [[nodiscard]] bool let_nobody_in() const { return !let_in_; }
  /// By the process's clock.
  void used(TimePoint now) { last_used_ = now; }
  [[nodiscard]] TimePoint last_used() const { return last_used_; }
  /// Where its own listener is.
  void listens_at(std::string url) { url_ = std::move(url); }
  /// Where clients find it, on its own listener or another's: what its tokens name as their issuer.
  [[nodiscard]] Result<void> reached_at(const std::string& url);
  /// Once all lanes are there: finishes what a kill interrupted, and begins to look after uploads
  /// that expire.
  void start();
  /// It could not be opened after all: removes its folder, unless an earlier run made that.
  void abandon();
  /// Writes its configuration for the next start, so that it reads the same over that of the lane
  /// `main`. Without a folder nothing is written.
  [[nodiscard]] Result<void> keep_config(const LaneConfig& main) const;
  /// Removes its uploads and its folder; what is still in flight finds nothing any more.
  void close();
  /// For a lane that holds nothing: what is still in flight finds nothing any more. What was
  /// delivered into its folder stays.
  void forget();

  /// Handed out with every request of this lane.
  LanePass pass{this};

 private:
  MockLane(const LaneGround& ground, std::string name, LaneConfig config,
           std::shared_ptr<const LaneContent> content, LaneOrigin origin);
  [[nodiscard]] Result<void> compose();
  [[nodiscard]] std::optional<std::string> recall_rules(const std::filesystem::path& file) const;
  void keep_rules(const std::filesystem::path& file, const std::string& text) const;
  [[nodiscard]] bool control_at_stake() const;
  [[nodiscard]] Result<void> make_folder();
  [[nodiscard]] StoreResult<void> hold();
  [[nodiscard]] tl::unexpected<Error> told(const Error& error) const;
  void stop();
  void remove_folder() const;
  [[nodiscard]] Result<void> make_auth();
  [[nodiscard]] Result<void> make_systems();
  [[nodiscard]] Result<void> make_rules();
  /// nullopt when the store is not on disk.
  [[nodiscard]] std::optional<std::filesystem::path> folder() const;
  void list_uploads();
  void look_at_uploads(const std::string& after);
  void remove_some();
  void remove_deliveries(std::function<void()> done);
  void remove_one();
  [[nodiscard]] Notify notices() const;

  LaneGround ground_;
  std::string name_;
  LaneConfig config_;
  std::shared_ptr<const LaneContent> content_;
  std::string url_;
  bool new_ = false;  ///< its folder was made now
  LaneOrigin origin_;
  bool on_disk_ = false;  ///< its folder is there
  bool changed_ = false;  ///< through /_mock/
  bool let_in_;
  TimePoint last_used_{};
  HttpOptions http_;
  RouteTable routes_;
  LaneClock clock_;
  LaneStore store_;
  Services services_;
  std::unique_ptr<Auth> auth_;
  std::vector<std::unique_ptr<System>> systems_;
  std::unique_ptr<misbehave::RuleInterceptor> rules_;
  std::unique_ptr<MockApplication> application_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<ServerMetrics> metrics_;
  std::unique_ptr<Timer> list_again_;
  bool removing_ = false;
  std::vector<std::function<void()>> when_removed_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace mock
