#pragma once

#include <vector>

#include "base/embedded.hpp"

/// The list that scripts/fetch-assets has brought, as one file.
namespace userd::common_passwords {

[[nodiscard]] const std::vector<EmbeddedFile>& files();

}  // namespace userd::common_passwords
