#include "store/sqlite/readers.hpp"

#include <algorithm>

namespace userd::sqlite {

Readers::Readers(const std::filesystem::path& path, std::size_t count) {
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
        readers_.push_back(std::make_unique<Reader>(path));
}

}  // namespace userd::sqlite
