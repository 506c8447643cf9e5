#include "net/self_signed.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <filesystem>
#include <system_error>

#include "net/certificates.hpp"

namespace mock {

namespace fs = std::filesystem;

Result<TlsFiles> self_signed(const std::string& folder) {
  const fs::path dir = folder;
  const auto ca_file = dir / "ca.pem";
  const auto ca_key_file = dir / "ca-key.pem";
  const TlsFiles files{(dir / "server.pem").string(), (dir / "server-key.pem").string()};

  std::error_code ec;
  fs::create_directories(dir, ec);
  if (ec) return failure(folder, "the folder cannot be made: " + ec.message());

  Identity authority = load_identity(ca_file, ca_key_file);
  const Identity present = load_identity(files.certificate, files.key);
  if (authority && present &&
      X509_verify(present.certificate.get(), X509_get0_pubkey(authority.certificate.get())) == 1) {
    return files;
  }
  ERR_clear_error();
  if (!authority) {
    authority = make_identity("local test authority", ca_lifetime, nullptr);
    if (!authority) return failure(folder, "OpenSSL cannot make a certificate");
    auto written = write_key(ca_key_file, authority.key.get()).and_then([&] {
      return write_file(ca_file, 0644, [&](BIO* bio) {
        return PEM_write_bio_X509(bio, authority.certificate.get()) == 1;
      });
    });
    if (!written) return tl::unexpected<Error>(written.error());
  }
  const Identity server = make_identity("localhost", server_lifetime, &authority);
  if (!server) return failure(folder, "OpenSSL cannot make a certificate");
  auto written = write_key(files.key, server.key.get()).and_then([&] {
    return write_file(files.certificate, 0644, [&](BIO* bio) {
      return PEM_write_bio_X509(bio, server.certificate.get()) == 1 &&
             PEM_write_bio_X509(bio, authority.certificate.get()) == 1;
    });
  });
  if (!written) return tl::unexpected<Error>(written.error());
  return files;
}

}  // namespace mock
