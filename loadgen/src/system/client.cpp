#include "system/client.hpp"

#include "client/endpoints.hpp"
#include "client/stored.hpp"

namespace loadgen {

std::string Client::control_url() const {
  const auto place = client::place_of(options_.create_url);
  return place ? client::stored_url(*place) : std::string{};
}

}  // namespace loadgen
