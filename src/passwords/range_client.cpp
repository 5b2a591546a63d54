#include "passwords/range_client.hpp"

#include <utility>

#include "passwords/range_client_impl.hpp"

namespace userd {

RangeClient::RangeClient(RangeClientSettings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}

RangeClient::~RangeClient() = default;

Task<RangeAnswer> RangeClient::get(std::string prefix) {
    return impl_->get(std::move(prefix));
}

}  // namespace userd
