#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace userd {
namespace {

TEST(Clock, Rfc3339InUtcWithMilliseconds) {
    EXPECT_EQ(rfc3339(from_unix_millis(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(from_unix_millis(1709210096007)), "2024-02-29T12:34:56.007Z");
    EXPECT_EQ(rfc3339(from_unix_millis(4102444799999)), "2099-12-31T23:59:59.999Z");
}

TEST(Clock, SecondsRoundDownBeforeTheEpochToo) {
    EXPECT_EQ(unix_seconds(from_unix_millis(1999)), 1);
    EXPECT_EQ(unix_seconds(from_unix_millis(-1)), -1);
}

}  // namespace
}  // namespace userd
