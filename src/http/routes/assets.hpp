#pragma once

#include <vector>

#include "base/embedded.hpp"

namespace userd::http::assets {

/// The OpenAPI document and the documentation's files, named by their path on the server.
[[nodiscard]] const std::vector<EmbeddedFile>& files();

}  // namespace userd::http::assets
