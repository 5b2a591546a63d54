#include "accounts/key_rotation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace userd {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Timestamp kStart = from_unix_seconds(1'800'000'000);

/// A ring under a clock of its own. What it does is shown as "id:state" in order.
class Ring {
  public:
    RotationSettings settings;
    StoredKeys keys;
    Timestamp now = kStart;

    void advance() {
        keys = advance_ring(std::move(keys), now, settings, maker());
        check();
    }
    void advance_after(seconds passed) {
        now += passed;
        advance();
    }
    /// Takes the outcome over, or gives the refusal.
    std::string take(RingEdit edit) {
        if (!edit.refusal.empty()) return edit.refusal;
        keys = std::move(edit.keys);
        check();
        return "done " + edit.kid;
    }
    std::string publish() { return take(publish_next(keys, settings, maker())); }
    std::string rotate() { return take(rotate_at_once(keys, now, settings, maker())); }
    std::string retire(std::string_view id) {
        return take(retire_at_once(keys, id, now, settings, maker()));
    }
    std::string import(const std::string& id) {
        StoredKey key = maker()();
        key.id = id;
        return take(import_next(keys, std::move(key), settings));
    }
    [[nodiscard]] std::vector<std::string> shown() const {
        std::vector<std::string> lines;
        for (const StoredKey& key : keys)
            lines.push_back(key.id + ":" + word(key.state));
        return lines;
    }
    [[nodiscard]] std::string signer() const {
        const StoredKey* key = signing_key(keys, settings.algorithm);
        return key == nullptr ? "none" : key->id;
    }
    [[nodiscard]] const StoredKey& at(std::string_view id) const {
        return *std::find_if(keys.begin(), keys.end(),
                             [id](const StoredKey& key) { return key.id == id; });
    }

  private:
    [[nodiscard]] MakeKey maker() {
        return [this] {
            StoredKey key;
            key.id = settings.algorithm.substr(0, 1) + std::to_string(++made_);
            key.algorithm = settings.algorithm;
            key.created_at = now;
            return key;
        };
    }
    static std::string word(KeyState state) {
        return state == KeyState::next ? "next" : state == KeyState::active ? "active" : "retired";
    }
    /// What holds after every step; the database's constraints say a part of it too.
    void check() const {
        int active = 0;
        for (const StoredKey& key : keys) {
            active += key.state == KeyState::active ? 1 : 0;
            EXPECT_EQ(key.state == KeyState::retired, key.verify_until.has_value()) << key.id;
            EXPECT_EQ(key.state == KeyState::next, !key.activated_at.has_value()) << key.id;
            EXPECT_NE(key.algorithm, "HS256");
            EXPECT_EQ(std::count_if(keys.begin(), keys.end(),
                                    [&](const StoredKey& other) {
                                        return other.state == key.state &&
                                               other.state == KeyState::next &&
                                               other.algorithm == key.algorithm;
                                    }) <= 1,
                      true);
        }
        EXPECT_LE(active, 1);
        EXPECT_EQ(active == 1, settings.algorithm != "HS256");
    }

    int made_ = 0;
};

class Rotation : public testing::Test {
  protected:
    Rotation() { ring.advance(); }
    Ring ring;
    const seconds period = ring.settings.period;
    const seconds lead = ring.settings.lead;
    const seconds verify_for = ring.settings.verify_for;
};

TEST_F(Rotation, TheFirstKeySignsAtOnce) {
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active"));
    EXPECT_EQ(ring.at("E1").activated_at, kStart);
}

TEST_F(Rotation, NothingChangesBeforeItsTime) {
    const StoredKeys before = ring.keys;
    ring.advance_after(period - lead - seconds(1));
    EXPECT_EQ(ring.keys, before);
}

