#pragma once

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "async/resume.hpp"
#include "base/curl.hpp"
#include "passwords/range_client.hpp"

namespace userd {

/// The queue, the transfers and their thread.
class RangeClient::Impl {
  public:
    explicit Impl(RangeClientSettings settings);
    ~Impl();

    Task<RangeAnswer> get(std::string prefix);

  private:
    struct Job {
        std::string prefix;
        Resume<RangeAnswer> resume;
    };
    struct Transfer {
        Resume<RangeAnswer> resume;
        curl::Body body;
        std::array<char, CURL_ERROR_SIZE> reason{};
        curl::Easy easy;
    };
    using Transfers = std::list<Transfer>;

    bool enqueue(Job& job);
    void work();
    /// False when it is time to stop; nothing is queued any more then.
    bool start_queued();
    void start(Job job);
    bool prepare(Transfer& transfer, const std::string& url) const;
    void finish_done();
    void finish(Transfers::iterator transfer, RangeAnswer answer);
    static RangeAnswer answer_of(Transfer& transfer, CURLcode result);

    const RangeClientSettings settings_;
    curl::Multi multi_;
    curl::Headers headers_;
    Transfers transfers_;  // only the thread touches it

    std::mutex mutex_;  // for all below
    std::deque<Job> queue_;
    std::size_t in_flight_ = 0;  ///< queued ones too
    bool stopping_ = false;
    std::thread thread_;  // only the constructor and the destructor touch it
};

}  // namespace userd
