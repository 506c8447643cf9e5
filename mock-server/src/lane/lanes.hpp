// The lanes of a server, and the way of each request into one of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auth/guesses.hpp"
#include "http/handler.hpp"
#include "http/intercept.hpp"
#include "lane/lane.hpp"
#include "lane/mock_lane.hpp"
#include "net/server.hpp"

namespace mock {

/// Stands for the lane of a listener that belongs to none (--control). Which lane a request there
/// is in follows from prefix, header, access key and upload alone, and an outage of the main lane
/// does not touch the listener.
inline constexpr std::string_view no_lane = "*";

/// What listeners are told, and what they are opened with.
struct LaneNetwork {
  Server& server;
  /// All but host, port, lane and limits, which are each lane's own.
  ListenOptions listen = {};
  Observer* log = nullptr;  ///< told of every exchange, in whichever lane
  /// Stands between a listener on `host` and the lanes; empty: nothing does.
  std::function<std::unique_ptr<Application>(const std::string& host, Application& next)> gate = {};
};

/// Loop thread only, or before the loop runs. Lanes (lane.hpp) says which request is in which lane;
/// with only the main lane, that costs a look at the path and the headers.
class MockLanes final : public Lanes, public Application, public Interceptor, public Observer {
 public:
  /// The main lane is configured as `config` says.
  [[nodiscard]] static Result<std::unique_ptr<MockLanes>> make(LaneGround ground,
                                                               LaneNetwork network,
                                                               const LaneConfig& config);
  ~MockLanes() override;

  /// Listens where the main lane's configuration says. Once, before `start`.
  Result<void> listen();
  /// A lane configured as the main one, with a listener of its own unless `address` is empty.
  Result<void> open_alike(const std::string& name, const std::string& address);
  /// A lane configured by a file (lane_config_json.hpp), which the Error names.
  Result<void> open_from(const std::string& name, const std::string& file);
  /// After `listen` and the first lanes: finishes what a kill interrupted.
  void start();

  // Lanes
  [[nodiscard]] Lane& main() override { return *main_; }
  [[nodiscard]] Lane* find(const std::string& name) override;
  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] bool is_taken(const std::string& name) const override;
  [[nodiscard]] bool is_full() const override { return declared_ + 1 >= lane_limit; }
  Result<Lane*> open(const std::string& name, const LaneConfig& config) override;
  void open(const std::string& name, const LaneConfig& config,
            std::function<void(Result<Lane*>)> done) override;
  Result<void> close(const std::string& name) override;

  // Application
  void admit(Request& request) override;
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override;
  void add_cors(const Request& request, Reply& reply) const override;
  // Interceptor
  std::unique_ptr<Intercept> begin(const Request& request) override;
  ConnectionPlan on_connection(const std::string& lane, std::uint64_t ordinal) override;
  TlsPlan on_hello(const std::string& lane, std::uint64_t ordinal,
                   std::optional<std::string_view> server_name) override;
  // Observer
  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t open) override;

 private:
  using Map = std::map<std::string, std::shared_ptr<MockLane>, std::less<>>;

  MockLanes(LaneGround ground, LaneNetwork network)
      : ground_(std::move(ground)), network_(std::move(network)) {
    ground_.guesses = &guesses_;
  }
  Result<void> open_alike(const std::string& name, const std::string& address, LaneOrigin origin);
  [[nodiscard]] LaneSources sources() const;
  Result<Lane*> open(const std::string& name, const LaneConfig& config,
                     std::shared_ptr<const LaneContent> content);
  Result<void> add(const std::string& name, const LaneConfig& config,
                   std::shared_ptr<const LaneContent> content, LaneOrigin origin);
  [[nodiscard]] Result<std::shared_ptr<const LaneContent>> load(const LaneConfig& config) const;
  void recover();
  Result<void> reopen(const std::string& name);
  Result<void> make_reachable(MockLane& lane);
  /// Access keys that name `lane`. An Error: one names another lane, or is the main lane's.
  [[nodiscard]] Result<std::vector<std::string>> keys_of(const MockLane& lane) const;
  Result<std::string> listen_for(const MockLane& lane);
  [[nodiscard]] std::shared_ptr<Admission> pass_to(const std::shared_ptr<MockLane>& lane) const;
  [[nodiscard]] std::shared_ptr<Admission> admission_of(Request& request);
  [[nodiscard]] std::shared_ptr<Admission> enter(std::string_view name);
  /// The one that the request's access key names; nullptr: none.
  [[nodiscard]] const std::string* lane_of_key(const Request& request) const;
  /// nullptr: it is open now.
  [[nodiscard]] std::shared_ptr<Admission> open_named(const std::string& name);
  [[nodiscard]] std::size_t named() const { return lanes_.size() - declared_; }
  void make_room();
  void forget(Map::iterator lane);
  void forget_refused(const MockLane& lane);
  void forget_idle();
  void watch_idle();

  LaneGround ground_;
  LaneNetwork network_;
  std::shared_ptr<MockLane> main_;
  Map lanes_;                 ///< without the main one
  std::size_t declared_ = 0;  ///< of `lanes_`
  /// By the id of an access key: the lane that the key names. Those lanes are declared.
  std::map<std::string, std::string, std::less<>> lanes_of_keys_;
  Guesses guesses_{20};  ///< of named lanes together
  std::unique_ptr<Timer> idle_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
  /// Connections that are still open may go through the gate of a closed lane.
  std::vector<std::unique_ptr<Application>> gates_;
  bool started_ = false;
};

}  // namespace mock
