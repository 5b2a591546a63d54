#include "events/relay.hpp"

#include "events/relay_impl.hpp"

namespace userd {

Relay::Relay(Outbox& store, PublisherFactory make_publisher, RelaySettings settings)
    : impl_(std::make_shared<Impl>(store, std::move(make_publisher), settings)) {}

Relay::~Relay() = default;

Task<void> Relay::run() {
    return Impl::run(impl_);
}

void Relay::nudge() {
    impl_->nudge();
}

void Relay::note(const BrokerError& error) {
    impl_->note(error);
}

void Relay::stop() {
    impl_->stop();
}

RelayStats Relay::stats() const {
    return impl_->stats();
}

}  // namespace userd
