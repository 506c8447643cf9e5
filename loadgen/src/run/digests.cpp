#include "run/digests.hpp"

#include "client/endpoints.hpp"
#include "client/stored.hpp"
#include "upload/cause.hpp"

namespace loadgen {
namespace {

/// A target that leaves such a question open must not keep the load waiting.
constexpr Milliseconds patience{2000};

void look_for_interruption(transport::LoadEngine& engine,
                           const std::function<bool()>& interrupted) {
  if (interrupted()) {
    engine.stop();
  } else {
    engine.after(Milliseconds{100}, [&] { look_for_interruption(engine, interrupted); });
  }
}

}  // namespace

void choose_digests(Client& client, const Settings& settings,
                    const transport::LoadEngineOptions& engine,
                    const std::vector<transport::ResolvedHost>& hosts,
                    const std::function<bool()>& interrupted) {
  const auto place = client::place_of(client.options().create_url);
  if (client.control_url().empty() || !place) return;
  if (settings.verify == VerifyMethod::digest) client.make_digests(DigestAlgorithm::xxh128);
  if (settings.verify != VerifyMethod::automatic || !settings.delivered_dir.empty()) return;
  transport::LoadEngine loop(engine);
  for (const auto& host : hosts) loop.pin(host);
  transport::LoadRequest request;
  request.method = "GET";
  request.url = client::mock_health_url(*place);
  request.stall_timeout = patience;
  loop.send(std::move(request), [&](const transport::LoadOutcome& outcome) {
    if (status_of(outcome) == 200) client.make_digests(DigestAlgorithm::xxh128);
    loop.stop();
  });
  look_for_interruption(loop, interrupted);
  loop.run();
}

}  // namespace loadgen
