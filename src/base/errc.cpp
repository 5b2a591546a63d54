#include "base/errc.hpp"

namespace userd {

const char* name_of(Errc error) noexcept {
    switch (error) {
        case Errc::user_exists:
            return "user_exists";
        case Errc::bad_credentials:
            return "bad_credentials";
        case Errc::bad_refresh:
            return "bad_refresh";
        case Errc::bad_token:
            return "bad_token";
        case Errc::breached_password:
            return "breached_password";
        case Errc::not_found:
            return "not_found";
        case Errc::too_many_attempts:
            return "too_many_attempts";
        case Errc::busy:
            return "busy";
    }
    return "unknown";
}

}  // namespace userd
