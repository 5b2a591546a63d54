#include "store/postgres/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>

namespace userd::postgres {
namespace {

// Above that a batch gains little, and each waits for the last of it.
constexpr std::size_t kMostInBatch = 16;
constexpr int kMostAttempts = 10;
constexpr std::chrono::milliseconds kTick{50};
constexpr std::chrono::milliseconds kPauseFirst{50};
constexpr std::chrono::milliseconds kPauseMost{1000};
// A pooler or server that restarts is back before that, most times; a caller should not wait
// longer.
constexpr std::chrono::milliseconds kHope{500};

Failure unavailable(const std::string& reason) {
    return {Failure::Kind::unavailable, reason};
}

}  // namespace

Pool::Pool(boost::asio::io_context& loop, const Conninfo& conninfo, PoolSettings settings,
           Health& health)
    : loop_(loop),
      conninfo_(conninfo),
      settings_(settings),
      health_(health),
      ticker_(loop),
      reopen_(loop) {}

Pool::~Pool() {
    stopping_ = true;
    if (connector_.joinable()) connector_.join();
    for (const std::shared_ptr<Link>& link : links_)
        link->close();
}

void Pool::submit(RequestPtr request) {
    if (waiting_.size() >= settings_.queue)
        return finish(std::move(request), unavailable("too many operations wait for a connection"));
    if (!away_.empty()) {
        want_connection();
        return finish(std::move(request), unavailable(away_));
    }
    waiting_.push_back(std::move(request));
    tick();
    dispatch();
}

void Pool::dispatch() {
    while (!waiting_.empty()) {
        const auto link = std::find_if(links_.begin(), links_.end(),
                                       [](const auto& each) { return !each->is_busy(); });
        // Who waits is served by whichever comes first, a new connection or one that gets free.
        if (link == links_.end()) return want_connection();
        const std::shared_ptr<Link> free = *link;
        free->send(take_batch());
    }
}

std::vector<RequestPtr> Pool::take_batch() {
    std::vector<RequestPtr> batch;
    do {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    } while (batch.front()->may_share() && batch.size() < kMostInBatch && !waiting_.empty() &&
             waiting_.front()->may_share());
    // Two transactions that lock rows in one order never wait for each other in a circle.
    const auto row_of = [](const RequestPtr& request) { return request->commands.front().row; };
    std::stable_sort(batch.begin(), batch.end(),
                     [&row_of](const auto& a, const auto& b) { return row_of(a) < row_of(b); });
    return batch;
}

void Pool::want_connection() {
    if (is_opening_ || links_.size() >= settings_.connections) return;
    is_opening_ = true;
    // The first one ever, or after all was well: nothing says yet that there will be none.
    if (links_.empty() && last_trouble_.empty())
        hope_until_ = SteadyClock::now() + settings_.operation_timeout;
    reopen_.expires_after(pause_);
    reopen_.async_wait([this](boost::system::error_code error) {
        if (!error) open();
    });
}

void Pool::open() {
    if (connector_.joinable()) connector_.join();
    // Name look-ups block, and so does nothing on the loop.
    connector_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "pg-connect");
        auto connected =
            std::make_unique<Connected>(connect(conninfo_, settings_.connect_timeout, stopping_));
        boost::asio::post(
            loop_, [this, connected = std::move(connected)] { opened(std::move(*connected)); });
    });
}

void Pool::opened(Connected connected) {
    is_opening_ = false;
    if (connected.connection) {
        add_link(std::move(connected.connection));
        dispatch();
        return;
    }
    pause_ = std::clamp(2 * pause_, kPauseFirst, kPauseMost);
    last_trouble_ = connected.error;
    if (!links_.empty()) return;  // those serve; a further one is tried when there is need
    declare_away(connected.error);
    want_connection();
}

