#include "store/key_ring.hpp"

#include <cstdlib>
#include <stdexcept>

namespace userd {
namespace {

constexpr KeyState kStates[] = {KeyState::next, KeyState::active, KeyState::retired};

}  // namespace

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

KeyState parse_key_state(std::string_view name) {
    for (const KeyState state : kStates)
        if (name_of(state) == name) return state;
    throw std::runtime_error("the database holds a key of the unknown state '" + std::string(name) +
                             "'");
}

}  // namespace userd
