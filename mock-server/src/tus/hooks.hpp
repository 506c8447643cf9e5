// Where a system built on tus (DEX, later others) joins in: named after tusd's hooks.
#pragma once

#include <tl/expected.hpp>

#include "http/message.hpp"
#include "services.hpp"
#include "store/store.hpp"

namespace mock {

/// Every call is made on the loop's thread with the upload's state after the step it names.
/// Partial and final uploads pass through every hook too; their kind tells them apart (partial
/// ones are not to be processed by themselves: protocol.md, Concatenation). The defaults do
/// nothing: plain tus.
class Hooks {
 public:
  virtual ~Hooks() = default;
  /// May give the upload an id and change its metadata, or refuse it; a refused upload leaves
  /// nothing behind.
  virtual tl::expected<void, Reply> before_create(const Request&, Upload&) { return {}; }
  virtual void after_create(const Upload&) {}
  /// Bytes were stored; called for every slice, so it must be cheap.
  virtual void after_receive(const Upload&) {}
  /// The last byte is stored and nobody was told yet; an error becomes the reply.
  virtual tl::expected<void, Reply> before_finish(const Upload&) { return {}; }
  virtual void after_finish(const Upload&) {}
  virtual void after_terminate(const Upload&) {}
};

/// What the handlers of tus work with. Not owning: everything outlives every handler.
struct TusServices {
  TusServices(const Services& of_lane, Hooks& behind)
      : store(of_lane.store), locks(of_lane.locks), loop(of_lane.loop), hooks(behind) {}
  Store& store;
  Locks& locks;
  Loop& loop;
  Hooks& hooks;
};

}  // namespace mock
