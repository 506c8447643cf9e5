// How fast payload bytes are made and latencies counted: both run in the loop's own thread.
#include <benchmark/benchmark.h>

#include <vector>

#include "payload/payload.hpp"
#include "stats/histogram.hpp"

namespace {

void payload(benchmark::State& state, loadgen::PayloadKind kind) {
  const Bytes size{64U << 20U};
  const loadgen::Payload bytes(kind, 1, 1, size);
  std::vector<std::byte> buffer(static_cast<std::size_t>(state.range(0)));
  Bytes at;
  std::int64_t made = 0;
  for (auto _ : state) {
    if (at >= size) at = Bytes{};
    const std::size_t count = bytes.read(at, buffer);
    at += Bytes{count};
    made += static_cast<std::int64_t>(count);
    benchmark::DoNotOptimize(buffer.data());
  }
  state.SetBytesProcessed(made);
}
BENCHMARK_CAPTURE(payload, random, loadgen::PayloadKind::random)->Arg(16 << 10)->Arg(256 << 10);
BENCHMARK_CAPTURE(payload, hl7, loadgen::PayloadKind::hl7)->Arg(16 << 10)->Arg(256 << 10);
BENCHMARK_CAPTURE(payload, csv, loadgen::PayloadKind::csv)->Arg(16 << 10)->Arg(256 << 10);
BENCHMARK_CAPTURE(payload, fastq, loadgen::PayloadKind::fastq)->Arg(16 << 10)->Arg(256 << 10);
BENCHMARK_CAPTURE(payload, fastq_gz, loadgen::PayloadKind::fastq_gz)->Arg(16 << 10)->Arg(256 << 10);

void histogram_add(benchmark::State& state) {
  loadgen::Histogram histogram;
  std::int64_t value = 1;
  for (auto _ : state) {
    histogram.add(std::chrono::microseconds{value});
    value = (value * 29) % 10'000'019;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(histogram_add);

void histogram_percentile(benchmark::State& state) {
  loadgen::Histogram histogram;
  for (std::int64_t i = 1; i < 100'000; ++i) histogram.add(std::chrono::microseconds{i * 37});
  for (auto _ : state) benchmark::DoNotOptimize(histogram.percentile_ms(99));
}
BENCHMARK(histogram_percentile);

}  // namespace

BENCHMARK_MAIN();
