#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

/// The PEM files of a TlsContext. All throw TlsError.
namespace userd::http::pem {

inline constexpr const char* kCertificate = "TLS_CERTIFICATE";
inline constexpr const char* kKey = "TLS_KEY";

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// `setting` is one of the two names.
[[noreturn]] void fail(const char* setting, const std::filesystem::path& path,
                       const std::string& what);
/// OpenSSL's words for what just failed.
[[nodiscard]] std::string reason();

/// All certificates of the file; at least one.
[[nodiscard]] std::vector<X509Pointer> read_chain(const std::filesystem::path& path);
/// Adds to `warnings` when every user may read the file.
[[nodiscard]] KeyPointer read_key(const std::filesystem::path& path,
                                  std::vector<std::string>& warnings);

}  // namespace userd::http::pem
