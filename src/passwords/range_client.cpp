#include "passwords/range_client.hpp"

#include <curl/curl.h>

#include <array>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "async/resume.hpp"

namespace userd {
namespace {

constexpr int kLongestPollMs = 60'000;  // libcurl's own timers and wake-ups end a poll sooner

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

struct Job {
    std::string prefix;
    Resume<RangeAnswer> resume;
};

struct Transfer {
    Resume<RangeAnswer> resume;
    std::size_t max_answer = 0;
    std::string body;
    std::array<char, CURL_ERROR_SIZE> reason{};
    Easy easy;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* transfer) {
    auto& into = *static_cast<Transfer*>(transfer);
    if (size * count > into.max_answer - into.body.size()) return 0;
    into.body.append(data, size * count);
    return size * count;
}

RangeAnswer failure(std::string error) {
    return {{}, std::move(error)};
}

RangeAnswer answer_of(Transfer& transfer, CURLcode result) {
    if (result == CURLE_WRITE_ERROR) return failure("the answer is too large");
    if (result != CURLE_OK)
        return failure(transfer.reason.front() != '\0' ? transfer.reason.data()
                                                       : curl_easy_strerror(result));
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) return failure("the service answered " + std::to_string(status));
    return {std::move(transfer.body), {}};
}

}  // namespace

class RangeClient::Impl {
  public:
    explicit Impl(RangeClientSettings settings) : settings_(std::move(settings)) {
        static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
        if (started == CURLE_OK) multi_.reset(curl_multi_init());
        // Padding hides from a listener which range an answer's size belongs to.
        headers_.reset(curl_slist_append(nullptr, "Add-Padding: true"));
        if (!multi_ || !headers_) throw std::runtime_error("libcurl could not start");
        thread_ = std::thread([this] { work(); });
    }

    ~Impl() {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
        }
        curl_multi_wakeup(multi_.get());
        thread_.join();
    }

    Task<RangeAnswer> get(std::string prefix) {
        // Once the job is queued its coroutine may go on at any time on another thread, so that
        // nothing of this frame is touched any more.
        auto start = [this, &prefix](Resume<RangeAnswer> resume) {
            std::string refusal = "too many checks at once";
            try {
                Job job{std::move(prefix), resume};
                if (enqueue(job)) return;
            } catch (const std::exception& error) {
                refusal = error.what();
            }
            resume(failure(std::move(refusal)));
        };
        co_return co_await wait_for<RangeAnswer>(start);
    }

  private:
    bool enqueue(Job& job) {
        const std::scoped_lock lock(mutex_);
        if (stopping_ || in_flight_ == settings_.at_once) return false;
        queue_.push_back(std::move(job));
        ++in_flight_;
        curl_multi_wakeup(multi_.get());
        return true;
    }

    void work() {
        while (start_queued()) {
            int running = 0;
            curl_multi_perform(multi_.get(), &running);
            finish_done();
            curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMs, nullptr);
        }
        while (!transfers_.empty())
            finish(transfers_.begin(), failure("userd is stopping"));
    }

    /// False when it is time to stop; nothing is queued any more then.
    bool start_queued() {
        std::deque<Job> jobs;
        bool stopping = false;
        {
            const std::scoped_lock lock(mutex_);
            jobs.swap(queue_);
            stopping = stopping_;
        }
        for (Job& job : jobs)
            start(std::move(job));
        return !stopping;
    }

    void start(Job job) {
        const auto transfer = transfers_.emplace(transfers_.end());
        transfer->resume = std::move(job.resume);
        transfer->max_answer = settings_.max_answer;
        transfer->easy.reset(curl_easy_init());
        if (!transfer->easy || !prepare(*transfer, settings_.url + job.prefix) ||
            curl_multi_add_handle(multi_.get(), transfer->easy.get()) != CURLM_OK)
            finish(transfer, failure("libcurl could not begin"));
    }

    bool prepare(Transfer& transfer, const std::string& url) const {
        CURL* const easy = transfer.easy.get();
        const auto set = [easy](CURLoption option, auto value) {
            return curl_easy_setopt(easy, option, value) == CURLE_OK;
        };
        return set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
               set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_HTTPHEADER, headers_.get()) &&
               set(CURLOPT_USERAGENT, "userd") && set(CURLOPT_NOSIGNAL, 1L) &&
               // A name look-up that hangs must not hold up the others at its deadline.
               set(CURLOPT_QUICK_EXIT, 1L) &&
               set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count())) &&
               set(CURLOPT_ERRORBUFFER, transfer.reason.data()) &&
               set(CURLOPT_WRITEFUNCTION, take_body) &&
               set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
    }

    void finish_done() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto transfer = std::find_if(
                transfers_.begin(), transfers_.end(),
                [&](const Transfer& t) { return t.easy.get() == message->easy_handle; });
            finish(transfer, answer_of(*transfer, message->data.result));
        }
    }

    void finish(std::list<Transfer>::iterator transfer, RangeAnswer answer) {
        if (transfer->easy) curl_multi_remove_handle(multi_.get(), transfer->easy.get());
        const Resume<RangeAnswer> resume = std::move(transfer->resume);
        transfers_.erase(transfer);
        {
            const std::scoped_lock lock(mutex_);
            --in_flight_;
        }
        resume(std::move(answer));
    }

    const RangeClientSettings settings_;
    Multi multi_;
    Headers headers_;
    std::list<Transfer> transfers_;  // only the thread touches it

    std::mutex mutex_;  // for all below
    std::deque<Job> queue_;
    std::size_t in_flight_ = 0;  ///< queued ones too
    bool stopping_ = false;
    std::thread thread_;  // only the constructor and the destructor touch it
};

RangeClient::RangeClient(RangeClientSettings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}

RangeClient::~RangeClient() = default;

Task<RangeAnswer> RangeClient::get(std::string prefix) {
    return impl_->get(std::move(prefix));
}

}  // namespace userd
