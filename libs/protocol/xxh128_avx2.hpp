// XXH3 on machines with AVX2.
#pragma once

#include <cstddef>

#ifdef DEX_XXH_AVX2
/// Like XXH3_128bits_update, and on the same state: calls of both may be mixed. Only where the
/// processor has AVX2.
void xxh128_update_avx2(void* state, const void* bytes, std::size_t size);
#endif
