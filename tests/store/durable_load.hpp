#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "async/loops.hpp"
#include "store/sqlite_fixture.hpp"
#include "store/store_scenario.hpp"

namespace userd {

/// What a store has acknowledged, and what it was asked to let go of.
struct Acknowledged {
    struct Account {
        std::int64_t version = 0;
        std::string email;
        bool disabled = false;
        bool deleted = false;
    };
    std::map<UserId, Account> accounts;
    std::map<SessionId, std::pair<UserId, std::int64_t>> generations;
    std::set<std::int64_t> removed;        ///< from the outbox, acknowledged
    std::set<std::int64_t> asked_removed;  ///< from the outbox, with any outcome
    std::set<UserId> asked_deleted;
};

/// Kept while a load runs on several threads; a copy is taken at the instant of a power cut.
class Ledger {
  public:
    template <class Change>
    void note(Change change) {
        const std::lock_guard lock(mutex_);
        change(now_);
    }
    [[nodiscard]] Acknowledged copy() const {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    void note_user(const User& user) {
        note([&](Acknowledged& now) {
            now.accounts[user.id] = {user.version, user.state.email, user.state.disabled, false};
        });
    }

  private:
    mutable std::mutex mutex_;
    Acknowledged now_;
};

/// Every kind of write there is, on two loops of their own threads, until told to stop.
class DurableLoad {
  public:
    DurableLoad(Store& store, Ledger& ledger) : store_(store), ledger_(ledger), loops_(2) {
        for (int actor = 0; actor < kActors; ++actor)
            spawn(actor, live(*this, actor));
        spawn(kActors, relay(*this));
        loops_.start();
    }
    ~DurableLoad() { finish(); }
    DurableLoad(const DurableLoad&) = delete;
    DurableLoad& operator=(const DurableLoad&) = delete;

    void finish() {
        stopping_ = true;
        if (std::exchange(is_running_, false)) {
            loops_.finish();
            loops_.join();
        }
    }
    [[nodiscard]] int rounds() const { return rounds_; }
    [[nodiscard]] int refusals() const { return refusals_; }

  private:
    static constexpr int kActors = 6;

    void spawn(int number, Task<void> task) {
        boost::asio::co_spawn(loops_.at(static_cast<std::size_t>(number) % 2), std::move(task),
                              [](std::exception_ptr error) {
                                  if (error) std::rethrow_exception(error);
                              });
    }

    static Task<void> live(DurableLoad& self, int actor) {
        for (int number = actor; !self.stopping_; number += kActors) {
            bool was_refused = false;
            try {
                co_await one_life(self, number);
            } catch (const StoreUnavailable&) {
                was_refused = true;
            }
            ++(was_refused ? self.refusals_ : self.rounds_);
        }
    }

    static Task<void> one_life(DurableLoad& self, int number) {
        Store& store = self.store_;
        Ledger& ledger = self.ledger_;
        const std::string name = "user" + std::to_string(number);
        NewUser wanted = make_new_user(name, name + "@example.org");
        std::string no_trace;
        const Result<User> user = co_await store.add_user(std::move(wanted), std::move(no_trace));
        if (!user) co_return;
        ledger.note_user(*user);
        co_await log_in(self, *user);
        std::string email = name + "@new.example.org";
        std::string key = email;
        const Result<User> moved =
            co_await store.set_email(user->id, std::move(email), std::move(key));
        if (moved) ledger.note_user(*moved);
        const Result<User> disabled = co_await store.set_disabled(user->id, true);
        if (disabled) ledger.note_user(*disabled);
        if (number % 3 != 0) co_return;
        ledger.note([&](Acknowledged& now) { now.asked_deleted.insert(user->id); });
        const Result<User> gone = co_await store.delete_user(user->id);
        if (gone) ledger.note([&](Acknowledged& now) { now.accounts[gone->id].deleted = true; });
    }

    static Task<void> log_in(DurableLoad& self, const User& user) {
        OpenSession request = scenario::opening(user);
        const Result<Session> session = co_await self.store_.open_session(std::move(request));
        if (!session) co_return;
        std::int64_t generation = session->generation;
        for (int i = 0; i < 3; ++i) {
            self.ledger_.note([&](Acknowledged& now) {
                now.generations[session->id] = {user.id, generation};
            });
            Rotate rotate;
            rotate.session = session->id;
            rotate.user = user.id;
            rotate.generation = generation;
            rotate.refresh_key_id = "key-1";
            rotate.refresh_lifetime = std::chrono::days(7);
            rotate.repeat_window = std::chrono::seconds(10);
            const Rotation rotation = co_await self.store_.rotate_session(std::move(rotate));
            if (rotation.outcome != Rotation::Outcome::rotated) co_return;
            generation = rotation.session.generation;
        }
    }

    /// Takes half of what waits out of the outbox, again and again.
    static Task<void> relay(DurableLoad& self) {
        std::optional<OutboxLease> lease;
        while (!self.stopping_) {
            try {
                OutboxClaim claim{"load", std::chrono::hours(1)};
                lease = co_await self.store_.lease_outbox(std::move(claim));
                if (lease) co_await remove_some(self, lease->epoch);
            } catch (const StoreUnavailable&) {
                ++self.refusals_;
            }
        }
    }

    static Task<void> remove_some(DurableLoad& self, std::int64_t epoch) {
        const std::vector<Event> events = co_await self.store_.waiting_events(0, 20, epoch);
        std::vector<std::int64_t> sent;
        for (const Event& event : events)
            if (event.sequence % 2 == 0) sent.push_back(event.sequence);
        const std::vector<std::int64_t> kept = sent;
        self.ledger_.note(
            [&](Acknowledged& now) { now.asked_removed.insert(kept.begin(), kept.end()); });
        co_await self.store_.remove_sent(std::move(sent), epoch);
        self.ledger_.note([&](Acknowledged& now) { now.removed.insert(kept.begin(), kept.end()); });
    }

    Store& store_;
    Ledger& ledger_;
    Loops loops_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> rounds_{0};
    std::atomic<int> refusals_{0};
    bool is_running_ = true;
};

}  // namespace userd
