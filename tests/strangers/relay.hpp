// Relays connections of clients to the server behind, byte for byte wherever the wrong changes
// nothing.
#pragma once

#include "world.hpp"
#include "wrong.hpp"

namespace strangers {

/// Serves one connection until either side ends it. `wrong` may be nullptr.
void serve(Socket client, World& world, Wrong* wrong);

}  // namespace strangers
