#include "events/topic_table.hpp"

#include <algorithm>

namespace userd {
namespace {

std::string version(std::int64_t number) {
    return "version " + std::to_string(number);
}

Comparison compare_living(const TopicTable::Row& topic, const StoredUser& stored) {
    const std::string here = ", " + version(stored.version) + " in the database";
    if (topic.version > stored.version)
        return {Agreement::ahead, version(topic.version) + " on the topic" + here};
    if (topic.deleted) return {Agreement::differs, "deleted on the topic" + here};
    if (topic.version < stored.version) {
        std::string there = "the topic ends with " + version(topic.version);
        if (topic.highest > topic.version) there += " behind " + version(topic.highest);
        return {Agreement::differs, there + here};
    }
    if (topic.fingerprint != stored.fingerprint)
        return {Agreement::differs, "other content on the topic, both " + version(stored.version)};
    if (topic.id != stored.id)
        return {Agreement::differs, "another ce_id on the topic, both " + version(stored.version)};
    return {};
}

}  // namespace

void TopicTable::apply(const TopicChange& change) {
    Row& row = rows_[change.user];
    row.version = change.version;
    row.id = change.id;
    row.fingerprint = fingerprint_of(change.state);
    row.deleted = !change.state;
    row.highest = std::max(row.highest, change.version);
}

const TopicTable::Row* TopicTable::find(UserId user) const {
    const auto found = rows_.find(user);
    return found == rows_.end() ? nullptr : &found->second;
}

std::vector<UserId> TopicTable::users() const {
    std::vector<UserId> users;
    users.reserve(rows_.size());
    for (const auto& [user, row] : rows_)
        users.push_back(user);
    return users;
}

Comparison compare(const TopicTable::Row* topic, const StoredUser* stored) {
    if (stored != nullptr && stored->waiting) return {Agreement::waiting, version(stored->version)};
    if (stored == nullptr) {
        if (topic == nullptr || topic->deleted) return {};
        return {Agreement::differs, version(topic->version) + " on the topic, not in the database"};
    }
    if (stored->deleted) {
        // A compacted topic forgets deletions.
        if (topic == nullptr || topic->deleted) return {};
        return {Agreement::differs,
                version(topic->version) + " on the topic, deleted in the database"};
    }
    if (topic == nullptr)
        return {Agreement::differs,
                "not on the topic, " + version(stored->version) + " in the database"};
    return compare_living(*topic, *stored);
}

}  // namespace userd
