#include "control/scan.hpp"

#include <memory>
#include <utility>

#include "loop/loop.hpp"
#include "services.hpp"

namespace mock::control {
namespace {

constexpr std::size_t slice = 64;

struct Scan : std::enable_shared_from_this<Scan> {
  Scan(Call& c, std::vector<std::string> i, std::function<bool(const Upload&)> e,
       std::function<void()> d)
      : call(c), ids(std::move(i)), each(std::move(e)), done(std::move(d)) {}

  void step() {
    auto& services = call.lane.services();
    for (std::size_t n = 0; n < slice && at < ids.size(); ++n, ++at) {
      const auto upload = services.store.find(ids[at]);
      if (upload && !each(*upload)) at = ids.size() - 1;
    }
    if (at == ids.size()) return done();
    services.loop.post(call.if_wanted([self = shared_from_this()] { self->step(); }));
  }

  Call& call;
  std::vector<std::string> ids;
  std::function<bool(const Upload&)> each;
  std::function<void()> done;
  std::size_t at = 0;
};

}  // namespace

void scan_uploads(Call& call, std::vector<std::string> ids, std::function<bool(const Upload&)> each,
                  std::function<void()> done) {
  std::make_shared<Scan>(call, std::move(ids), std::move(each), std::move(done))->step();
}

std::string_view state_of(const Upload& upload, TimePoint now) {
  if (upload.complete()) return "complete";
  if (upload.expires && *upload.expires <= now) return "expired";
  return upload.offset == Bytes{0} ? "created" : "receiving";
}

}  // namespace mock::control
