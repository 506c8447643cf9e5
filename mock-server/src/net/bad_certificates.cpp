#include "net/bad_certificates.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace mock {

namespace {

namespace fs = std::filesystem;

constexpr long day = seconds_of_day;

using TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;

TimePtr from_now(long seconds) { return TimePtr(X509_gmtime_adj(nullptr, seconds)); }

std::string name_of(BadCertificate what) {
  return std::string(bad_certificate_names[static_cast<std::size_t>(what)]);
}

fs::path file_of(const fs::path& folder, BadCertificate what) {
  return folder / (name_of(what) + ".pem");
}

fs::path intermediate_file(const fs::path& folder) {
  return folder / "missing-intermediate-ca.pem";
}

bool is_revoked(BadCertificate what) {
  return what == BadCertificate::revoked || what == BadCertificate::revoked_stapled;
}

CertificateSpec spec_of(BadCertificate what) {
  CertificateSpec spec;
  spec.alternatives = "DNS:localhost,DNS:" + name_of(what) + ".localhost,IP:127.0.0.1,IP:::1";
  switch (what) {
    case BadCertificate::expired:
      spec.from = -30 * day;
      spec.until = -day;
      break;
    case BadCertificate::not_yet_valid:
      spec.from = 30 * day;
      break;
    case BadCertificate::other_host:
      spec.name = "elsewhere.example";
      spec.alternatives = "DNS:elsewhere.example";
      break;
    case BadCertificate::revoked_stapled:
    case BadCertificate::staple_missing:
    case BadCertificate::staple_expired:
      spec.must_staple = true;
      break;
    case BadCertificate::self_signed:
    case BadCertificate::unknown_authority:
    case BadCertificate::missing_intermediate:
    case BadCertificate::revoked:
      break;
  }
  return spec;
}

// ---- OCSP and the list

/// About `certificate`, by the authority itself; empty when OpenSSL has no memory.
std::vector<unsigned char> ocsp_answer(X509* certificate, const Identity& authority, bool revoked,
                                       long from, long until) {
  const std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>> basic(OCSP_BASICRESP_new());
  OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), certificate, authority.certificate.get());
  const auto begin = from_now(from);
  const auto end = from_now(until);
  if (!basic || id == nullptr || !begin || !end) return {};
  const auto* const single = OCSP_basic_add1_status(
      basic.get(), id, revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
      OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked ? begin.get() : nullptr, begin.get(), end.get());
  OCSP_CERTID_free(id);
  if (single == nullptr ||
      OCSP_basic_sign(basic.get(), authority.certificate.get(), authority.key.get(), EVP_sha256(),
                      nullptr, OCSP_NOCERTS) != 1) {
    return {};
  }
  const std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>> response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  unsigned char* bytes = nullptr;
  const int size = response ? i2d_OCSP_RESPONSE(response.get(), &bytes) : 0;
  if (size <= 0) return {};
  std::vector<unsigned char> answer(bytes, bytes + size);
  OPENSSL_free(bytes);
  return answer;
}

void staple(BadCertificates& made, const Identity& authority) {
  auto& revoked = made.all[static_cast<std::size_t>(BadCertificate::revoked_stapled)];
  revoked.staple =
      ocsp_answer(revoked.certificate.get(), authority, true, -60L * 60, server_lifetime);
  auto& stale = made.all[static_cast<std::size_t>(BadCertificate::staple_expired)];
  stale.staple = ocsp_answer(stale.certificate.get(), authority, false, -30 * day, -day);
}

CrlPtr make_list(const BadCertificates& made, const Identity& authority) {
  CrlPtr list(X509_CRL_new());
  const auto begin = from_now(-60L * 60);
  const auto end = from_now(server_lifetime);
  if (!list || !begin || !end) return nullptr;
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority.certificate.get()));
  X509_CRL_set1_lastUpdate(list.get(), begin.get());
  X509_CRL_set1_nextUpdate(list.get(), end.get());
  for (std::size_t i = 0; i < made.all.size(); ++i) {
    if (!is_revoked(static_cast<BadCertificate>(i))) continue;
    std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>> entry(X509_REVOKED_new());
    if (!entry) return nullptr;
    X509_REVOKED_set_serialNumber(entry.get(),
                                  X509_get_serialNumber(made.all[i].certificate.get()));
    X509_REVOKED_set_revocationDate(entry.get(), begin.get());
    if (X509_CRL_add0_revoked(list.get(), entry.get()) != 1) return nullptr;
    static_cast<void>(entry.release());
  }
  // RFC 5280 section 5.2.3: a number that grows.
  const std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
  ASN1_INTEGER_set_int64(number.get(), std::time(nullptr));
  const std::unique_ptr<AUTHORITY_KEYID, FreeWith<AUTHORITY_KEYID_free>> key_id(
      AUTHORITY_KEYID_new());
  key_id->keyid = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(authority.certificate.get()));
  if (X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, 0) != 1 ||
      X509_CRL_add1_ext_i2d(list.get(), NID_authority_key_identifier, key_id.get(), 0, 0) != 1 ||
      X509_CRL_sort(list.get()) != 1 ||
      X509_CRL_sign(list.get(), authority.key.get(), EVP_sha256()) == 0) {
    return nullptr;
  }
  return list;
}

// ---- what is there already

