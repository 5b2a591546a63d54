#include "events/schema_registry.hpp"

#include <array>
#include <boost/json.hpp>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/curl.hpp"

namespace userd {
namespace {

namespace json = boost::json;
using Outcome = SchemaRegistration::Outcome;

constexpr int kLongestPollMs = 60'000;  // libcurl's own timers and wake-ups end a poll sooner
constexpr std::size_t kLongestMessage = 500;

struct Answer {
    long status = 0;
    std::string body;
    std::string error;  ///< empty when there is an answer
};

Answer failure(std::string error) {
    return {0, {}, std::move(error)};
}

/// Of a text from outside.
std::string printable(std::string text) {
    if (text.size() > kLongestMessage) text.resize(kLongestMessage);
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text;
}

/// One POST, with everything it needs alive until it is over.
class Post {
  public:
    Post(const SchemaRegistrySettings& settings, const std::string& path, const std::string& body)
        : taken_{settings.max_answer, {}} {
        if (!curl::start() || !multi_ || !easy_) throw std::runtime_error("libcurl cannot start");
        if (!prepare(settings, settings.url + path) || !fill(body) || !set_access(settings) ||
            curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK)
            throw std::runtime_error("libcurl cannot prepare a request");
    }
    ~Post() { curl_multi_remove_handle(multi_.get(), easy_.get()); }
    Post(const Post&) = delete;
    Post& operator=(const Post&) = delete;

    Answer run(const std::stop_token& stop) {
        const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
        int running = 1;
        while (!stop.stop_requested()) {
            curl_multi_perform(multi_.get(), &running);
            if (running == 0) return answer();
            curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMs, nullptr);
        }
        return failure("userd is stopping");
    }

  private:
    template <class Value>
    bool set(CURLoption option, Value value) {
        return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
    }

    bool prepare(const SchemaRegistrySettings& settings, const std::string& url) {
        return set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
               set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_USERAGENT, "userd") &&
               set(CURLOPT_NOSIGNAL, 1L) &&
               // A name look-up that hangs must not hold up a stop.
               set(CURLOPT_QUICK_EXIT, 1L) &&
               set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count())) &&
               set(CURLOPT_ERRORBUFFER, reason_.data()) &&
               set(CURLOPT_WRITEFUNCTION, curl::Body::take) &&
               set(CURLOPT_WRITEDATA, static_cast<void*>(&taken_));
    }

    bool fill(const std::string& body) {
        headers_.reset(
            curl_slist_append(nullptr, "Content-Type: application/vnd.schemaregistry.v1+json"));
        return headers_ && set(CURLOPT_HTTPHEADER, headers_.get()) &&
               set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size())) &&
               set(CURLOPT_COPYPOSTFIELDS, body.c_str());
    }

    bool set_access(const SchemaRegistrySettings& settings) {
        if (!settings.authorities.empty() && !set(CURLOPT_CAINFO, settings.authorities.c_str()))
            return false;
        if (settings.user.empty()) return true;
        std::string password(settings.password.reveal());
        const bool is_set = set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC) &&
                            set(CURLOPT_USERNAME, settings.user.c_str()) &&
                            set(CURLOPT_PASSWORD, password.c_str());
        wipe(password);
        return is_set;
    }

    Answer answer() {
        int left = 0;
        const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
        const CURLcode result = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
        if (result == CURLE_WRITE_ERROR) return failure("the answer is too large");
        if (result != CURLE_OK)
            return failure(reason_.front() != '\0' ? reason_.data() : curl_easy_strerror(result));
        long status = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        return {status, std::move(taken_.bytes), {}};
    }

    curl::Multi multi_{curl_multi_init()};
    curl::Easy easy_{curl_easy_init()};
    curl::Headers headers_;
    curl::Body taken_;
    std::array<char, CURL_ERROR_SIZE> reason_{};
};

/// Nothing when it is no JSON object.
json::object object_of(const std::string& body) {
    boost::system::error_code error;
    json::value value = json::parse(body, error);
    return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

SchemaRegistration take(const Answer& answer) {
    constexpr long kOk = 200;
    constexpr long kConflict = 409;
    constexpr long kUnprocessable = 422;
    if (!answer.error.empty()) return {Outcome::unavailable, 0, printable(answer.error)};
    const json::object content = object_of(answer.body);
    if (answer.status == kOk) {
        const json::value* id = content.if_contains("id");
        const std::int64_t* number = id == nullptr ? nullptr : id->if_int64();
        if (number != nullptr && *number > 0 && *number <= std::numeric_limits<std::int32_t>::max())
            return {Outcome::registered, static_cast<std::int32_t>(*number), {}};
        return {Outcome::unavailable, 0, "the answer has no schema id"};
    }
    const json::value* message = content.if_contains("message");
    std::string reason = "it answered " + std::to_string(answer.status);
    if (message != nullptr && message->is_string())
        reason += ": " + printable(std::string(message->get_string()));
    const bool is_refusal = answer.status == kConflict || answer.status == kUnprocessable;
    return {is_refusal ? Outcome::refused : Outcome::unavailable, 0, std::move(reason)};
}

}  // namespace

SchemaRegistration register_schema(const SchemaRegistrySettings& settings,
                                   const TopicSchema& schema, const std::stop_token& stop) {
    const json::object body = {{"schemaType", "PROTOBUF"}, {"schema", schema.text}};
    // A topic's name has no byte that would need an escape.
    Post post(settings, "subjects/" + schema.subject() + "/versions", json::serialize(body));
    return take(post.run(stop));
}

}  // namespace userd
