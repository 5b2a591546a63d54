#include "passwords/range_client_impl.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace userd {
namespace {

constexpr int kLongestPollMs = 60'000;  // libcurl's own timers and wake-ups end a poll sooner

RangeAnswer failure(std::string error) {
    return {{}, std::move(error)};
}

}  // namespace

RangeClient::Impl::Impl(RangeClientSettings settings) : settings_(std::move(settings)) {
    if (curl::start()) multi_.reset(curl_multi_init());
    // Padding hides from a listener which range an answer's size belongs to.
    headers_.reset(curl_slist_append(nullptr, "Add-Padding: true"));
    if (!multi_ || !headers_) throw std::runtime_error("libcurl could not start");
    thread_ = std::thread([this] { work(); });
}

RangeClient::Impl::~Impl() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    curl_multi_wakeup(multi_.get());
    thread_.join();
}

Task<RangeAnswer> RangeClient::Impl::get(std::string prefix) {
    Job job{std::move(prefix), {}};
    // Once the job is queued its coroutine may go on at any time on another thread, so that nothing
    // of this frame is touched any more.
    auto start = [this, &job](Resume<RangeAnswer> resume) {
        std::string refusal = "too many checks at once";
        try {
            job.resume = resume;
            if (enqueue(job)) return;
        } catch (const std::exception& error) {
            refusal = error.what();
        }
        // A frame that holds its own resumption would never be freed if its loop is stopped.
        job.resume = {};
        resume(failure(std::move(refusal)));
    };
    co_return co_await wait_for<RangeAnswer>(start);
}

bool RangeClient::Impl::enqueue(Job& job) {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || in_flight_ == settings_.at_once) return false;
    queue_.push_back(std::move(job));
    ++in_flight_;
    curl_multi_wakeup(multi_.get());
    return true;
}

void RangeClient::Impl::work() {
    while (start_queued()) {
        int running = 0;
        curl_multi_perform(multi_.get(), &running);
        finish_done();
        curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMs, nullptr);
    }
    while (!transfers_.empty())
        finish(transfers_.begin(), failure("userd is stopping"));
}

bool RangeClient::Impl::start_queued() {
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

void RangeClient::Impl::start(Job job) {
    const auto transfer = transfers_.emplace(transfers_.end());
    transfer->resume = std::move(job.resume);
    transfer->body.most = settings_.max_answer;
    transfer->easy.reset(curl_easy_init());
    if (!transfer->easy || !prepare(*transfer, settings_.url + job.prefix) ||
        curl_multi_add_handle(multi_.get(), transfer->easy.get()) != CURLM_OK)
        finish(transfer, failure("libcurl could not begin"));
}

bool RangeClient::Impl::prepare(Transfer& transfer, const std::string& url) const {
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
           set(CURLOPT_WRITEFUNCTION, curl::Body::take) &&
           set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer.body));
}

RangeAnswer RangeClient::Impl::answer_of(Transfer& transfer, CURLcode result) {
    if (result == CURLE_WRITE_ERROR) return failure("the answer is too large");
    if (result != CURLE_OK)
        return failure(transfer.reason.front() != '\0' ? transfer.reason.data()
                                                       : curl_easy_strerror(result));
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) return failure("the service answered " + std::to_string(status));
    return {std::move(transfer.body.bytes), {}};
}

void RangeClient::Impl::finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const auto transfer =
            std::find_if(transfers_.begin(), transfers_.end(),
                         [&](const Transfer& t) { return t.easy.get() == message->easy_handle; });
        finish(transfer, answer_of(*transfer, message->data.result));
    }
}

void RangeClient::Impl::finish(Transfers::iterator transfer, RangeAnswer answer) {
    if (transfer->easy) curl_multi_remove_handle(multi_.get(), transfer->easy.get());
    const Resume<RangeAnswer> resume = std::move(transfer->resume);
    transfers_.erase(transfer);
    {
        const std::scoped_lock lock(mutex_);
        --in_flight_;
    }
    resume(std::move(answer));
}

}  // namespace userd
