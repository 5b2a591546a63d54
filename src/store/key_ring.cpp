#include "store/key_ring.hpp"

#include <cstdlib>

namespace userd {

std::string_view name_of(KeyState state) noexcept {
    switch (state) {
        case KeyState::next:
            return "next";
        case KeyState::active:
            return "active";
        case KeyState::retired:
            return "retired";
    }
    std::abort();
}

}  // namespace userd
