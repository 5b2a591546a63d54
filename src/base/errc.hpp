#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace userd {

/// Expected outcomes that are not success. http/problem.cpp maps each to an answer.
enum class Errc {
    user_exists,      ///< the username or the e-mail is taken
    bad_credentials,  ///< wrong password, unknown user or disabled user: never told apart
    bad_refresh,      ///< a refresh token that is malformed, expired, revoked, reused or of another
                      ///< kind
    bad_token,        ///< an access token that is not valid, or whose session or user is gone
    breached_password,  ///< a new password that is known from a data breach
    not_found,          ///< no such user, session or event
    too_many_attempts,  ///< failures or registrations; nothing was done
    busy,               ///< a bounded queue is full or its deadline cannot be met; nothing was done
};

/// A short stable name, for logs.
[[nodiscard]] const char* name_of(Errc error) noexcept;

template <class T>
using Result = boost::system::result<T, Errc>;

/// For Result::value(): asking an error for its value is a fault of ours.
[[noreturn]] inline void throw_exception_from_error(Errc error, const boost::source_location&) {
    throw std::logic_error(std::string("no value: ") + name_of(error));
}

/// The store cannot serve now (locked, full, broken, away). Nothing of the operation was
/// acknowledged; the caller gets 503 with Retry-After.
class StoreUnavailable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace userd
