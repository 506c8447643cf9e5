// What was reported for clients and for object storage.
#include "cookbook.hpp"

namespace cookbook {
namespace {

/// All of it, in chunks of five bytes, as a client that asks after each failure.
std::string send_in_chunks(Lane& lane) { return TusUpload(lane, 10).create().send(5).seen(); }
std::string send_at_once(Lane& lane) { return TusUpload(lane, 10).create().send(10).seen(); }

std::string send_and_ask(Lane& lane) {
  return TusUpload(lane, 10).create().patch(10).head().seen();
}

}  // namespace

std::vector<Situation> of_clients() {
  return {
      {"A 500 at the last byte, and the file is there", send_and_ask,
       "POST 201, PATCH 500, HEAD 200 at 10", "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"A full progress bar, and nothing is stored", send_at_once,
       "POST 201, PATCH 500, HEAD 200 at 0, PATCH 204 at 10", "POST 201, PATCH 204 at 10"},
      {"PATCH fails, and so does the HEAD behind it", send_in_chunks,
       "POST 201, PATCH 204 at 5, PATCH 500, HEAD 502, HEAD 200 at 5, PATCH 204 at 10",
       "POST 201, PATCH 204 at 5, PATCH 204 at 10"},
  };
}

}  // namespace cookbook
