#include "accounts/key_keeper_fixture.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(KeyKeeperTest, TheFirstStartMakesOneKeyAndLaterOnesReadIt) {
    const auto first = started();
    const StoredKeyRing ring = store.ring();
    ASSERT_EQ(ring.keys.size(), 1U);
    EXPECT_EQ(ring.keys.front().state, KeyState::active);
    const auto second = started();
    EXPECT_EQ(store.ring().version, ring.version);
    EXPECT_TRUE(second->takes(first->token(now()), now()));
    EXPECT_EQ(second->keeper.jwks(), R"({"keys":[)" + ring.keys.front().public_jwk + "]}");
}

TEST_F(KeyKeeperTest, TheStoreNeverSeesAPrivatePartInClear) {
    const auto made = started();
    run_task(made->keeper.rotate(false));
    for (const StoredKey& key : store.ring().keys)
        for (const std::string& text : {key.sealed, key.public_jwk}) {
            EXPECT_THAT(text, Not(HasSubstr("PRIVATE")));
            EXPECT_THAT(text, Not(HasSubstr("\"d\"")));
        }
}

TEST_F(KeyKeeperTest, AGivenFirstKeyIsTakenOnceAndNeverIntoARingThatHasHadKeys) {
    const auto given = Key::generate(Algorithm::es256);
    replica()->start([given] { return given; });
    EXPECT_EQ(active(), given->id());
    const auto other = Key::generate(Algorithm::es256);
    replica()->start([other] { return other; });
    EXPECT_EQ(active(), given->id());
    store.change([](StoredKeys& keys) { keys.clear(); });
    replica()->start([other] { return other; });
    EXPECT_NE(active(), other->id());
}

TEST_F(KeyKeeperTest, AWholeRotationLetsNoTokenDieEarly) {
    const auto one = started();
    const std::string first = active();
    pass(settings.period - settings.lead);
    one->keep();
    EXPECT_EQ(in_state(KeyState::next).size(), 1U);
    pass(settings.lead - seconds(1));
    one->keep();
    EXPECT_EQ(one->signer(), first);
    const std::string last_of_the_old = one->token(now());
    pass(seconds(1));
    one->keep();
    EXPECT_NE(one->signer(), first);
    EXPECT_EQ(one->signer(), active());
    pass(settings.access_lifetime - seconds(2));
    one->keep();
    EXPECT_TRUE(one->takes(last_of_the_old, now()));
    pass(seconds(62));
    one->keep();
    EXPECT_THAT(in_state(KeyState::retired), IsEmpty());
    EXPECT_THAT(one->keeper.jwks(), Not(HasSubstr(first)));
}

TEST_F(KeyKeeperTest,
       AKeyThatSignsAtOnceVerifiesAtAReplicasNextLookAndSignsThereOnceAllHaveLooked) {
    const auto one = started();
    const auto other = started();
    const auto late = started();
    const std::string old = other->token(now());
    run_task(one->keeper.rotate(true));
    EXPECT_EQ(other->changes, 0);
    other->keep();
    EXPECT_EQ(other->changes, 1);
    EXPECT_TRUE(other->takes(one->token(now()), now()));
    // One that has not looked yet knows no other signer than the former one.
    EXPECT_NE(other->signer(), active());
    EXPECT_TRUE(late->takes(other->token(now()), now()));
    late->keep();
    pass(std::chrono::seconds(5));
    other->keep();
    EXPECT_EQ(other->signer(), active());
    EXPECT_TRUE(other->takes(old, now()));
    EXPECT_TRUE(late->takes(other->token(now()), now()));
    other->keep();
    EXPECT_EQ(other->changes, 2);
}

TEST_F(KeyKeeperTest, AKeyThatIsThrownOutSignsNowhereFromTheNextLookOn) {
    const auto one = started();
    const auto other = started();
    const std::string gone = active();
    run_task(one->keeper.retire(gone));
    other->keep();
    EXPECT_EQ(other->signer(), active());
    EXPECT_NE(other->signer(), gone);
}

