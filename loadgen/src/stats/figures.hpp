// The figures of a run by name, once: adding runs up and writing them down both use this list.
#pragma once

#include <array>
#include <utility>

#include "stats/stats.hpp"

namespace loadgen {

/// All but the digest of cuts, which is a sum as well and no number to look at.
inline constexpr std::array<std::pair<const char*, std::uint64_t Stats::*>, 21> counts{
    {{"started", &Stats::started},
     {"uploaded", &Stats::uploaded},
     {"verified", &Stats::verified},
     {"unverified", &Stats::unverified},
     {"lost", &Stats::lost},
     {"failed", &Stats::failed},
     {"interrupted", &Stats::interrupted},
     {"not_started", &Stats::not_started},
     {"unseen", &Stats::unseen},
     {"wrong", &Stats::wrong},
     {"requests", &Stats::requests},
     {"retries", &Stats::retries},
     {"resumes", &Stats::resumes},
     {"new_uploads", &Stats::new_uploads},
     {"cuts", &Stats::cuts},
     {"silent_cuts", &Stats::silent_cuts},
     {"second_writers", &Stats::second_writers},
     {"second_refused", &Stats::second_refused},
     {"second_accepted", &Stats::second_accepted},
     {"redeliveries", &Stats::redeliveries},
     {"late_starts", &Stats::late_starts}}};

inline constexpr std::array<std::pair<const char*, Bytes Stats::*>, 6> byte_counts{
    {{"sent", &Stats::sent},
     {"acknowledged", &Stats::acknowledged},
     {"rolled_back", &Stats::rolled_back},
     {"never_sent", &Stats::never_sent},
     {"acknowledged_unsent", &Stats::acknowledged_unsent},
     {"verified_bytes", &Stats::verified_bytes}}};

inline constexpr std::array<std::pair<const char*, Histogram Stats::*>, 8> histograms{
    {{"create", &Stats::create},
     {"upload", &Stats::upload},
     {"resume", &Stats::resume},
     {"deliver", &Stats::deliver},
     {"service", &Stats::service},
     {"end_to_end", &Stats::end_to_end},
     {"start_lag", &Stats::start_lag},
     {"loop_lag", &Stats::loop_lag}}};

}  // namespace loadgen
