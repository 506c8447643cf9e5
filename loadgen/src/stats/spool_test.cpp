#include "stats/spool.hpp"

#include <gtest/gtest.h>

namespace loadgen {
namespace {
using namespace std::chrono_literals;

UploadResult full(std::uint64_t index) {
  UploadResult r;
  r.index = index;
  r.size = Bytes{10 + index};
  r.name = "name";
  r.url = std::string(index % 7, 'u');
  r.state = UploadState::lost;
  r.cause = Cause{"what", std::string("de\0tail", 7)};
  r.intended = Time{} + 1s;
  r.possible = Time{} + 2s;
  r.started = Time{} + 3s;
  r.created = Time{} + 4s;
  r.uploaded = Time{} + 5s;
  r.ended = Time{} + 6s;
  r.delivered = Time{} + 7s;
  r.resume_times = {8us, 9us};
  r.requests = 10;
  r.retries = 11;
  r.resumes = 12;
  r.new_uploads = 13;
  r.second_writers = 22;
  r.second_refused = 23;
  r.second_accepted = 24;
  r.redeliveries = 25;
  r.sent = Bytes{14};
  r.acknowledged = Bytes{15};
  r.rolled_back = Bytes{16};
  r.never_sent = Bytes{17};
  r.acknowledged_unsent = Bytes{18};
  r.digest = "0123";
  r.damage = ByteRange{Bytes{19}, Bytes{20}};
  r.cuts = {{Bytes{21}, transport::Cut::Kind::silent}};
  r.trace.add({Time{} + 8s, Time{} + 9s, Method::patch, AttemptEnd::refused, 503, true, Bytes{22},
               Bytes{23}});
  r.trace.add({Time{} + 10s, std::nullopt, Method::head});
  r.trace.left_out = 24;
  r.trace.in_vain[2] = Bytes{25};
  return r;
}

TEST(Spool, GivesBackWhatWasPutByIndex) {
  Spool spool;
  spool.put(full(5000));
  spool.put({});
  for (std::uint64_t i = 1; i < 1000; ++i) spool.put(full(i));
  auto later = full(3);
  later.state = UploadState::verified;
  later.cause.reset();
  spool.put(later);
  EXPECT_EQ(spool.get(3), later);
  EXPECT_EQ(spool.get(4), full(4));
  EXPECT_EQ(spool.get(0), UploadResult{});
  EXPECT_FALSE(spool.get(1000));
  EXPECT_FALSE(spool.get(1'000'000));
  std::vector<std::uint64_t> seen;
  spool.each([&](const UploadResult& r) { seen.push_back(r.index); });
  ASSERT_EQ(seen.size(), 1001U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 5000U);
}

}  // namespace
}  // namespace loadgen
