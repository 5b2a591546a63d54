#include "passwords/hash_pool.hpp"

#include <utility>

#include "passwords/hash_pool_impl.hpp"

namespace userd {

HashPool::HashPool(const Hasher& hasher, HashPoolSettings settings)
    : impl_(std::make_unique<Impl>(hasher, settings)) {}

HashPool::~HashPool() = default;

Task<Result<std::string>> HashPool::hash(Secret password) {
    HashJob job{std::move(password), std::nullopt, {}, {}};
    HashOutcome outcome = co_await impl_->run(std::move(job));
    if (auto* const failure = std::get_if<std::exception_ptr>(&outcome))
        std::rethrow_exception(*failure);
    if (auto* const refusal = std::get_if<Errc>(&outcome)) co_return *refusal;
    co_return std::get<std::string>(std::move(outcome));
}

Task<Result<Verification>> HashPool::verify(Secret password, std::string stored) {
    HashJob job{std::move(password), std::move(stored), {}, {}};
    HashOutcome outcome = co_await impl_->run(std::move(job));
    if (auto* const failure = std::get_if<std::exception_ptr>(&outcome))
        std::rethrow_exception(*failure);
    if (auto* const refusal = std::get_if<Errc>(&outcome)) co_return *refusal;
    co_return std::get<Verification>(outcome);
}

HashPoolStats HashPool::stats() const {
    return impl_->stats();
}

void HashPool::observe(Observer observer) {
    impl_->observe(std::move(observer));
}

}  // namespace userd
