#include <gmock/gmock.h>

#include "base/log.hpp"

int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    // What tests provoke would fill the screen. After shutdown() the level holds, lines are written
    // by who logs them, and no thread is left for tests that start processes.
    userd::log::configure(userd::log::Level::error, userd::log::Format::text);
    userd::log::shutdown();
    return RUN_ALL_TESTS();
}