TEST_F(Rotation, ASuccessorIsPublishedTheLeadBeforeItSignsAndThenTheFormerKeyRetires) {
    ring.advance_after(period - lead);
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "E2:next"));
    ring.advance_after(lead - std::chrono::seconds(1));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "E2:next"));
    EXPECT_EQ(ring.signer(), "E1");
    ring.advance_after(seconds(1));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:active"));
    EXPECT_EQ(ring.signer(), "E2");
    EXPECT_EQ(ring.at("E2").activated_at, kStart + period);
    EXPECT_EQ(ring.at("E1").verify_until, kStart + period + verify_for);
}

TEST_F(Rotation, ARetiredKeyGoesWhenItsLastTokenHasExpiredAndNotBefore) {
    ring.rotate();
    ring.advance_after(verify_for - seconds(1));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:active"));
    ring.advance_after(seconds(1));
    EXPECT_THAT(ring.shown(), ElementsAre("E2:active"));
}

TEST_F(Rotation, AWholeYearHasAKeyThatSignsAtAnyTimeAndEachWasPublishedFirst) {
    std::string signer = "E1";
    std::vector<std::string> published;
    int rotations = 0;
    for (Timestamp end = kStart + days(365); ring.now < end;) {
        ring.advance_after(lead / 2);
        if (ring.signer() != signer) {
            EXPECT_THAT(published, testing::Contains(ring.signer()));
            signer = ring.signer();
            ++rotations;
        }
        published.clear();
        for (const StoredKey& key : ring.keys)
            published.push_back(key.id);
    }
    EXPECT_EQ(rotations, 4);
}

TEST_F(Rotation, AfterALongStandstillTheSuccessorIsStillPublishedFirst) {
    ring.advance_after(days(1000));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "E2:next"));
    ring.advance_after(lead);
    EXPECT_EQ(ring.signer(), "E2");
}

TEST_F(Rotation, PeriodZeroNeverRotatesByItselfButByHand) {
    ring.settings.period = seconds(0);
    ring.advance_after(days(10'000));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active"));
    EXPECT_EQ(ring.publish(), "done E2");
    ring.advance_after(lead);
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:active"));
}

TEST_F(Rotation, APeriodAsShortAsTheLeadAlwaysHasASuccessor) {
    ring.settings.period = lead;
    ring.advance();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "E2:next"));
    ring.advance_after(lead);
    EXPECT_EQ(ring.signer(), "E2");
}

TEST_F(Rotation, AClockThatGoesBackMakesNoKeySignOrGo) {
    ring.rotate();
    ring.publish();
    const StoredKeys before = ring.keys;
    ring.advance_after(-days(2));
    EXPECT_EQ(ring.keys, before);
}

TEST_F(Rotation, ASecondRequestForASuccessorIsRefusedAndSaysFromWhenTheFirstSigns) {
    EXPECT_EQ(ring.publish(), "done E2");
    const StoredKeys before = ring.keys;
    EXPECT_EQ(ring.publish(),
              "the key E2 is next already and signs from " + rfc3339(kStart + lead));
    EXPECT_EQ(ring.keys, before);
}

TEST_F(Rotation, TwoRotationsOneAfterTheOtherKeepBothFormerKeys) {
    ring.publish();
    ring.advance_after(lead);
    ring.settings.verify_for = lead * 2;
    ring.publish();
    ring.advance_after(seconds(1));
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:active", "E3:next"));
    ring.rotate();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:retired", "E3:active"));
}

TEST_F(Rotation, AtOnceTakesTheSuccessorThatIsPublishedOrANewKey) {
    EXPECT_EQ(ring.rotate(), "done E2");
    EXPECT_EQ(ring.signer(), "E2");
    ring.publish();
    EXPECT_EQ(ring.rotate(), "done E3");
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:retired", "E3:active"));
}

TEST_F(Rotation, ARetiredKeyIsOutAtOnceAndAnotherTakesOver) {
    EXPECT_EQ(ring.retire("E1"), "done E1");
    EXPECT_THAT(ring.shown(), ElementsAre("E2:active"));
    ring.publish();
    EXPECT_EQ(ring.retire("E2"), "done E2");
    EXPECT_THAT(ring.shown(), ElementsAre("E3:active"));
}

