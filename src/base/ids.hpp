#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace userd {

/// 128 bits in network order; text form is RFC 9562's 36 characters in lower case.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;
    [[nodiscard]] std::string to_string() const;
    /// Accepts the 36-character form only, hexadecimal digits in lower case (so an id has one
    /// spelling).
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text) noexcept;
};

/// RFC 9562 section 5.7: 48 bits of Unix milliseconds, then 74 random bits.
[[nodiscard]] Uuid make_uuid_v7(Timestamp time);

/// An id that cannot be mistaken for another kind's.
template <class Tag>
struct Id : Uuid {
    Id() = default;
    explicit Id(const Uuid& uuid) noexcept : Uuid(uuid) {}
    auto operator<=>(const Id&) const = default;

    [[nodiscard]] static Id make(Timestamp time) { return Id(make_uuid_v7(time)); }
    [[nodiscard]] static std::optional<Id> parse(std::string_view text) noexcept {
        const std::optional<Uuid> uuid = Uuid::parse(text);
        if (!uuid) return std::nullopt;
        return Id(*uuid);
    }
};

/// For tables in memory: the random part of an id that make() made.
struct IdHash {
    [[nodiscard]] std::size_t operator()(const Uuid& id) const noexcept {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash);
        return hash;
    }
};

using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;
using EventId = Id<struct EventTag>;

}  // namespace userd
