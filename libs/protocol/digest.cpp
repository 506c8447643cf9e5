#include "protocol/digest.hpp"

#include <openssl/evp.h>
#define XXH_INLINE_ALL  // no library to link, and no call for each piece
#include <xxhash.h>
#include <zlib.h>

#include <array>
#include <boost/crc.hpp>
#include <new>
#include <stdexcept>
#include <variant>

#include "protocol/openssl_method.hpp"
#include "protocol/xxh128_avx2.hpp"

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct FreeXxh3 {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
using Xxh128 = std::unique_ptr<XXH3_state_t, FreeXxh3>;

/// Castagnoli's polynomial (RFC 3720 section 12.1).
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

/// NVM Express, "NVM Command Set Specification" 1.0 section 5.2.1.3.4.
using Crc64Nvme =
    boost::crc_optimal<64, 0xAD93D23594C93659, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, true, true>;

std::string big_endian(std::uint64_t crc, unsigned size) {
  std::string out;
  for (unsigned left = size; left > 0; --left) out += static_cast<char>(crc >> (left - 1) * 8);
  return out;
}

void update_xxh128(XXH3_state_t* state, std::string_view bytes) {
#ifdef DEX_XXH_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) {
    xxh128_update_avx2(state, bytes.data(), bytes.size());
    return;
  }
#endif
  XXH3_128bits_update(state, bytes.data(), bytes.size());
}

/// OpenSSL refuses for reasons no caller can mend: no memory, or an algorithm that the machine's
/// policy forbids.
void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not compute the digest");
}

}  // namespace

struct Digest::State {
  std::variant<uLong, Crc32c, Crc64Nvme, Xxh128, Context> running;
};

Digest::Digest(DigestAlgorithm algorithm) : state_(std::make_unique<State>()) {
  if (algorithm == DigestAlgorithm::crc32) {
    state_->running = crc32(0, nullptr, 0);
    return;
  }
  if (algorithm == DigestAlgorithm::crc32c) {
    state_->running = Crc32c{};
    return;
  }
  if (algorithm == DigestAlgorithm::crc64nvme) {
    state_->running = Crc64Nvme{};
    return;
  }
  if (algorithm == DigestAlgorithm::xxh128) {
    Xxh128 state(XXH3_createState());
    if (!state) throw std::bad_alloc();
    XXH3_128bits_reset(state.get());
    state_->running = std::move(state);
    return;
  }
  Context context(EVP_MD_CTX_new());
  require(context != nullptr);
  require(EVP_DigestInit_ex(context.get(), openssl_method(algorithm), nullptr) == 1);
  state_->running = std::move(context);
}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(std::span<const std::byte> bytes) {
  update(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void Digest::update(std::string_view bytes) {
  if (!state_) throw std::logic_error("Digest::update after finish");
  if (bytes.empty()) return;
  if (auto* crc = std::get_if<uLong>(&state_->running)) {
    *crc = crc32_z(*crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  } else if (auto* crc32c = std::get_if<Crc32c>(&state_->running)) {
    crc32c->process_bytes(bytes.data(), bytes.size());
  } else if (auto* crc64 = std::get_if<Crc64Nvme>(&state_->running)) {
    crc64->process_bytes(bytes.data(), bytes.size());
  } else if (auto* xxh128 = std::get_if<Xxh128>(&state_->running)) {
    update_xxh128(xxh128->get(), bytes);
  } else {
    require(EVP_DigestUpdate(std::get<Context>(state_->running).get(), bytes.data(),
                             bytes.size()) == 1);
  }
}

std::string Digest::finish() {
  if (!state_) throw std::logic_error("Digest::finish called twice");
  const auto state = std::move(state_);
  if (const auto* crc = std::get_if<uLong>(&state->running)) return big_endian(*crc, 4);
  if (const auto* crc = std::get_if<Crc32c>(&state->running)) return big_endian(crc->checksum(), 4);
  if (const auto* crc = std::get_if<Crc64Nvme>(&state->running)) {
    return big_endian(crc->checksum(), 8);
  }
  if (const auto* xxh128 = std::get_if<Xxh128>(&state->running)) {
    const XXH128_hash_t hash = XXH3_128bits_digest(xxh128->get());
    return big_endian(hash.high64, 8) + big_endian(hash.low64, 8);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> buffer{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(std::get<Context>(state->running).get(), buffer.data(), &size) == 1);
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Digest digest(DigestAlgorithm::sha256);
  digest.update(bytes);
  return to_hex(digest.finish());
}