TEST_F(KeyKeeperTest, AReplicaThatIsLateTakesTokensOfTheNewSigner) {
    const auto prompt = started();
    const auto late = started();
    run_task(prompt->keeper.rotate(false));
    late->keep();
    pass(settings.lead);
    prompt->keep();
    ASSERT_NE(prompt->signer(), late->signer());
    EXPECT_TRUE(late->takes(prompt->token(now()), now()));
    EXPECT_TRUE(prompt->takes(late->token(now()), now()));
}

TEST_F(KeyKeeperTest, ReplicasThatStartAtOnceEndWithOneKey) {
    std::vector<std::unique_ptr<Replica>> replicas;
    std::vector<std::function<Task<std::shared_ptr<const KeySet>>()>> starts;
    for (int i = 0; i < 8; ++i) {
        replicas.push_back(replica());
        starts.emplace_back([&keeper = replicas.back()->keeper] {
            KeyKeeper::FirstKey fresh;
            return keeper.load(std::move(fresh));
        });
    }
    const auto sets = run_together(starts);
    EXPECT_THAT(sets.failures, IsEmpty());
    ASSERT_EQ(store.ring().keys.size(), 1U);
    for (const auto& set : sets.values)
        EXPECT_EQ(set->signing().id(), active());
}

Task<bool> look(KeyKeeper& keeper) {
    co_await keeper.keep();
    co_return true;
}

TEST_F(KeyKeeperTest, ReplicasThatRotateAtOnceEndWithOneRing) {
    const auto one = started();
    const auto other = started();
    for (int round = 0; round < 10; ++round) {
        const std::string before = active();
        for (const seconds& step : {settings.period - settings.lead, settings.lead}) {
            pass(step);
            const auto looks = run_together<bool>(
                {[&] { return look(one->keeper); }, [&] { return look(other->keeper); }});
            ASSERT_THAT(looks.failures, IsEmpty());
            ASSERT_LE(in_state(KeyState::next).size(), 1U);
        }
        one->keep();
        other->keep();
        EXPECT_NE(active(), before);
        EXPECT_EQ(one->signer(), active());
        EXPECT_EQ(other->signer(), active());
        ASSERT_LE(store.ring().keys.size(), 3U);
    }
}

TEST_F(KeyKeeperTest, TwoRequestsForASuccessorAtOnceMakeOne) {
    const auto one = started();
    const auto other = started();
    const auto changes = run_together<KeyChange>(
        {[&] { return one->keeper.rotate(false); }, [&] { return other->keeper.rotate(false); }});
    ASSERT_EQ(changes.values.size(), 2U);
    ASSERT_EQ(in_state(KeyState::next).size(), 1U);
    EXPECT_NE(changes.values[0].refusal.empty(), changes.values[1].refusal.empty());
    for (const KeyChange& change : changes.values)
        EXPECT_THAT(change.refusal + change.kid, HasSubstr(in_state(KeyState::next).front().id));
}

TEST_F(KeyKeeperTest, WhoLosesARaceBuildsOnWhatTheOtherDid) {
    const auto one = started();
    const auto other = started();
    bool raced = false;
    store.before_replace = [&] {
        if (!std::exchange(raced, true)) run_task(other->keeper.rotate(false));
    };
    run_task(one->keeper.rotate(true));
    EXPECT_THAT(in_state(KeyState::next), IsEmpty());
    EXPECT_EQ(in_state(KeyState::retired).size(), 1U);
    other->keep();
    EXPECT_EQ(one->signer(), other->signer());
}

TEST_F(KeyKeeperTest, ARaceThatIsAlwaysLostEndsInAnErrorAndTheFormerKeysServe) {
    const auto one = started();
    const std::string before = one->signer();
    store.before_replace = [&] { store.change([](StoredKeys&) {}); };
    EXPECT_THROW(run_task(one->keeper.rotate(true)), StoreUnavailable);
    EXPECT_EQ(one->signer(), before);
}

