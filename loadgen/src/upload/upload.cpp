#include "upload/upload.hpp"

namespace loadgen {

UploadResult new_result(const UploadOptions& options, std::uint64_t index, Bytes size,
                        Time intended) {
  UploadResult result;
  result.index = index;
  result.size = size;
  result.intended = intended;
  result.name = file_name(options.run_id, index, options.payload.extension(options.seed, index));
  return result;
}

}  // namespace loadgen
