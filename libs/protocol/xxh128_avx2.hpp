// XXH3 on machines with AVX2.
#pragma once

#include <cstddef>

#ifdef DEX_XXH_AVX2
/// As XXH3_128bits_update of a state that xxhash made, which may have been updated otherwise
/// before: the state is the same. Only where the processor has AVX2.
void xxh128_update_avx2(void* state, const void* bytes, std::size_t size);
#endif
