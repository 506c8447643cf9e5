#include "link/cut.hpp"

namespace loadgen {

void CutLink::send(transport::LoadRequest request, Done done) {
  const auto& cut = plan_.next();
  if (!request.source || !cut || cut->at >= request.file_at + request.file_size()) {
    below().send(std::move(request), std::move(done));
    return;
  }
  // A client that was told an offset beyond the cut meets it at its first byte.
  const Bytes after = cut->at > request.file_at ? cut->at - request.file_at : Bytes{0};
  request.cut = transport::Cut{cut->kind, request.before_file + after};
  below().send(std::move(request), [this, done = std::move(done)](transport::LoadOutcome outcome) {
    if (outcome.was_cut) {
      happened_.push_back(*plan_.next());
      plan_.advance();
    }
    done(std::move(outcome));
  });
}

}  // namespace loadgen
