// One upload of a partner, whatever the system is.
#pragma once

#include <cstdint>
#include <functional>

#include "protocol/units.hpp"
#include "stats/result.hpp"
#include "upload/options.hpp"

namespace loadgen {

/// Lives on one loop; may be destroyed from `Events::ended`, but not before.
class Upload {
 public:
  struct Events {
    std::function<void()> uploaded;           ///< the last byte was acknowledged, or never will be
    std::function<void()> ended;              ///< nothing more will happen; called after `uploaded`
    std::function<void(Bytes)> acknowledged;  ///< how much further the offset is
  };
  virtual ~Upload() = default;

  virtual void start() = 0;
  /// Complete once `Events::ended` was called.
  [[nodiscard]] virtual const UploadResult& result() const = 0;
  /// As it is now, if the run ends before the upload: with what the request under way has sent.
  [[nodiscard]] virtual UploadResult interrupted() const = 0;
};

/// The result of an upload that is about to start.
[[nodiscard]] UploadResult new_result(const UploadOptions& options, std::uint64_t index, Bytes size,
                                      Time intended);

}  // namespace loadgen