TEST_F(Rotation, RetiringAKeyThatDoesNotSignLeavesTheSignerAlone) {
    ring.publish();
    EXPECT_EQ(ring.retire("E2"), "done E2");
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active"));
    ring.rotate();
    EXPECT_EQ(ring.retire("E1"), "done E1");
    EXPECT_EQ(ring.keys.size(), 1U);
    EXPECT_THAT(ring.retire("E1"), HasSubstr("no key of the ring has the id 'E1'"));
}

TEST_F(Rotation, AnImportedKeyIsPublishedBeforeItSigns) {
    EXPECT_EQ(ring.import("mine"), "done mine");
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "mine:next"));
    EXPECT_THAT(ring.import("other"), HasSubstr("the key mine is next already"));
    ring.advance_after(lead);
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "mine:active"));
    EXPECT_THAT(ring.import("E1"), HasSubstr("is in the ring already"));
    EXPECT_THAT(ring.import("mine"), HasSubstr("is in the ring already"));
}

TEST_F(Rotation, AnotherAlgorithmsKeyIsPublishedWhileTheFormerSigns) {
    ring.settings.algorithm = "RS256";
    ring.advance();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "R2:next"));
    EXPECT_EQ(ring.signer(), "E1");
    ring.advance_after(lead);
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "R2:active"));
    EXPECT_EQ(ring.signer(), "R2");
    ring.advance_after(verify_for);
    EXPECT_THAT(ring.shown(), ElementsAre("R2:active"));
}

TEST_F(Rotation, AnotherAlgorithmsSuccessorIsDroppedOnceNoReplicaCanWantIt) {
    ring.publish();
    ring.settings.algorithm = "RS256";
    ring.advance();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "E2:next", "R3:next"));
    ring.advance_after(lead);
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired", "E2:next", "R3:active"));
    ring.advance_after(lead + seconds(60));
    EXPECT_THAT(ring.shown(), ElementsAre("R3:active"));
}

TEST_F(Rotation, ReplicasThatDisagreeOnTheAlgorithmDoNotUndoEachOthersSuccessor) {
    for (int i = 0; i < 10; ++i) {
        ring.settings.algorithm = i % 2 == 0 ? "RS256" : "ES256";
        ring.advance_after(seconds(2));
    }
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "R2:next"));
}

TEST_F(Rotation, TwoActiveKeysFromAnywhereBecomeOne) {
    StoredKey other = ring.at("E1");
    other.id = "R9";
    other.algorithm = "RS256";
    ring.keys.push_back(other);
    EXPECT_EQ(ring.signer(), "E1");
    ring.advance();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:active", "R9:retired"));
}

TEST_F(Rotation, WithHs256TheRingsKeysRetireAndNoneIsMade) {
    ring.settings.algorithm = "HS256";
    ring.advance();
    EXPECT_THAT(ring.shown(), ElementsAre("E1:retired"));
    for (const std::string& refusal : {ring.publish(), ring.rotate(), ring.import("mine")})
        EXPECT_THAT(refusal, HasSubstr("JWT_ALGORITHM is HS256"));
    ring.advance_after(verify_for);
    EXPECT_TRUE(ring.keys.empty());
    EXPECT_EQ(ring.signer(), "none");
    ring.settings.algorithm = "ES256";
    ring.advance();
    EXPECT_EQ(ring.keys.size(), 1U);
    EXPECT_NE(ring.signer(), "none");
}

TEST_F(Rotation, ARetiredKeyMayBeThrownOutUnderHs256Too) {
    ring.settings.algorithm = "HS256";
    ring.advance();
    EXPECT_EQ(ring.retire("E1"), "done E1");
    EXPECT_TRUE(ring.keys.empty());
}

}  // namespace
}  // namespace userd
