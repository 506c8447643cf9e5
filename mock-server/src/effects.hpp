// The seam between handlers and what a backend does after the reply: deliveries, events, reports.
// Misbehaviour decides here what becomes of each; handlers cannot tell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "damage.hpp"
#include "protocol/units.hpp"

namespace mock {

struct Upload;

/// Something a backend is about to do for an upload.
struct Effect {
  enum class Kind {
    delivery,  ///< a copy to a target (rows DEX-DELIV-*)
    event,     ///< a message to subscribers (DEX-HOOK-*)
    report,    ///< an entry of the processing status (DEX-HOOK-*)
    part,      ///< a partial upload was finished, and is not delivered by itself (TUS-CONCAT-027)
  };
  Kind kind = Kind::delivery;
  std::string name;      ///< of the target, the event or the report; empty for a part
  unsigned attempt = 1;  ///< of a delivery, counted from 1
};

/// What becomes of an effect. The default: it happens, once, now.
struct EffectPlan {
  bool drop = false;     ///< it does not happen, and nothing says so
  bool pretend = false;  ///< it does not happen, and is recorded as if it had
  /// It fails, for this reason; an event is then dropped.
  std::optional<std::string> fail = std::nullopt;
  unsigned repeat = 0;    ///< it happens this many times more
  Milliseconds delay{0};  ///< before it starts
  /// The name under which it is recorded; "" is none at all.
  std::optional<std::string> rename = std::nullopt;
  bool deliver = false;  ///< of a part: it is delivered as if it were an upload of its own
  // Of a delivery only; it is still recorded as a success.
  std::optional<Bytes> bytes = std::nullopt;  ///< copies this many at most
  std::vector<Damage> corrupt = {};           ///< in the copy
  /// The upload whose bytes are copied in place of its own, if it is still there.
  std::optional<std::string> from = std::nullopt;
  /// Where the copy goes, below the folder of the target; and recorded there.
  std::optional<std::string> path = std::nullopt;
};

/// Asked before each effect. Loop thread only.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual EffectPlan before(const Effect&, const Upload&) { return {}; }
  /// A delivery was recorded as a success.
  virtual void delivered(const std::string& /*target*/, const Upload&) {}
};

}  // namespace mock
