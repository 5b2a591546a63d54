#pragma once

namespace userd::postgres {

/// Whether a statement may be sent again when the connection broke before its outcome was known.
enum class Repeat {
    no,
    safe,  ///< a second run after a first one that was committed gives the same answer and state
    read,  ///< changes and locks nothing; has connections that no commit and no lock holds up
};

/// A constant of static storage: its address is the key under which a connection keeps it prepared.
struct Statement {
    const char* name;  ///< unique among ours; of the prepared statement
    const char* text;
    Repeat repeat = Repeat::no;
};

}  // namespace userd::postgres
