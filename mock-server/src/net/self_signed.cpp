#include "net/self_signed.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "http/tls_names.hpp"
#include "net/bad_certificates.hpp"
#include "net/certificates.hpp"

namespace mock {

namespace fs = std::filesystem;

namespace {

/// The one that is there, or a new one.
Result<Identity> authority_in(const fs::path& dir) {
  const auto file = dir / "ca.pem";
  const auto key_file = dir / "ca-key.pem";
  Identity authority = load_identity(file, key_file);
  if (authority) return authority;
  authority = make_identity({.name = "local test authority", .until = ca_lifetime}, nullptr);
  if (!authority) return failure(dir.string(), "OpenSSL cannot make a certificate");
  auto written = write_key(key_file, authority.key.get()).and_then([&] {
    return write_chain(file, {authority.certificate.get()});
  });
  if (!written) return tl::unexpected<Error>(written.error());
  return authority;
}

/// Names that ask for an early end of the handshake, say, see the good certificate until then.
std::string alternatives() {
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const auto& name : names_of_handshakes()) names += ",DNS:" + name;
  return names;
}

/// A certificate of an earlier version may lack a name.
bool has_names(X509* certificate) {
  return std::ranges::all_of(names_of_handshakes(), [certificate](const std::string& name) {
    return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
  });
}

Result<void> good_pair(const fs::path& dir, const TlsFiles& files, const Identity& authority) {
  const Identity present = load_identity(files.certificate, files.key);
  if (present && has_names(present.certificate.get()) &&
      X509_verify(present.certificate.get(), X509_get0_pubkey(authority.certificate.get())) == 1) {
    return {};
  }
  ERR_clear_error();
  const Identity server = make_identity({.alternatives = alternatives()}, &authority);
  if (!server) return failure(dir.string(), "OpenSSL cannot make a certificate");
  return write_key(files.key, server.key.get()).and_then([&] {
    return write_chain(files.certificate, {server.certificate.get(), authority.certificate.get()});
  });
}

}  // namespace

Result<TlsFiles> self_signed(const std::string& folder) {
  const fs::path dir = folder;
  TlsFiles files{(dir / "server.pem").string(), (dir / "server-key.pem").string()};

  std::error_code ec;
  fs::create_directories(dir, ec);
  if (ec) return failure(folder, "the folder cannot be made: " + ec.message());

  const auto authority = authority_in(dir);
  if (!authority) return tl::unexpected<Error>(authority.error());
  if (auto written = good_pair(dir, files, *authority); !written)
    return tl::unexpected<Error>(written.error());
  auto bad = bad_certificates((dir / "bad").string(), (dir / "crl.pem").string(), *authority);
  if (!bad) return tl::unexpected<Error>(bad.error());
  files.bad = std::make_shared<const BadCertificates>(std::move(*bad));
  return files;
}

}  // namespace mock
