#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>

#include "base/errc.hpp"

namespace userd {

/// Why an operation that limits guard was not done, and when to try again.
struct Refusal {
    Refusal() = default;
    Refusal(Errc why) : error(why) {}
    Refusal(Errc why, std::chrono::seconds wait) : error(why), retry_after(wait) {}
    [[nodiscard]] static Refusal too_many(std::chrono::seconds wait) {
        return {Errc::too_many_attempts, wait};
    }

    Errc error = Errc::busy;
    std::chrono::seconds retry_after{};  ///< of too_many_attempts
};

template <class T>
using Guarded = boost::system::result<T, Refusal>;

[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal,
                                                    const boost::source_location& where) {
    throw_exception_from_error(refusal.error, where);
}

}  // namespace userd
