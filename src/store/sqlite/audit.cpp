#include "store/sqlite/audit.hpp"

#include <algorithm>

#include "store/from_row.hpp"
#include "store/sqlite/lease.hpp"

namespace userd::sqlite {
namespace {

constexpr char kInsert[] = R"(
    INSERT INTO audit_outbox (id, type, time, user_id, session_id, reason, network, key_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO NOTHING)";

constexpr char kWaiting[] = R"(
    SELECT a.sequence, a.id, a.type, a.time, a.user_id, a.session_id, a.reason, a.network, a.key_id
    FROM audit_outbox a
    WHERE a.sequence > ?1 AND a.parked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM audit_outbox p
                      WHERE p.parked_at IS NOT NULL AND p.user_id = a.user_id
                        AND p.sequence < a.sequence)
    ORDER BY a.sequence LIMIT ?2)";

constexpr char kRemove[] = "DELETE FROM audit_outbox WHERE sequence = ?1";

constexpr char kPark[] = R"(
    UPDATE audit_outbox SET parked_at = ?2, parked_reason = ?3
    WHERE sequence = ?1 AND parked_at IS NULL)";

constexpr char kCount[] = "SELECT count(*) FROM audit_outbox";
constexpr char kCountParked[] = "SELECT count(*) FROM audit_outbox WHERE parked_at IS NOT NULL";

void insert(Write& write, const AuditEvent& event) {
    write.db.execute(kInsert, event.id, stored_name(event.type), event.time, event.user,
                     event.session, event.reason, event.network, event.key);
}

class AuditTable final : public AuditLog {
  public:
    AuditTable(Writer& writer, Readers& readers, Clock clock)
        : writer_(writer), readers_(readers), lease_(std::move(clock)) {}

    Task<std::optional<OutboxLease>> lease_outbox(OutboxClaim claim) override {
        co_return lease_.claim(claim);
    }
    Task<void> release_outbox(std::int64_t epoch) override {
        lease_.release(epoch);
        co_return;
    }
    Task<std::vector<Event>> waiting_events(std::int64_t after, int limit,
                                            std::int64_t epoch) override {
        lease_.check(epoch);
        const auto read = [after, limit](Connection& db) {
            std::vector<Event> events;
            Statement row = db.query(kWaiting, after, std::max(limit, 0));
            while (row.step())
                events.push_back(audit_event_from(row, 0));
            return events;
        };
        co_return readers_.run(read);
    }
    Task<void> remove_sent(std::vector<std::int64_t> sequences, std::int64_t epoch) override {
        return change([this, sequences = std::move(sequences), epoch](Write& write) {
            lease_.check(epoch);
            for (const std::int64_t sequence : sequences)
                write.db.execute(kRemove, sequence);
        });
    }
    Task<void> park_event(std::int64_t sequence, std::string reason, std::int64_t epoch) override {
        return change([this, sequence, reason = std::move(reason), epoch](Write& write) {
            lease_.check(epoch);
            write.db.execute(kPark, sequence, write.now, reason);
        });
    }
    Task<void> add(std::vector<AuditEvent> events) override {
        return change([events = std::move(events)](Write& write) {
            for (const AuditEvent& event : events)
                insert(write, event);
        });
    }
    Task<std::int64_t> count_waiting() override { return count(kCount); }
    Task<std::int64_t> count_parked() override { return count(kCountParked); }

  private:
    Task<void> change(std::function<void(Write&)> work) {
        std::function<bool(Write&)> done = [work = std::move(work)](Write& write) {
            work(write);
            return true;
        };
        co_await writer_.run(std::move(done));
    }
    Task<std::int64_t> count(const char* sql) {
        co_return readers_.run([sql](Connection& db) { return db.read_number(sql); });
    }

    Writer& writer_;
    Readers& readers_;
    Lease lease_;
};

}  // namespace

void audit(Write& write, AuditEvent event) {
    if (!write.audits) return;
    event.id = EventId::make(write.now);
    event.time = write.now;
    insert(write, event);
}

std::unique_ptr<AuditLog> make_audit_log(Writer& writer, Readers& readers, Clock clock) {
    return std::make_unique<AuditTable>(writer, readers, std::move(clock));
}

}  // namespace userd::sqlite
