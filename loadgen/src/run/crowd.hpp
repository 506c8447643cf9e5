// The partners of one loop: who starts when, and over which line each of them sends what.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "link/event.hpp"
#include "link/line.hpp"
#include "link/partner_line.hpp"
#include "link/trace.hpp"
#include "link/uplink.hpp"
#include "run/calendar.hpp"
#include "run/plan.hpp"
#include "schedule/schedule.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// Not thread-safe: it lives on its loop, which it does not own.
class Crowd {
 public:
  struct Events {
    /// An upload is over; it is not verified yet.
    std::function<void(UploadResult)> ended;
    /// Called whenever there may be nothing left to do.
    std::function<void()> idle;
  };
  /// The part `first` of `stride` of all partners of the run. `below` is what they send by: the
  /// engine, or links over it.
  Crowd(const RunPlan& plan, Shared& shared, Progress& progress, transport::LoadEngine& engine,
        transport::LoadTransport& below, std::uint64_t first, std::uint64_t stride, Events events);

  /// Starts what is due, and arranges to start more when it is due.
  void fill();
  /// Nothing more starts.
  void close();
  /// Tells of uploads that are under way as they are now; they do not go on.
  void break_off(const std::optional<Cause>& cause);

  /// Uploads are under way, or partners are about to go on.
  [[nodiscard]] bool busy() const { return !uploads_.empty() || (thinking_ > 0 && !closed_); }
  /// Nothing is under way, and nothing more will start.
  [[nodiscard]] bool over() const;
  /// Whether it acts by itself when something is due next.
  [[nodiscard]] bool waits() const;
  /// When partners that did not start were due.
  void each_not_started(const std::function<void(Time due)>& visit) const;

  /// Uploads that were begun here, one after the other; nullopt: there are no more.
  class Begun {
   public:
    explicit Begun(const Crowd& crowd) : crowd_(&crowd) {}
    struct Upload {
      std::uint64_t index;
      std::size_t group;
    };
    [[nodiscard]] std::optional<Upload> next();

   private:
    const Crowd* crowd_;
    std::size_t stream_ = 0;
    std::uint64_t n_ = 0;        ///< of those of the stream that were begun
    std::uint64_t partner_ = 0;  ///< that it is, or one before
    std::uint64_t file_ = 0;
  };
  /// What went wrong with events, for people.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] Authorizer& authorizer(std::size_t group, std::uint64_t account) {
    return *groups_[group].authorizers[account];
  }

 private:
  /// What the partners of a group have in common here.
  struct Company {
    std::unique_ptr<Line> line;                            ///< to those who issue tokens
    std::vector<std::unique_ptr<Authorizer>> authorizers;  ///< one an account
  };
  /// Who uploads some files, one after the other or a few at a time, over a line of his own.
  struct Partner {
    /// `shared` may be null: no shared line, and no events.
    Partner(const Who& is, std::unique_ptr<UplinkLink> shared, transport::LoadTransport& below,
            const Network& network, std::uint64_t seed)
        : who(is),
          uplink(std::move(shared)),
          line(uplink ? static_cast<transport::LoadTransport&>(*uplink) : below, network, seed,
               is.partner) {}
    Who who;
    std::size_t stream = 0;
    std::shared_ptr<const Happenings> happenings;  ///< null: nothing can happen to him
    std::unique_ptr<UplinkLink> uplink;
    PartnerLine line;
    std::uint64_t next = 0;      ///< file
    std::uint64_t going_on = 0;  ///< files that are sent, or that he is about to send
  };
  struct Running {
    Running(std::shared_ptr<Partner> whose, const Network& network, std::uint64_t seed,
            std::uint64_t index, Bytes size)
        : partner(std::move(whose)),
          line(std::make_shared<UploadLine>(partner->line, network, seed, index, size)) {}
    std::shared_ptr<Partner> partner;
    std::shared_ptr<UploadLine> line;
    std::unique_ptr<EventLink> events;  ///< null: there are none
    std::unique_ptr<TraceLink> trace;   ///< null: nobody wants to know
    std::size_t phase = 0;
    std::optional<Time> possible;
    std::optional<Time> ended;  ///< its last byte was acknowledged, or never will be
    std::unique_ptr<Upload> upload;
  };
  /// What a request under way needs, also when its upload is over.
  using Below = std::pair<std::shared_ptr<Partner>, std::shared_ptr<UploadLine>>;
  struct Stream {
    std::unique_ptr<Schedule> schedule;
    bool due_timer = false;
  };

  void fill(std::size_t stream);
  /// Of events that are a moment.
  void happen(std::size_t event);
  void lose_tokens(const Event& event, std::size_t number);
  void revoke(const std::string& token, const Event& event);
  void start(std::size_t stream, const Schedule::Start& start, const Who& who, Bytes size);
  /// False: with it, the sizes of files that were begun would be above their limit.
  [[nodiscard]] bool may_begin(Bytes size);
  void begin(const std::shared_ptr<Partner>& partner, Bytes size, Time intended, Time possible);
  /// A file of his was sent, or never will be.
  void sent(const std::shared_ptr<Partner>& partner);
  void go_on(const std::shared_ptr<Partner>& partner, Time intended);
  void done(Partner& partner);
  void ended(std::uint64_t index);
  [[nodiscard]] Progress::OfGroup& of_group(const Running& running) const {
    return progress_.groups[running.partner->who.group];
  }
  /// Adds what only the crowd knows of the upload.
  [[nodiscard]] UploadResult completed(UploadResult result, const Running& running) const;

  const RunPlan& plan_;
  Shared& shared_;
  Progress& progress_;
  transport::LoadEngine& engine_;
  transport::LoadTransport& below_;
  Events events_;
  Calendar calendar_;
  std::vector<std::string> notes_;
  std::vector<Company> groups_;
  std::vector<Stream> streams_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Running>> uploads_;
  std::uint64_t thinking_ = 0;  ///< partners between two files
  bool closed_ = false;
  Time idle_since_;  ///< when an upload ended last
};

}  // namespace loadgen
