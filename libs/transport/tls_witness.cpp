#include "transport/tls_witness.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <string_view>
#include <utility>

#include "redact/printable.hpp"

namespace transport {
namespace {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;

X509Ptr shared(X509* certificate) {
  if (certificate != nullptr) X509_up_ref(certificate);
  return X509Ptr(certificate);
}

std::string shown(std::tm when) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", when.tm_year + 1900, when.tm_mon + 1,
                     when.tm_mday, when.tm_hour, when.tm_min);
}

std::string date_of(const ASN1_TIME* time) {
  std::tm when{};
  return ASN1_TIME_to_tm(time, &when) == 1 ? shown(when) : "an unreadable date";
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm when{};
  ::gmtime_r(&seconds, &when);
  return shown(when);
}

std::string common_name(const X509_NAME* name) {
  std::array<char, 200> text{};
  X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), text.size());
  return text.front() == '\0' ? "an unnamed one" : text.data();
}

std::string issuer_of(const X509* certificate) {
  return fmt::format("'{}'", common_name(X509_get_issuer_name(certificate)));
}

/// The common name; authorities without one have an organisation.
std::string signer_of(const X509* certificate) {
  const X509_NAME* const name = X509_get_issuer_name(certificate);
  std::array<char, 200> text{};
  for (const int part : {NID_commonName, NID_organizationName}) {
    if (X509_NAME_get_text_by_NID(name, part, text.data(), text.size()) > 0) return text.data();
  }
  return "an unnamed one";
}

std::string text_of(const GENERAL_NAME* name) {
  int type = 0;
  const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const unsigned char* const data = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (type == GEN_DNS) return {data, data + size};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != 4 && size != 16) return {};
  ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(), text.size());
  return text.data();
}

/// The hosts that it is for: the first of its alternative names, or else its common name.
std::string hosts_of(const X509* certificate) {
  constexpr int most = 3;
  std::string all;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names);
  for (int i = 0; i < count && i < most; ++i) {
    const std::string name = text_of(sk_GENERAL_NAME_value(names, i));
    if (!name.empty()) all += (all.empty() ? "" : ", ") + name;
  }
  if (count > most) all += fmt::format(" and {} more", count - most);
  GENERAL_NAMES_free(names);
  return all.empty() ? common_name(X509_get_subject_name(certificate)) : all;
}

/// RFC 7633: status_request is among the TLS features that the certificate demands.
bool must_staple(const X509* certificate) {
  auto* const features =
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr));
  bool must = false;
  for (int i = 0; features != nullptr && i < sk_ASN1_INTEGER_num(features); ++i) {
    must =
        must || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLSEXT_TYPE_status_request;
  }
  TLS_FEATURE_free(features);
  return must;
}

struct Trouble {
  TlsFault fault = TlsFault::other;
  std::string what, hint;
};

constexpr auto ask_for_another =
    "the server needs another certificate; this one is not to be trusted";

/// What is wrong with what the server stapled to `leaf`; nullopt: nothing.
std::optional<Trouble> staple_trouble(SSL* ssl, X509* leaf) {
  const auto its = fmt::format("its TLS certificate (for {})", hosts_of(leaf));
  unsigned char* bytes = nullptr;
  const long size = SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &bytes);
  constexpr auto fix = "OCSP stapling is to be switched on, and to work, at the server";
  if (size <= 0) {
    if (!must_staple(leaf)) return std::nullopt;
    return Trouble{TlsFault::stapling,
                   its + " demands an OCSP answer with it (must-staple), and none was sent", fix};
  }
  const unsigned char* at = bytes;
  const std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>> response(
      d2i_OCSP_RESPONSE(nullptr, &at, size));
  const BasicPtr basic(response ? OCSP_response_get1_basic(response.get()) : nullptr);
  STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
  X509* const issuer = sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf;
  std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>> id(
      OCSP_cert_to_id(EVP_sha1(), leaf, issuer));
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  if (!basic || !id ||
      OCSP_basic_verify(basic.get(), chain, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)), 0) != 1 ||
      OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, &revoked, &from, &until) !=
          1) {
    return Trouble{TlsFault::stapling,
                   "the OCSP answer that came with " + its + " is not its authority's", fix};
  }
  if (status == V_OCSP_CERTSTATUS_REVOKED) {
    return Trouble{
        TlsFault::revoked,
        its + " was revoked on " + date_of(revoked) + ", as the OCSP answer that came with it says",
        ask_for_another};
  }
  constexpr long clocks_differ = 300;  // seconds
  if (OCSP_check_validity(from, until, clocks_differ, -1) != 1) {
    return Trouble{TlsFault::stapling,
                   "the OCSP answer that came with " + its + " is out of date" +
                       (until != nullptr ? ": it was good until " + date_of(until) : ""),
                   fix};
  }
  return std::nullopt;
}

