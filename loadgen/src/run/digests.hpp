// Which digests are made while files are sent.
#pragma once

#include <functional>
#include <vector>

#include "scenario/settings.hpp"
#include "system/client.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

/// Has `client` make digests of what it sends where they will be compared: where the target is a
/// mock server, as no other tells its own. With VerifyMethod::automatic the target is asked whether
/// it is one, on a loop of its own, until `interrupted`.
void choose_digests(Client& client, const Settings& settings,
                    const transport::LoadEngineOptions& engine,
                    const std::vector<transport::ResolvedHost>& hosts,
                    const std::function<bool()>& interrupted);

}  // namespace loadgen
