// report.html: results as a page for people.
#pragma once

#include <string>

#include "html/page.hpp"
#include "results/results.hpp"

namespace loadgen {

/// The whole file. Under 2 MB however many uploads and seconds there were: series are summed up,
/// and single uploads are specimens.
[[nodiscard]] std::string report_page(const Results& results);

// Parts of it, for pages that are made of several results.

/// Goodput, uploads in flight, starts and ends, and latencies over time. Ids begin with `prefix`.
[[nodiscard]] html::Markup series_of(const Results& results, const std::string& prefix);
/// Single uploads as rows of their requests: a sample, the slowest, and those that did not end
/// well.
[[nodiscard]] html::Markup stories_of(const Results& results, const std::string& prefix);

}  // namespace loadgen