/// The certificates of a PEM file; the first is null when there is none.
std::pair<X509Ptr, ChainPtr> load_chain(const fs::path& file) {
  X509Ptr first;
  ChainPtr above(sk_X509_new_null());
  if (const BioPtr bio{BIO_new_file(file.c_str(), "r")}) {
    first.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
      sk_X509_push(above.get(), next);
  }
  ERR_clear_error();
  return {std::move(first), std::move(above)};
}

bool signed_by(X509* certificate, const X509* issuer) {
  return issuer != nullptr && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

/// Whether it still has its fault, and will have it for another day.
bool still_bad(BadCertificate what, X509* certificate, const X509* next, X509* authority,
               X509* intermediate) {
  std::time_t tomorrow = std::time(nullptr) + day;
  const bool begun = X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0;
  const bool begun_tomorrow = X509_cmp_time(X509_get0_notBefore(certificate), &tomorrow) < 0;
  const bool over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
  const bool over_tomorrow = X509_cmp_time(X509_get0_notAfter(certificate), &tomorrow) < 0;
  if (what == BadCertificate::expired) return over && signed_by(certificate, authority);
  if (what == BadCertificate::not_yet_valid)
    return !begun_tomorrow && signed_by(certificate, authority);
  if (!begun || over_tomorrow) return false;
  if (what == BadCertificate::self_signed) return signed_by(certificate, certificate);
  if (what == BadCertificate::unknown_authority) return signed_by(certificate, next);
  if (what == BadCertificate::missing_intermediate)
    return signed_by(certificate, intermediate) && signed_by(intermediate, authority);
  return signed_by(certificate, authority);
}

std::optional<BadCertificates> load_all(const fs::path& folder, const Identity& authority) {
  BadCertificates found;
  if (const BioPtr bio{BIO_new_file((folder / "key.pem").c_str(), "r")})
    found.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  const auto intermediate = load_chain(intermediate_file(folder)).first;
  bool whole = found.key != nullptr && intermediate != nullptr;
  for (std::size_t i = 0; whole && i < found.all.size(); ++i) {
    const auto what = static_cast<BadCertificate>(i);
    auto [certificate, above] = load_chain(file_of(folder, what));
    whole = certificate && X509_check_private_key(certificate.get(), found.key.get()) == 1 &&
            still_bad(what, certificate.get(), sk_X509_value(above.get(), 0),
                      authority.certificate.get(), intermediate.get());
    found.all[i] = {std::move(certificate), std::move(above), {}};
  }
  ERR_clear_error();
  if (!whole) return std::nullopt;
  return found;
}

// ---- new ones

struct Authorities {
  const Identity& known;
  Identity unknown;
  Identity intermediate;
};

const Identity* issuer_of(BadCertificate what, const Authorities& by) {
  switch (what) {
    case BadCertificate::self_signed:
      return nullptr;
    case BadCertificate::unknown_authority:
      return &by.unknown;
    case BadCertificate::missing_intermediate:
      return &by.intermediate;
    default:
      return &by.known;
  }
}

/// What a server sends after its certificate: all of the chain, but for what is missing.
X509* sent_above(BadCertificate what, const Authorities& by) {
  const auto* const issuer = issuer_of(what, by);
  if (issuer == nullptr || what == BadCertificate::missing_intermediate) return nullptr;
  return issuer->certificate.get();
}

Result<BadCertificates> make_all(const fs::path& folder, const Identity& authority) {
  const auto impossible = [&] {
    ERR_clear_error();
    return failure(folder.string(), "OpenSSL cannot make a certificate");
  };
  BadCertificates made;
  made.key.reset(EVP_EC_gen("P-256"));
  const Authorities by{
      authority, make_identity({.name = "unknown authority", .until = ca_lifetime}, nullptr),
      make_identity({.name = "local intermediate authority", .until = ca_lifetime}, &authority)};
  if (!made.key || !by.unknown || !by.intermediate) return impossible();
  auto written = write_key(folder / "key.pem", made.key.get()).and_then([&] {
    return write_chain(intermediate_file(folder), {by.intermediate.certificate.get()});
  });
  for (std::size_t i = 0; written && i < made.all.size(); ++i) {
    const auto what = static_cast<BadCertificate>(i);
    auto& one = made.all[i];
    one.certificate = make_certificate(spec_of(what), made.key.get(), issuer_of(what, by));
    one.above.reset(sk_X509_new_null());
    if (!one.certificate || !one.above) return impossible();
    std::vector<X509*> chain{one.certificate.get()};
    if (X509* const above = sent_above(what, by)) {
      X509_up_ref(above);
      sk_X509_push(one.above.get(), above);
      chain.push_back(above);
    }
    written = write_chain(file_of(folder, what), chain);
  }
  if (!written) return tl::unexpected<Error>(written.error());
  return made;
}

}  // namespace

Result<BadCertificates> bad_certificates(const std::string& folder, const std::string& list,
                                         const Identity& authority) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return failure(folder, "the folder cannot be made: " + ec.message());
  auto found = load_all(folder, authority);
  if (!found) {
    auto made = make_all(folder, authority);
    if (!made) return made;
    found = std::move(*made);
  }
  staple(*found, authority);
  const auto revoked = make_list(*found, authority);
  if (!revoked) return failure(list, "OpenSSL cannot make a list of revoked certificates");
  auto written = write_file(
      list, 0644, [&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, revoked.get()) == 1; });
  if (!written) return tl::unexpected<Error>(written.error());
  return std::move(*found);
}

}  // namespace mock
