#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>

/// libcurl's handles as owners, for the modules that link it.
namespace userd::curl {

template <auto kRelease>
struct Release {
    template <class T>
    void operator()(T* handle) const noexcept {
        kRelease(handle);
    }
};
using Easy = std::unique_ptr<CURL, Release<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Release<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Release<curl_slist_free_all>>;

/// False when libcurl cannot start. Thread-safe.
inline bool start() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    return started == CURLE_OK;
}

/// What comes of an answer, up to a bound; beyond it the transfer ends with CURLE_WRITE_ERROR.
struct Body {
    std::size_t most = 0;
    std::string bytes;

    /// CURLOPT_WRITEFUNCTION; CURLOPT_WRITEDATA is the Body.
    static std::size_t take(char* data, std::size_t size, std::size_t count, void* body) {
        auto& into = *static_cast<Body*>(body);
        if (size * count > into.most - into.bytes.size()) return 0;
        into.bytes.append(data, size * count);
        return size * count;
    }
};

}  // namespace userd::curl
