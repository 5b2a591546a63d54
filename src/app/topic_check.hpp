#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "app/admin_session.hpp"
#include "app/progress.hpp"
#include "app/settings.hpp"
#include "events/kafka_reader.hpp"
#include "events/topic_table.hpp"

namespace userd {

/// Reads the topic and the database and keeps the users that do not agree. Blocking.
class TopicCheck {
  public:
    using Users = std::map<UserId, std::string>;  ///< each with what is to be said of it

    /// The settings must outlive it. This and run(): std::runtime_error and StoreUnavailable with
    /// one clear line.
    explicit TopicCheck(const Settings& settings);

    void run();

    [[nodiscard]] const Users& differing() const noexcept { return suspects_; }
    [[nodiscard]] const Users& waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::int64_t records() const noexcept { return records_; }
    [[nodiscard]] std::int64_t foreign() const noexcept { return foreign_; }  ///< of the records
    [[nodiscard]] std::size_t users_on_topic() const noexcept { return table_.size(); }
    [[nodiscard]] std::int64_t users_stored() const noexcept { return stored_; }

  private:
    void read_topic();
    void take(const TopicRecord& record);
    void compare_all();
    void look_again();
    void look_at_those_ahead();
    void judge(const UserId& user, const StoredUser* stored);
    std::map<UserId, StoredUser> read_users(const Users& which);

    const std::string topic_;
    AdminSession session_;
    TopicReader reader_;
    Progress progress_{"Reading"};
    TopicTable table_;
    std::int64_t records_ = 0;
    std::int64_t foreign_ = 0;
    std::int64_t stored_ = 0;
    Users suspects_;
    Users ahead_;  ///< the topic has a later version than the database had when it was read
    Users waiting_;
};

}  // namespace userd
