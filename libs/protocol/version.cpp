#include "protocol/version.hpp"

std::string_view harness_version() { return DEX_VERSION; }