std::string_view name_of_message(unsigned char type) {
  switch (type) {
    case SSL3_MT_SERVER_HELLO:
      return "ServerHello";
    case SSL3_MT_ENCRYPTED_EXTENSIONS:
      return "EncryptedExtensions";
    case SSL3_MT_CERTIFICATE_REQUEST:
      return "CertificateRequest";
    case SSL3_MT_CERTIFICATE:
      return "Certificate";
    case SSL3_MT_CERTIFICATE_STATUS:
      return "CertificateStatus";
    case SSL3_MT_CERTIFICATE_VERIFY:
      return "CertificateVerify";
    case SSL3_MT_SERVER_KEY_EXCHANGE:
      return "ServerKeyExchange";
    case SSL3_MT_SERVER_DONE:
      return "ServerHelloDone";
    case SSL3_MT_FINISHED:
      return "Finished";
    default:
      return {};
  }
}

/// Whether the file of trusted authorities had their lists of revoked certificates too.
bool has_lists(X509_STORE* store) {
  STACK_OF(X509_OBJECT)* const all = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i) {
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(all, i)) == X509_LU_CRL) return true;
  }
  return false;
}

/// Called when a chain is to be verified: libcurl does not read the file earlier.
int verify(X509_STORE_CTX* chain, void* /*none*/) {
  if (has_lists(X509_STORE_CTX_get0_store(chain)))
    X509_STORE_CTX_set_flags(chain, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return X509_verify_cert(chain);
}

void drop_witness(void* /*parent*/, void* witness, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                  long /*none*/, void* /*none*/) {
  delete static_cast<std::shared_ptr<TlsWitness>*>(witness);
}

int witness_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &drop_witness);
  return index;
}

}  // namespace

struct TlsWitness::State {
  bool begun = false;
  bool done = false;
  std::string_view last;  ///< message that the server sent
  int alert = -1;         ///< sent or received, fatal
  bool alert_came = false;
  int error = X509_V_OK;
  X509Ptr refused;  ///< because of `error`
  X509Ptr leaf;
  std::optional<Trouble> staple;

