#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace userd::postgres {

/// A bytea.
struct Bytes {
    std::string_view bytes;
};

/// The values of $1, $2, … in binary form, copied, each with its type: int64 and Timestamp are
/// int8 (milliseconds, since the Unix epoch), durations too, int is int4, bool, text, Uuid, Bytes;
/// an optional that is empty is NULL; a vector is a one-dimensional array.
class Params {
  public:
    Params() = default;
    template <class... Args>
    requires(sizeof...(Args) > 0) explicit Params(const Args&... args) { (add(args), ...); }

    void add(std::int64_t value);
    void add(int value);
    void add(bool value);
    void add(Timestamp value) { add(unix_millis(value)); }
    void add(std::chrono::milliseconds value) { add(std::int64_t{value.count()}); }
    void add(std::string_view value);
    void add(const std::string& value) { add(std::string_view(value)); }
    void add(const char* value) { add(std::string_view(value)); }
    void add(Bytes value);
    void add(const Uuid& value);
    void add(const std::vector<std::int64_t>& values);
    void add(const std::vector<std::string>& values);  ///< text[]
    void add(const std::vector<Bytes>& values);
    void add(const std::vector<std::optional<std::string>>& values);  ///< text[] with NULLs
    template <class T>
    void add(const std::optional<T>& value) {
        if (value) return add(*value);
        // An empty value of the type, for its OID.
        add(T{});
        set_null();
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(types_.size()); }
    /// As PQsendQueryPrepared and PQsendPrepare take them; good until the next change.
    [[nodiscard]] std::vector<const char*> values() const;
    [[nodiscard]] const std::vector<int>& lengths() const noexcept { return lengths_; }
    [[nodiscard]] const std::vector<int>& formats() const noexcept { return formats_; }
    [[nodiscard]] const std::vector<unsigned>& types() const noexcept { return types_; }

  private:
    void append(unsigned type, std::string_view value);
    void set_null();

    static constexpr std::size_t kNull = static_cast<std::size_t>(-1);
    std::string data_;
    std::vector<std::size_t> offsets_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
    std::vector<unsigned> types_;
};

}  // namespace userd::postgres
