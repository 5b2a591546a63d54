#include "events/relay_impl.hpp"

/// What became of what was handed over.
namespace userd {

BrokerError Relay::Impl::take_deliveries() {
    BrokerError failure;
    for (Delivery& delivery : publisher_->poll()) {
        switch (delivery.outcome) {
            case Delivery::Outcome::acknowledged:
                acknowledge(delivery.sequence);
                break;
            case Delivery::Outcome::refused:
                refuse(std::move(delivery));
                break;
            case Delivery::Outcome::rolled_back:
                roll_back(delivery.sequence);
                break;
            case Delivery::Outcome::topic_error:
            case Delivery::Outcome::failed:
                status_.delivery_failed();
                if (failure.text.empty())
                    failure = {delivery.fault,
                               delivery.reason.empty() ? "a delivery failed" : delivery.reason};
                break;
        }
    }
    return failure;
}

void Relay::Impl::acknowledge(std::int64_t sequence) {
    if (!window_.acknowledge(sequence)) return;
    settled_.add_acknowledged(sequence);
    retry_ = settings_.retry_first;
    heard_at_ = SteadyClock::now();
    status_.acknowledged();
}

void Relay::Impl::refuse(Delivery delivery) {
    if (!window_.contains(delivery.sequence)) return;
    const UserId user = window_.user_of(delivery.sequence);
    const SendWindow::Verdict verdict = window_.refuse(delivery.sequence);
    if (verdict == SendWindow::Verdict::not_out) return;
    status_.delivery_failed();
    heard_at_ = SteadyClock::now();
    if (verdict != SendWindow::Verdict::never) return;
    status_.refused();
    settled_.add_refused(delivery.sequence, user, std::move(delivery.reason));
}

void Relay::Impl::roll_back(std::int64_t sequence) {
    if (!window_.roll_back(sequence)) return;
    status_.delivery_failed();
    heard_at_ = SteadyClock::now();
}

void Relay::Impl::report_silence() {
    // With the brokers away no delivery fails: its report only never comes.
    const bool is_awaited = window_.in_flight() > 0 || !publisher_->is_ready();
    if (!is_awaited || SteadyClock::now() - heard_at_ < settings_.patience) return;
    status_.broker_silent();
}

}  // namespace userd
