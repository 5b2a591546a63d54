#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/topic_record.hpp"

namespace userd {

/// A user as one side knows it.
struct KnownUser {
    std::int64_t version = 0;
    EventId id;  ///< of the newest event
    Fingerprint fingerprint{};
    bool deleted = false;
};

/// The database's side.
struct StoredUser : KnownUser {
    UserId user;
    bool waiting = false;  ///< the newest event is in the outbox
};

/// The table of users that a compacted topic comes to: the last record of each. Of each user a row
/// of fixed size is kept.
class TopicTable {
  public:
    struct Row : KnownUser {
        std::int64_t highest = 0;  ///< version that was seen at all
    };

    void apply(const TopicChange& change);
    [[nodiscard]] const Row* find(UserId user) const;
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::vector<UserId> users() const;

  private:
    std::map<UserId, Row> rows_;
};

enum class Agreement {
    same,
    waiting,  ///< not yet sent
    ahead,    ///< the topic has a newer version
    differs,
};

struct Comparison {
    Agreement agreement = Agreement::same;
    std::string difference;  ///< for people, unless they are the same
};

/// Either may be null where a side does not know the user.
[[nodiscard]] Comparison compare(const TopicTable::Row* topic, const StoredUser* stored);

}  // namespace userd