void Pool::add_link(ConnectionPtr connection) {
    away_.clear();
    last_trouble_.clear();
    pause_ = std::chrono::milliseconds{0};
    health_.worked();
    // Found again by its address: it does not know its owner's pointer to it.
    auto key = std::make_shared<const Link*>(nullptr);
    auto link = std::make_shared<Link>(
        loop_, std::move(connection), settings_.prepared,
        Link::Events{[this](std::vector<RequestPtr> requests) { finished(std::move(requests)); },
                     [this, key](std::vector<RequestPtr> unanswered, const std::string& reason) {
                         broke(*key, std::move(unanswered), reason);
                     }});
    *key = link.get();
    links_.push_back(link);
    link->start();
}

void Pool::broke(const Link* link, std::vector<RequestPtr> unanswered, const std::string& reason) {
    std::erase_if(links_, [link](const auto& each) { return each.get() == link; });
    last_trouble_ = "the connection broke: " + reason;
    if (links_.empty()) {
        hope_until_ = SteadyClock::now() + kHope;
        pause_ = std::chrono::milliseconds{0};
    }
    for (RequestPtr& request : unanswered)
        repeat_or_fail(std::move(request), {Failure::Kind::broken, last_trouble_});
    if (links_.empty()) want_connection();
    tick();
    dispatch();
}

void Pool::finished(std::vector<RequestPtr> requests) {
    for (RequestPtr& request : requests) {
        if (!request->failure) {
            finish(std::move(request));
            continue;
        }
        Failure failure = *std::exchange(request->failure, std::nullopt);
        repeat_or_fail(std::move(request), std::move(failure));
    }
    dispatch();
}

void Pool::repeat_or_fail(RequestPtr request, Failure failure) {
    const bool is_undone =
        failure.kind == Failure::Kind::rolled_back || failure.kind == Failure::Kind::read_only;
    const bool may_repeat =
        is_undone || (failure.kind == Failure::Kind::broken && request->is_repeatable());
    if (!may_repeat || ++request->attempts >= kMostAttempts ||
        SteadyClock::now() >= request->deadline)
        return finish(std::move(request), std::move(failure));
    request->rows.clear();
    request->failure.reset();
    // The oldest first, as they came.
    const auto is_before = [](SteadyClock::time_point deadline, const RequestPtr& each) {
        return deadline < each->deadline;
    };
    const auto place =
        std::upper_bound(waiting_.begin(), waiting_.end(), request->deadline, is_before);
    waiting_.insert(place, std::move(request));
}

void Pool::declare_away(const std::string& reason) {
    away_ = reason;
    health_.failed(reason);
    fail_waiting(unavailable(reason));
}

void Pool::fail_waiting(const Failure& failure) {
    for (RequestPtr& request : std::exchange(waiting_, {}))
        finish(std::move(request), failure);
}

void Pool::tick() {
    if (std::exchange(is_ticking_, true)) return;
    ticker_.expires_after(kTick);
    ticker_.async_wait([this](boost::system::error_code error) {
        is_ticking_ = false;
        if (error) return;
        look_at_deadlines();
        const bool is_busy =
            !waiting_.empty() || std::any_of(links_.begin(), links_.end(),
                                             [](const auto& link) { return link->is_busy(); });
        if (is_busy) tick();
    });
}

void Pool::look_at_deadlines() {
    const SteadyClock::time_point now = SteadyClock::now();
    const Links links = links_;
    for (const std::shared_ptr<Link>& link : links) {
        if (!link->is_busy() || now < link->deadline()) continue;
        link->break_off("no answer in time");
    }
    if (links_.empty() && !waiting_.empty() && now >= hope_until_)
        declare_away(last_trouble_.empty() ? "no connection in time" : last_trouble_);
    while (!waiting_.empty() && now >= waiting_.front()->deadline) {
        RequestPtr request = std::move(waiting_.front());
        waiting_.pop_front();
        finish(std::move(request), unavailable("no connection was free in time"));
    }
}

}  // namespace userd::postgres
