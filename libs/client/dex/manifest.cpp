#include "client/dex/manifest.hpp"

namespace dex {

// The version is demanded by CDC's guide, not by the service (DEX-META-019).
Manifest default_manifest(const std::string& sender) {
  return {{"version", "2.0"},
          {std::string(field::data_stream_id), "dextesting"},
          {std::string(field::data_stream_route), "testevent1"},
          {std::string(field::sender_id), sender},
          {std::string(field::data_producer_id), sender},
          {std::string(field::jurisdiction), "test"}};
}

}  // namespace dex
