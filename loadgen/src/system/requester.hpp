// The requests of one upload.
#pragma once

#include <functional>

#include "system/client.hpp"

namespace loadgen {

/// Adds what every request carries, credentials included, and renews those once after a 401. Counts
/// into the result of its owner, which outlives it.
class Requester {
 public:
  Requester(const UploadHost& host, UploadResult& result) : host_(host), result_(result) {}

  using Handler = std::function<void(transport::LoadOutcome)>;
  /// If there are no credentials to be had, `handler` gets a failure, possibly at once.
  void send(transport::LoadRequest request, Handler handler) {
    send(std::move(request), std::move(handler), false);
  }

  Bytes under_way;  ///< of the file, handed over by the present request, whose source sets it

 private:
  void send(transport::LoadRequest request, Handler handler, bool renewed);

  UploadHost host_;
  UploadResult& result_;
};

}  // namespace loadgen