TEST_F(KeyKeeperTest, AStoreThatIsAwayCostsNothingButTheRotation) {
    const auto one = started();
    const std::string before = one->signer();
    pass(settings.period);
    store.before_replace = [] { throw StoreUnavailable("away"); };
    EXPECT_THROW(one->keep(), StoreUnavailable);
    EXPECT_EQ(one->signer(), before);
    store.before_replace = [] {};
    one->keep();
    EXPECT_EQ(in_state(KeyState::next).size(), 1U);
}

TEST_F(KeyKeeperTest, AStoreThatWasSetBackIsFollowed) {
    const auto one = started();
    const StoredKeyRing backup = store.ring();
    run_task(one->keeper.rotate(true));
    store.set_back(backup);
    one->keep();
    EXPECT_EQ(one->signer(), backup.keys.front().id);
}

TEST_F(KeyKeeperTest, ARetiredKeysTokensAreRefusedAtOnceAndAnotherSigns) {
    const auto one = started();
    const std::string old = one->token(now());
    const std::string kid = active();
    const KeyChange change = run_task(one->keeper.retire(kid));
    EXPECT_EQ(change.refusal, "");
    EXPECT_FALSE(change.key);
    EXPECT_FALSE(one->takes(old, now()));
    EXPECT_TRUE(one->takes(one->token(now()), now()));
    EXPECT_THAT(one->keeper.jwks(), Not(HasSubstr(kid)));
    EXPECT_THAT(run_task(one->keeper.retire(kid)).refusal, HasSubstr("no key of the ring"));
}

TEST_F(KeyKeeperTest, WithASecretTheRingStaysEmptyAndTheFormerSecretVerifies) {
    settings.algorithm = Algorithm::hs256;
    const auto before = started();
    const std::string old = before->token(now());
    hs256 = 't';
    const auto without = started();
    EXPECT_FALSE(without->takes(old, now()));
    previous_hs256 = 's';
    const auto with = started();
    EXPECT_TRUE(with->takes(old, now()));
    EXPECT_FALSE(before->takes(with->token(now()), now()));
    EXPECT_EQ(with->keeper.jwks(), R"({"keys":[]})");
    EXPECT_EQ(store.ring().version, 0);
    EXPECT_EQ(run_task(with->keeper.rotate(true)).refusal, kSecretSigns);
    Secret pem = Key::generate(Algorithm::es256)->private_bytes();
    EXPECT_EQ(run_task(with->keeper.import(std::move(pem))).refusal, kSecretSigns);
}

TEST_F(KeyKeeperTest, ASecretTakesOverAtOnceAndTheRingsKeyVerifiesUntilItsTokensExpire) {
    const std::string old = started()->token(now());
    settings.algorithm = Algorithm::hs256;
    const auto after = started();
    EXPECT_TRUE(after->takes(old, now()));
    EXPECT_EQ(in_state(KeyState::retired).size(), 1U);
    pass(settings.access_lifetime + seconds(60));
    after->keep();
    EXPECT_THAT(store.ring().keys, IsEmpty());
    EXPECT_EQ(after->keeper.jwks(), R"({"keys":[]})");
}

TEST_F(KeyKeeperTest, AFormerSecretVerifiesNothingWhileTheRingSigns) {
    settings.algorithm = Algorithm::hs256;
    const std::string old = started()->token(now());
    settings.algorithm = Algorithm::es256;
    previous_hs256 = 's';
    EXPECT_FALSE(started()->takes(old, now()));
}

TEST_F(KeyKeeperTest, AnotherAlgorithmIsPublishedBeforeItSigns) {
    const std::string first = started()->signer();
    settings.algorithm = Algorithm::eddsa;
    const auto after = started();
    EXPECT_EQ(after->signer(), first);
    const StoredKeys next = in_state(KeyState::next);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_THAT(after->keeper.jwks(), HasSubstr(next.front().id));
    const std::string old = after->token(now());
    pass(settings.lead);
    after->keep();
    EXPECT_EQ(after->signer(), next.front().id);
    EXPECT_EQ(after->takes(old, now()), settings.lead < settings.access_lifetime);
    EXPECT_TRUE(after->takes(after->token(now()), now()));
}

}  // namespace
}  // namespace userd
