#include "accounts/accounts_fixture.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

Secret refresh_token(const Tokens& tokens, const RefreshClaims& claims) {
    return Secret(tokens.make_refresh(claims, tokens.refresh_key_id()).value());
}

class SessionsTest : public AccountsFixture {
  protected:
    TokenPair logged_in() {
        if (!run_task(store_->is_taken("ada", "ada@example.org"))) add_legacy("ada", kBcryptHash);
        return log_in("ada").value();
    }
    bool is_refused(const Secret& token) {
        const Result<TokenPair> tokens = refresh(token);
        return !tokens && tokens.error() == Errc::bad_refresh;
    }
    bool is_profile_refused(const Secret& token) {
        const Result<Profile> answer = profile(token);
        return !answer && answer.error() == Errc::bad_token;
    }
    RefreshClaims claims_of(const Secret& token) {
        return tokens_->check_refresh(token.reveal(), clock_.now()).value();
    }
};

TEST_F(SessionsTest, RefreshGivesTwoNewTokens) {
    const TokenPair first = logged_in();
    clock_.advance(1min);
    const TokenPair second = refresh(first.refresh).value();
    EXPECT_NE(first.access.reveal(), second.access.reveal());
    EXPECT_NE(first.refresh.reveal(), second.refresh.reveal());
    EXPECT_TRUE(profile(first.access));
    EXPECT_TRUE(profile(second.access));
    EXPECT_EQ(claims_of(first.refresh).session, claims_of(second.refresh).session);
    EXPECT_EQ(claims_of(second.refresh).generation, 2);
    EXPECT_EQ(run_task(store_->count_sessions()), 1);
    EXPECT_THAT(events(), SizeIs(1));
    EXPECT_EQ(accounts_.counts().refreshes, 1U);
}

TEST_F(SessionsTest, ARepeatInTimeGivesTheIdenticalSuccessorAndAFreshAccessToken) {
    const TokenPair first = logged_in();
    clock_.advance(1min);
    const TokenPair second = refresh(first.refresh).value();
    clock_.advance(9999ms);
    const TokenPair again = refresh(first.refresh).value();
    EXPECT_EQ(again.refresh.reveal(), second.refresh.reveal());
    EXPECT_NE(again.access.reveal(), second.access.reveal());
    EXPECT_TRUE(profile(again.access));
    EXPECT_TRUE(refresh(second.refresh));
    EXPECT_EQ(accounts_.counts().reuses, 0U);
}

TEST_F(SessionsTest, ARepeatTooLateEndsTheSession) {
    const TokenPair first = logged_in();
    const TokenPair second = refresh(first.refresh).value();
    clock_.advance(10001ms);
    EXPECT_TRUE(is_refused(first.refresh));
    EXPECT_EQ(accounts_.counts().reuses, 1U);
    EXPECT_TRUE(is_refused(second.refresh));
    EXPECT_TRUE(is_profile_refused(first.access));
    EXPECT_TRUE(is_profile_refused(second.access));
    EXPECT_EQ(accounts_.counts().reuses, 1U);
}

TEST_F(SessionsTest, ARepeatAfterTheSuccessorWasUsedEndsTheSession) {
    const TokenPair first = logged_in();
    const TokenPair second = refresh(first.refresh).value();
    const TokenPair third = refresh(second.refresh).value();
    EXPECT_TRUE(is_refused(first.refresh));
    EXPECT_EQ(accounts_.counts().reuses, 1U);
    EXPECT_TRUE(is_refused(third.refresh));
    EXPECT_TRUE(is_profile_refused(third.access));
}

TEST_F(SessionsTest, AnEndedSessionLeavesTheUsersOthers) {
    const TokenPair stolen = logged_in();
    const TokenPair other = logged_in();
    const TokenPair second = refresh(stolen.refresh).value();
    clock_.advance(11s);
    EXPECT_TRUE(is_refused(stolen.refresh));
    EXPECT_TRUE(is_profile_refused(second.access));
    EXPECT_TRUE(profile(other.access));
    EXPECT_TRUE(refresh(other.refresh));
}

TEST_F(SessionsTest, AGenerationToComeIsRefusedAndEndsNothing) {
    const TokenPair first = logged_in();
    for (const std::int64_t ahead : {1, 2, 1'000'000}) {
        RefreshClaims claims = claims_of(first.refresh);
        claims.generation += ahead;
        EXPECT_TRUE(is_refused(refresh_token(*tokens_, claims))) << ahead;
    }
    EXPECT_EQ(accounts_.counts().reuses, 0U);
    EXPECT_TRUE(profile(first.access));
    EXPECT_TRUE(refresh(first.refresh));
}

TEST_F(SessionsTest, RefreshesAtOnceGetOneSuccessor) {
    const TokenPair first = logged_in();
    std::vector<std::function<Task<Result<TokenPair>>()>> starts;
    for (int i = 0; i < 16; ++i)
        starts.emplace_back(
            [this, &first] { return accounts_.refresh(first.refresh.copy(), Client()); });
    const auto together = run_together(starts);
    EXPECT_THAT(together.failures, IsEmpty());
    ASSERT_EQ(together.values.size(), 16U);
    for (const Result<TokenPair>& tokens : together.values) {
        ASSERT_TRUE(tokens);
        EXPECT_EQ(tokens->refresh.reveal(), together.values.front()->refresh.reveal());
    }
    EXPECT_EQ(claims_of(together.values.front()->refresh).generation, 2);
}