  static State& of(const SSL* ssl) {
    return *(*static_cast<std::shared_ptr<TlsWitness>*>(
                 SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), witness_index())))
                ->state_;
  }

  static void on_info(const SSL* ssl, int where, int value) {
    State& self = of(ssl);
    if (self.done) return;
    if ((where & SSL_CB_HANDSHAKE_START) != 0) self.begun = true;
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) self.done = true;
    if ((where & SSL_CB_ALERT) != 0 && (value >> 8) == SSL3_AL_FATAL) {
      self.alert = value & 0xff;
      self.alert_came = (where & SSL_CB_READ) != 0;
    }
  }

  static void on_message(int written, int /*version*/, int type, const void* bytes,
                         std::size_t size, SSL* ssl, void* /*none*/) {
    if (written != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
    const auto name = name_of_message(*static_cast<const unsigned char*>(bytes));
    if (!name.empty()) of(ssl).last = name;
  }

  static int on_certificate(int good, X509_STORE_CTX* store) {
    const auto* const ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    State& self = of(ssl);
    if (!self.leaf) self.leaf = shared(X509_STORE_CTX_get0_cert(store));
    if (good != 1) {
      self.error = X509_STORE_CTX_get_error(store);
      self.refused = shared(X509_STORE_CTX_get_current_cert(store));
    }
    return good;
  }

  /// Called also when the server stapled nothing. 0 ends the handshake.
  static int on_staple(SSL* ssl, void* /*none*/) {
    State& self = of(ssl);
    // A session that is resumed shows no certificate.
    if (SSL_session_reused(ssl) == 1 || !self.leaf) return 1;
    self.staple = staple_trouble(ssl, self.leaf.get());
    ERR_clear_error();
    return self.staple ? 0 : 1;
  }

  [[nodiscard]] std::string which() const {
    if (!refused) return "its TLS certificate";
    if (X509_cmp(refused.get(), leaf.get()) == 0)
      return fmt::format("its TLS certificate (for {})", hosts_of(leaf.get()));
    return fmt::format("the certificate of '{}', above its TLS certificate (for {}),",
                       common_name(X509_get_subject_name(refused.get())), hosts_of(leaf.get()));
  }

  [[nodiscard]] Trouble other_host(const std::string& host) const {
    return {TlsFault::other_host,
            fmt::format("its TLS certificate is for {}, not for {}", hosts_of(leaf.get()), host),
            "give the URL with a name that the certificate has, or the server one for this name"};
  }

  [[nodiscard]] Trouble certificate_trouble(const std::string& host) const {
    const auto by = [this] { return refused ? issuer_of(refused.get()) : "nobody"; };
    switch (error) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return {
            TlsFault::expired,
            fmt::format("{} expired on {}", which(), date_of(X509_get0_notAfter(refused.get()))),
            fmt::format("it has to be renewed at the server (here it is {})", now())};
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return {TlsFault::not_yet_valid,
                fmt::format("{} is not valid before {}", which(),
                            date_of(X509_get0_notBefore(refused.get()))),
                fmt::format("is the clock of this machine right? Here it is {}", now())};
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return other_host(host);
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return {TlsFault::self_signed, which() + " is self-signed, and not trusted",
                "if it is the right one, give it with --ca-file"};
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return {TlsFault::unknown_authority,
                fmt::format("its TLS certificate (for {}) is by {}, which is not trusted",
                            hosts_of(leaf.get()), by()),
                "if that authority is the right one, give its certificate with --ca-file"};
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return {
            // If more of the chain came, it is its end that nobody knows.
            refused && X509_cmp(refused.get(), leaf.get()) == 0 ? TlsFault::missing_intermediate
                                                                : TlsFault::unknown_authority,
            fmt::format("{} is by {}, whose certificate was neither sent with it nor is trusted",
                        which(), by()),
            "the server has to send its intermediate certificates; or give that authority with "
            "--ca-file"};
      case X509_V_ERR_CERT_REVOKED:
        return {TlsFault::revoked, which() + " was revoked, as the list in --ca-file says",
                ask_for_another};
      case X509_V_ERR_UNABLE_TO_GET_CRL:
        return {TlsFault::other,
                fmt::format("{} is by {}, of which --ca-file has no list", which(), by()),
                "add the list of that authority, or take out the others"};
      case X509_V_ERR_CRL_HAS_EXPIRED:
        return {TlsFault::other, fmt::format("the list of {} in --ca-file is out of date", by()),
                "put the present one there"};
      default:
        return {TlsFault::other,
                fmt::format("{} is refused: {}", which(), X509_verify_cert_error_string(error)),
                "the server needs another certificate"};
    }
  }

  /// The handshake has begun, and did not come to its end.
  [[nodiscard]] Trouble handshake_trouble(const Failure& failure) const {
    const auto says = [&](std::string_view part) {
      return failure.message.find(part) != std::string::npos;
    };
    const std::string where = last.empty() ? "before any answer of the server"
                                           : fmt::format("after the server's {}", last);
    if (failure.kind == Failure::Kind::timeout)
      return {TlsFault::stalled,
              "the TLS handshake stalled " + where + ": nothing more came in time",
              "the server, or what stands in front of it, is stuck"};
    if (failure.kind == Failure::Kind::reset)
      return {TlsFault::broken_off, "the connection was reset within the TLS handshake, " + where,
              "look at what stands between here and the server, and into its log"};
    if (alert == SSL_AD_PROTOCOL_VERSION)
      return {TlsFault::old_version, "speaks no version of TLS that is taken here (1.2 and 1.3)",
              "it has to be updated: RFC 8996 does away with 1.0 and 1.1"};
    if (alert >= 0 && alert_came) {
      const bool wants_ours = alert == SSL_AD_CERTIFICATE_REQUIRED ||
                              alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_UNKNOWN_CA;
      return {TlsFault::refused,
              fmt::format("the server broke off the TLS handshake with the alert '{}'",
                          SSL_alert_desc_string_long(alert)),
              wants_ours
                  ? "does it want another --client-cert?"
                  : "its log says why; often both have no version, cipher or name in common"};
    }
    if (says("wrong version number") || says("packet length too long"))
      return {TlsFault::no_tls, "does not speak TLS", "is it http:// ?"};
    if (says("unexpected eof") || says("SSL_ERROR_SYSCALL") ||
        failure.kind == Failure::Kind::closed)
      return {TlsFault::broken_off, "the connection was closed within the TLS handshake, " + where,
              "look at what stands between here and the server, and into its log"};
    return {TlsFault::other, "TLS failed " + where + ": " + failure.message,
            "look into the server's log"};
  }

  [[nodiscard]] std::optional<Trouble> trouble(const Failure& failure,
                                               const std::string& host) const {
    if (staple) return staple;
    if (error != X509_V_OK && refused && leaf) return certificate_trouble(host);
    // libcurl compares the names itself, when OpenSSL is done.
    if (done && failure.kind == Failure::Kind::tls && leaf) return other_host(host);
    if (begun && !done) return handshake_trouble(failure);
    return std::nullopt;
  }
};

