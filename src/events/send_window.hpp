#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/event.hpp"

namespace userd {

/// The events that were read from the outbox and are not settled, and which of them may go out now.
///
/// Of each user one event is out at a time, so order per user rests on nothing but this: whatever
/// fails, a user's later event is not handed over before the earlier one is acknowledged.
/// A broker refuses whole batches, so events that are refused together are suspects: they go out
/// again by halves, with nothing else out, until one is refused alone. Only that one counts.
class SendWindow {
  public:
    explicit SendWindow(std::size_t capacity) : capacity_(capacity) {}

    [[nodiscard]] std::size_t room() const noexcept { return capacity_ - user_of_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return user_of_.size(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return out_.size(); }
    [[nodiscard]] bool contains(std::int64_t sequence) const { return user_of_.contains(sequence); }

    /// Needs room. Events of one user are added in their order.
    void add(Event event);
    /// What to hand over next; null when nothing may go out now.
    [[nodiscard]] const Event* next() const;
    /// next() was handed over.
    void mark_sent();

    /// False when that event is not out.
    bool acknowledge(std::int64_t sequence);

    /// It goes out again, before what came after it; a suspect stays one. False when it is not out.
    bool roll_back(std::int64_t sequence);

    enum class Verdict {
        not_out,  ///< that event is not out; nothing changed
        retry,    ///< it goes out again, in less company
        never,    ///< it and the user's later events were taken out of the window
    };
    Verdict refuse(std::int64_t sequence);

    /// Of an event in the window.
    [[nodiscard]] UserId user_of(std::int64_t sequence) const { return user_of_.at(sequence); }

    void clear();

  private:
    struct HashUser {
        std::size_t operator()(const UserId& user) const noexcept {
            std::size_t random = 0;  // the last bytes of a UUIDv7 are
            std::memcpy(&random, user.bytes.data() + user.bytes.size() - sizeof random,
                        sizeof random);
            return random;
        }
    };
    using Lanes = std::unordered_map<UserId, std::list<Event>, HashUser>;
    void drop_first(Lanes::iterator lane);
    void end_round();
    void suspect(std::vector<UserId> users);

    std::size_t capacity_;
    Lanes lanes_;  ///< no list is empty; the first of each may be out
    std::unordered_map<std::int64_t, UserId> user_of_;  ///< of every event held
    std::unordered_set<std::int64_t> out_;
    std::set<std::int64_t> ready_;  ///< first events that may go out
    // Of users, whose first event is meant.
    std::deque<std::vector<UserId>> suspects_;  ///< the first go out next, by themselves
    std::size_t tried_ = 0;                     ///< of the first suspects, how many are out
    std::vector<UserId> refused_;               ///< since something was out last; in company
    std::vector<UserId> rolled_back_;           ///< suspects
};

}  // namespace userd
