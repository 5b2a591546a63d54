#include "tokens/verified_tokens.hpp"

#include <openssl/evp.h>

#include <stdexcept>

#include "tokens/tokens.hpp"

namespace userd {
namespace {

/// A thread's context with SHA-256 looked up: finding the algorithm costs more than a short digest.
class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new()) {
        if (!context_ || EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) != 1) fail();
    }

    VerifiedTokens::Digest operator()(std::string_view bytes) {
        VerifiedTokens::Digest digest{};
        if (EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) != 1 ||
            EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1 ||
            EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1)
            fail();
        return digest;
    }

  private:
    [[noreturn]] static void fail() { throw std::runtime_error("OpenSSL gives no SHA-256"); }

    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

VerifiedTokens::Digest VerifiedTokens::digest_of(std::string_view token) {
    thread_local Sha256 sha256;
    return sha256(token);
}

AccessClaimsPointer VerifiedTokens::find(const Digest& token, std::uint64_t edition) {
    auto verified = tokens_.find(token);
    return verified && verified->edition == edition ? std::move(verified->claims) : nullptr;
}

void VerifiedTokens::put(const Digest& token, std::uint64_t edition, AccessClaimsPointer claims) {
    tokens_.put(token, {edition, std::move(claims)}, tokens_.ticket(token));
}

}  // namespace userd
