// Which text a DEX server is held to.
#pragma once

namespace dex {

/// CDC's public guide and the running service disagree on 28 points
/// (docs/guides/contract-guide.md); everywhere else the two are the same.
enum class Contract { server, guide };

}  // namespace dex