TlsWitness::TlsWitness() : state_(std::make_unique<State>()) {}
TlsWitness::~TlsWitness() = default;

void TlsWitness::watch(SSL_CTX* context, const std::shared_ptr<TlsWitness>& witness) {
  auto kept = std::make_unique<std::shared_ptr<TlsWitness>>(witness);
  if (SSL_CTX_set_ex_data(context, witness_index(), kept.get()) != 1) return;
  static_cast<void>(kept.release());  // drop_witness
  SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  SSL_CTX_set_info_callback(context, &State::on_info);
  SSL_CTX_set_msg_callback(context, &State::on_message);
  SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), &State::on_certificate);
  SSL_CTX_set_cert_verify_callback(context, &verify, nullptr);
  SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_ocsp, nullptr);
  // What SSL_CTX_set_tlsext_status_cb does, without its old-style cast.
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(&State::on_staple));
}

Failure TlsWitness::explain(Failure failure, const std::string& host) const {
  const auto trouble = state_->trouble(failure, host);
  if (!trouble) return failure;
  failure.message = redact::printable(trouble->what + "; " + trouble->hint);
  failure.explained = true;
  return failure;
}

TlsFault TlsWitness::fault(const Failure& failure, const std::string& host) const {
  const auto trouble = state_->trouble(failure, host);
  return trouble ? trouble->fault : TlsFault::none;
}

std::optional<CertificateSeen> TlsWitness::certificate() const {
  const X509* const leaf = state_->leaf.get();
  if (leaf == nullptr) return std::nullopt;
  return CertificateSeen{redact::printable(hosts_of(leaf)), redact::printable(signer_of(leaf)),
                         date_of(X509_get0_notBefore(leaf)), date_of(X509_get0_notAfter(leaf))};
}

}  // namespace transport
