#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace userd {

/// Of the calling thread so far, that needed no reading.
inline long page_faults_of_thread() {
    rusage usage{};
    EXPECT_EQ(::getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_minflt;
}

}  // namespace userd
