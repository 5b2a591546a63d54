#include "events/topic_record.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "events/wire_format.hpp"
#include "userd/v1/user.pb.h"

namespace userd {
namespace {

std::optional<UserState> state_of(std::string_view value, const std::string& user) {
    value = without_confluent_prefix(value);
    v1::User message;
    if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) return std::nullopt;
    if (message.user_id() != user) return std::nullopt;
    return UserState{message.username(), message.email(), from_unix_seconds(message.created_at()),
                     from_unix_seconds(message.updated_at()), message.disabled()};
}

const std::string* header(const TopicRecord& record, std::string_view name) {
    for (const auto& [key, value] : record.headers)
        if (key == name) return &value;
    return nullptr;
}

std::optional<std::int64_t> number(const std::string* text) {
    std::int64_t value = 0;
    if (text == nullptr) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<TopicChange> decode(const TopicRecord& record) {
    const std::optional<UserId> user = UserId::parse(record.key);
    const std::string* id_text = header(record, "ce_id");
    const std::optional<EventId> id = EventId::parse(id_text == nullptr ? "" : *id_text);
    const std::optional<std::int64_t> version = number(header(record, "ce_sequence"));
    const std::string* type = header(record, "ce_type");
    if (!user || !id || !version || type == nullptr) return std::nullopt;
    TopicChange change{*user, *id, *type, *version, "", std::nullopt};
    if (const std::string* time = header(record, "ce_time")) change.time = *time;
    if (!record.value) return change;
    change.state = state_of(*record.value, record.key);
    if (!change.state) return std::nullopt;
    return change;
}

Fingerprint fingerprint_of(const std::optional<UserState>& state) {
    if (!state) return {};
    v1::User message;
    message.set_username(state->username);
    message.set_email(state->email);
    message.set_created_at(unix_seconds(state->created_at));
    message.set_updated_at(unix_seconds(state->updated_at));
    message.set_disabled(state->disabled);
    const std::string bytes = message.SerializeAsString();
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 fails");
    Fingerprint fingerprint{};
    std::copy_n(digest.begin(), fingerprint.size(), fingerprint.begin());
    return fingerprint;
}

}  // namespace userd
