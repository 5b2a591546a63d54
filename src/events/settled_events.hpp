#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include "async/task.hpp"
#include "events/relay.hpp"
#include "events/relay_status.hpp"

namespace userd {

/// Events whose fate is known, and the patience with a store that fails: what was acknowledged or
/// refused is kept until the store has taken it, and until no read can bring it that had begun
/// before.
class SettledEvents {
  public:
    SettledEvents(Outbox& store, RelayStatus& status, const RelaySettings& settings);

    void add_acknowledged(std::int64_t sequence) { acknowledged_.insert(sequence); }
    void add_refused(std::int64_t sequence, UserId user, std::string reason);

    /// Another has had the lease since: what is settled is what it sent, or sent again, now.
    void clear();

    /// What is read from now on does not have what was written back before.
    void begin_read();

    /// Whether the event must not be sent: it is settled, or behind a refused one of its user.
    [[nodiscard]] bool holds(const Event& event) const;

    /// Parks what was refused and removes what was acknowledged, as far as the store serves; not
    /// during its pause unless `even_in_pause`. LeaseLost.
    Task<void> write_back(std::int64_t epoch, bool even_in_pause);

    /// Of what is not written back.
    [[nodiscard]] bool is_empty() const { return size() == 0; }
    [[nodiscard]] std::size_t size() const { return acknowledged_.size() + refused_.size(); }

    /// Whether its fate is known, so that what was read may still have it.
    [[nodiscard]] bool contains(std::int64_t sequence) const {
        return acknowledged_.contains(sequence) || removed_.contains(sequence) ||
               refused_.contains(sequence) || parked_.contains(sequence);
    }

    void note_store_failure(const std::string& reason);
    void note_store_success();
    /// Whether no pause after a failure of the store is left to wait for.
    [[nodiscard]] bool may_try() const {
        return !next_try_ || std::chrono::steady_clock::now() >= *next_try_;
    }
    /// When the store may be tried again, or might have been for some time.
    [[nodiscard]] std::chrono::steady_clock::time_point next_try() const {
        return next_try_.value_or(std::chrono::steady_clock::time_point());
    }
    /// Whether something is to be written back now.
    [[nodiscard]] bool is_due() const { return !is_empty() && may_try(); }

  private:
    struct Refused {
        UserId user;
        std::string reason;
    };

    Task<void> park_refused(std::int64_t epoch);
    Task<void> remove_acknowledged(std::int64_t epoch);

    Outbox& store_;
    RelayStatus& status_;
    const std::size_t batch_;
    const std::chrono::milliseconds retry_first_;
    const std::chrono::milliseconds retry_most_;
    std::chrono::milliseconds retry_;
    /// Removed lowest first: what is sent again after a crash then ends with the user's newest
    /// event, which is the one that a compacted topic keeps.
    std::set<std::int64_t> acknowledged_;
    std::map<std::int64_t, Refused> refused_;
    // Written back since a read began.
    std::unordered_set<std::int64_t> removed_;
    std::map<std::int64_t, Refused> parked_;
    std::optional<std::chrono::steady_clock::time_point> next_try_;
};

}  // namespace userd
