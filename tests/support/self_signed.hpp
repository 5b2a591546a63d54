#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace userd {

/// Writes a new P-256 key and a certificate for it, valid for a day, as PEM files.
inline void write_self_signed(const std::filesystem::path& certificate_path,
                              const std::filesystem::path& key_path, long serial) {
    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_set_pubkey(certificate.get(), key.get());
    const bool is_signed = X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
    const File certificate_file(std::fopen(certificate_path.c_str(), "w"), std::fclose);
    const File key_file(std::fopen(key_path.c_str(), "w"), std::fclose);
    if (!is_signed || !certificate_file || !key_file ||
        PEM_write_X509(certificate_file.get(), certificate.get()) != 1 ||
        PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::runtime_error("cannot write a certificate");
    ::chmod(key_path.c_str(), 0600);
}

}  // namespace userd
