#pragma once

namespace userd {

/// What bringing a schema up to date has done.
struct MigrationResult {
    int from = 0;  ///< schema version; 0: there was none
    int to = 0;
};

}  // namespace userd
