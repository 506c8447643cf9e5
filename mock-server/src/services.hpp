// What a handler may touch. Misbehaviour puts decorated ones in here; handlers cannot tell.
#pragma once

namespace mock {

class Store;
class Locks;
class Loop;

/// Not owning: everything outlives every handler.
struct Services {
  Store& store;
  Locks& locks;
  Loop& loop;
};

}  // namespace mock