TEST_F(SessionsTest, NeitherTokenPassesForTheOther) {
    const TokenPair tokens = logged_in();
    EXPECT_TRUE(is_refused(tokens.access));
    EXPECT_TRUE(is_profile_refused(tokens.refresh));
    EXPECT_TRUE(profile(tokens.access));
    EXPECT_TRUE(refresh(tokens.refresh));
}

TEST_F(SessionsTest, MalformedTokensAreRefused) {
    const TokenPair tokens = logged_in();
    const std::string good(tokens.refresh.reveal());
    for (const std::string& bad : {std::string(), std::string("x"), good + "x", good.substr(1),
                                   good.substr(0, good.rfind('.') + 1), std::string(5000, 'a')}) {
        EXPECT_TRUE(is_refused(Secret(std::string_view(bad)))) << bad;
        EXPECT_TRUE(is_profile_refused(Secret(std::string_view(bad)))) << bad;
    }
    EXPECT_EQ(accounts_.counts().refresh_failures, 6U);
}

TEST_F(SessionsTest, AccessTokensExpireAndTheSessionDoesNot) {
    const TokenPair tokens = logged_in();
    clock_.advance(5min);
    EXPECT_TRUE(is_profile_refused(tokens.access));
    EXPECT_TRUE(profile(refresh(tokens.refresh).value().access));
}

TEST_F(SessionsTest, EndAfterSevenDaysWithoutARefresh) {
    const TokenPair tokens = logged_in();
    clock_.advance(std::chrono::days(7));
    EXPECT_TRUE(is_refused(tokens.refresh));
    EXPECT_EQ(accounts_.counts().reuses, 0U);
}

TEST_F(SessionsTest, EndThirtyDaysAfterTheLoginHoweverOftenTheyAreRefreshed) {
    TokenPair tokens = logged_in();
    const Timestamp login = claims_of(tokens.refresh).issued_at;
    for (int day = 5; day < 30; day += 5) {
        clock_.advance(std::chrono::days(5));
        tokens = refresh(tokens.refresh).value();
    }
    EXPECT_EQ(claims_of(tokens.refresh).expires_at, login + std::chrono::days(30));
    clock_.advance(std::chrono::days(5));
    EXPECT_TRUE(is_refused(tokens.refresh));
}

TEST_F(SessionsTest, ProfileSaysWhatIsStored) {
    const TokenPair tokens = logged_in();
    const User user = stored_user("ada");
    clock_.advance(1min);
    run_task(store_->set_email(user.id, "New@example.org", "new@example.org")).value();
    const Profile answer = profile(tokens.access).value();
    EXPECT_EQ(answer.username, "ada");
    EXPECT_EQ(answer.email, "New@example.org");
    EXPECT_EQ(answer.created_at, user.state.created_at);
    EXPECT_EQ(answer.updated_at, clock_.now());
}

TEST_F(SessionsTest, DisablingAUserStopsAllTokensAtOnceAndForGood) {
    const TokenPair tokens = logged_in();
    const User user = stored_user("ada");
    run_task(store_->set_disabled(user.id, true)).value();
    EXPECT_TRUE(is_profile_refused(tokens.access));
    EXPECT_TRUE(is_refused(tokens.refresh));
    run_task(store_->set_disabled(user.id, false)).value();
    EXPECT_TRUE(is_profile_refused(tokens.access));
    EXPECT_TRUE(is_refused(tokens.refresh));
}

TEST_F(SessionsTest, ADeletedUsersTokensStayDeadForTheNextOfThatName) {
    const TokenPair tokens = logged_in();
    run_task(store_->delete_user(stored_user("ada").id)).value();
    EXPECT_TRUE(is_profile_refused(tokens.access));
    EXPECT_TRUE(is_refused(tokens.refresh));
    logged_in();
    EXPECT_TRUE(is_profile_refused(tokens.access));
    EXPECT_TRUE(is_refused(tokens.refresh));
}

TEST_F(SessionsTest, OneUsersSessionIsNoneOfAnothers) {
    const TokenPair tokens = logged_in();
    const SessionId session = claims_of(tokens.refresh).session;
    const User other = add_legacy("eve", kBcryptHash);
    EXPECT_TRUE(
        is_profile_refused(Secret(tokens_->make_access(other.id, session, "eve", clock_.now()))));
    RefreshClaims claims = claims_of(tokens.refresh);
    claims.user = other.id;
    EXPECT_TRUE(is_refused(refresh_token(*tokens_, claims)));
    EXPECT_TRUE(profile(tokens.access));
}

TEST_F(SessionsTest, TokensOfOtherKeysAreRefused) {
    const TokenPair tokens = logged_in();
    const auto key = Key::from_secret(Secret(std::string(32, 'x')));
    const Tokens foreign(TokenSettings{},
                         std::make_shared<KeySet>(KeySet::Parts{key, {}, key, nullptr}));
    const RefreshClaims claims = claims_of(tokens.refresh);
    EXPECT_TRUE(is_refused(refresh_token(foreign, claims)));
    EXPECT_TRUE(is_profile_refused(
        Secret(foreign.make_access(claims.user, claims.session, "ada", clock_.now()))));
}

}  // namespace
}  // namespace userd
