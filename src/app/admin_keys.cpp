#include "app/admin_keys.hpp"

#include <boost/json.hpp>

namespace userd {
namespace {

boost::json::value time_or_null(const std::optional<Timestamp>& time) {
    if (!time) return nullptr;
    return boost::json::value(rfc3339(*time));
}

std::string describe(const StoredKey& key, const KeyKeeper& keeper, bool json) {
    std::optional<Timestamp> from;
    if (key.state == KeyState::next) from = keeper.signs_from(key);
    if (json)
        return boost::json::serialize(boost::json::object{
                   {"kid", key.id},
                   {"algorithm", key.algorithm},
                   {"state", name_of(key.state)},
                   {"created_at", rfc3339(key.created_at)},
                   {"signs_from", time_or_null(from)},
                   {"activated_at", time_or_null(key.activated_at)},
                   {"verify_until", time_or_null(key.verify_until)},
               }) +
               "\n";
    std::string line = key.id + "  " + key.algorithm + "  " + std::string(name_of(key.state)) +
                       "  created " + rfc3339(key.created_at);
    if (from) line += "  signs from " + rfc3339(*from);
    if (key.activated_at) line += "  activated " + rfc3339(*key.activated_at);
    if (key.verify_until) line += "  verifies until " + rfc3339(*key.verify_until);
    return line + "\n";
}

AdminReply reply_of(const KeyChange& change, const KeyKeeper& keeper, bool json) {
    if (!change.refusal.empty()) return {1, {}, change.refusal};
    if (change.key) return {0, describe(*change.key, keeper, json), {}};
    if (json)
        return {
            0,
            boost::json::serialize(boost::json::object{{"kid", change.kid}, {"state", "gone"}}) +
                "\n",
            {}};
    return {0, change.kid + "  gone: what it signed is refused\n", {}};
}

}  // namespace

Task<AdminReply> keys_list(AdminParts parts, AdminRequest request) {
    AdminReply reply;
    const StoredKeys keys = co_await parts.keeper->list();
    for (const StoredKey& key : keys)
        reply.output += describe(key, *parts.keeper, request.json);
    if (keys.empty() && !request.json) reply.output = "no key is in the ring: SECRET_KEY signs\n";
    co_return reply;
}

Task<AdminReply> keys_rotate(AdminParts parts, AdminRequest request) {
    const KeyChange change = co_await parts.keeper->rotate(request.now);
    co_return reply_of(change, *parts.keeper, request.json);
}

Task<AdminReply> keys_retire(AdminParts parts, AdminRequest request) {
    const KeyChange change = co_await parts.keeper->retire(std::move(request.name));
    co_return reply_of(change, *parts.keeper, request.json);
}

Task<AdminReply> keys_import(AdminParts parts, AdminRequest request) {
    const KeyChange change = co_await parts.keeper->import(std::move(request.private_key));
    co_return reply_of(change, *parts.keeper, request.json);
}

Task<AdminReply> keys_export_public(AdminParts parts, AdminRequest) {
    co_return AdminReply{0, parts.keeper->jwks() + "\n", {}};
}

}  // namespace userd
