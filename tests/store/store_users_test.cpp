#include <gmock/gmock.h>

#include "store/store_contract.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, NewUserIsFoundByIdUsernameAndEmail) {
    const User user = ada();
    EXPECT_EQ(user.version, 1);
    EXPECT_EQ(user.state.created_at, clock_.now());
    EXPECT_EQ(user.state.updated_at, clock_.now());
    for (const std::string& key :
         {user.id.to_string(), std::string("ada"), std::string("ada@example.org")}) {
        const Result<User> found = run_task(store_->find_user(key));
        ASSERT_TRUE(found) << key;
        EXPECT_EQ(found->id, user.id);
        EXPECT_EQ(found->state, user.state);
    }
}

TEST_P(StoreContract, NamesKeepTheirCase) {
    const User user = ada();
    EXPECT_EQ(user.state.username, "Ada");
    EXPECT_EQ(run_task(store_->find_login("ada"))->username, "Ada");
}

TEST_P(StoreContract, TakenNameOrEmailIsRefusedInAnyCase) {
    ada();
    EXPECT_EQ(add("ADA", "other@example.org").error(), Errc::user_exists);
    EXPECT_EQ(add("other", "ADA@EXAMPLE.ORG").error(), Errc::user_exists);
    EXPECT_TRUE(add("other", "other@example.org"));
}

TEST_P(StoreContract, RefusedUserLeavesNoTrace) {
    ada();
    NewUser same = make_new_user("other", "ada@example.org", "hash-2", "format-2");
    EXPECT_FALSE(run_task(store_->add_user(same, "")));
    EXPECT_THAT(run_task(store_->hash_formats()), ElementsAre("format-1"));
    EXPECT_EQ(waiting().size(), 1U);
    EXPECT_EQ(run_task(store_->find_user("other")).error(), Errc::not_found);
}

TEST_P(StoreContract, IsTakenSeesEitherKey) {
    ada();
    EXPECT_TRUE(run_task(store_->is_taken("ada", "new@example.org")));
    EXPECT_TRUE(run_task(store_->is_taken("new", "ada@example.org")));
    EXPECT_FALSE(run_task(store_->is_taken("new", "new@example.org")));
}

TEST_P(StoreContract, LoginIsFoundByNameAndByEmail) {
    const User user = ada();
    for (const std::string& key : {std::string("ada"), std::string("ada@example.org")}) {
        const Result<Login> login = run_task(store_->find_login(key));
        ASSERT_TRUE(login) << key;
        EXPECT_EQ(login->user, user.id);
        EXPECT_EQ(login->password_hash, "hash-1");
        EXPECT_FALSE(login->disabled);
    }
    EXPECT_EQ(run_task(store_->find_login("nobody")).error(), Errc::not_found);
    EXPECT_EQ(run_task(store_->find_login("")).error(), Errc::not_found);
    EXPECT_EQ(run_task(store_->find_login(user.id.to_string())).error(), Errc::not_found);
}

TEST_P(StoreContract, InputIsDataAndNeverSql) {
    const std::string hostile = "x'; DROP TABLE users; --";
    EXPECT_EQ(run_task(store_->find_login(hostile)).error(), Errc::not_found);
    ASSERT_TRUE(add(hostile, "a%_'\"@example.org"));
    EXPECT_EQ(run_task(store_->find_login(compared_form(hostile)))->username, hostile);
    EXPECT_EQ(run_task(store_->find_login("a__'\"@example.org")).error(), Errc::not_found);
}

TEST_P(StoreContract, UsernameThatLooksLikeAnIdDoesNotHideTheUserOfThatId) {
    const User victim = ada();
    ASSERT_TRUE(add(victim.id.to_string(), "mallory@example.org"));
    EXPECT_EQ(run_task(store_->find_user(victim.id.to_string()))->id, victim.id);
    const std::string nobodys = UserId::make(clock_.now()).to_string();
    const User named = add(nobodys, "eve@example.org").value();
    EXPECT_EQ(run_task(store_->find_user(nobodys))->id, named.id);
}

TEST_P(StoreContract, PagesTogetherListEveryUserOnceInOrder) {
    for (const char* name : {"dora", "Bob", "ada", "Carl", "eve"})
        ASSERT_TRUE(add(name, std::string(name) + "@example.org"));
    std::vector<std::string> names;
    Page page;
    page.limit = 2;
    for (;;) {
        const std::vector<User> users = run_task(store_->list_users(page));
        for (const User& user : users)
            names.push_back(user.state.username);
        if (users.size() < 2) break;
        page.after = compared_form(names.back());
    }
    EXPECT_THAT(names, ElementsAre("ada", "Bob", "Carl", "dora", "eve"));
}

TEST_P(StoreContract, NewEmailReplacesTheOldOne) {
    const User user = ada();
    clock_.advance(std::chrono::hours(1));
    const Result<User> changed =
        run_task(store_->set_email(user.id, "Countess@example.org", "countess@example.org"));
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->version, 2);
    EXPECT_EQ(changed->state.email, "Countess@example.org");
    EXPECT_EQ(changed->state.created_at, user.state.created_at);
    EXPECT_EQ(changed->state.updated_at, clock_.now());
    EXPECT_EQ(run_task(store_->find_login("ada@example.org")).error(), Errc::not_found);
    EXPECT_TRUE(run_task(store_->find_login("countess@example.org")));
    EXPECT_TRUE(add("other", "ada@example.org")) << "the old address is free again";
}

TEST_P(StoreContract, EmailOfAnotherIsRefusedAndChangesNothing) {
    const User user = ada();
    ASSERT_TRUE(add("bob", "bob@example.org"));
    EXPECT_EQ(run_task(store_->set_email(user.id, "Bob@example.org", "bob@example.org")).error(),
              Errc::user_exists);
    EXPECT_EQ(run_task(store_->find_user("ada"))->version, 1);
    EXPECT_EQ(waiting().size(), 2U);
}

TEST_P(StoreContract, EmailMayChangeInCaseOnly) {
    const User user = ada();
    EXPECT_EQ(run_task(store_->set_email(user.id, "ADA@example.org", "ada@example.org"))->version,
              2);
}

TEST_P(StoreContract, SettingWhatIsAlreadySetIsNoChange) {
    const User user = ada();
    EXPECT_EQ(run_task(store_->set_email(user.id, "Ada@example.org", "ada@example.org"))->version,
              1);
    EXPECT_EQ(run_task(store_->set_disabled(user.id, false))->version, 1);
    EXPECT_EQ(waiting().size(), 1U);
}

TEST_P(StoreContract, DisabledUserIsKnownAsSuchAndComesBack) {
    const User user = ada();
    EXPECT_TRUE(run_task(store_->set_disabled(user.id, true))->state.disabled);
    EXPECT_TRUE(run_task(store_->find_login("ada"))->disabled);
    const Result<User> enabled = run_task(store_->set_disabled(user.id, false));
    EXPECT_FALSE(enabled->state.disabled);
    EXPECT_EQ(enabled->version, 3);
    EXPECT_FALSE(run_task(store_->find_login("ada"))->disabled);
}

TEST_P(StoreContract, UpdatedAtNeverGoesBackWithTheClock) {
    const User user = ada();
    clock_.advance(-std::chrono::hours(5));
    EXPECT_EQ(run_task(store_->set_disabled(user.id, true))->state.updated_at,
              user.state.updated_at);
}

TEST_P(StoreContract, DeletedUserIsGoneAndFreesNameEmailAndFormat) {
    const User user = ada();
    const Result<User> deleted = run_task(store_->delete_user(user.id));
    ASSERT_TRUE(deleted);
    EXPECT_EQ(deleted->version, 2);
    EXPECT_EQ(run_task(store_->find_user(user.id.to_string())).error(), Errc::not_found);
    EXPECT_EQ(run_task(store_->find_login("ada")).error(), Errc::not_found);
    EXPECT_THAT(run_task(store_->hash_formats()), IsEmpty());
    EXPECT_TRUE(add("ada", "ada@example.org"));
}

TEST_P(StoreContract, ChangesOfUnknownUsersAreNotFound) {
    const UserId nobody = UserId::make(clock_.now());
    EXPECT_EQ(run_task(store_->set_email(nobody, "a@b.c", "a@b.c")).error(), Errc::not_found);
    EXPECT_EQ(run_task(store_->set_disabled(nobody, true)).error(), Errc::not_found);
    EXPECT_EQ(run_task(store_->delete_user(nobody)).error(), Errc::not_found);
    EXPECT_TRUE(waiting().empty());
}

TEST_P(StoreContract, HashFormatsAreThoseOfUsersThatExist) {
    const NewUser one = make_new_user("one", "one@example.org", "h", "bcrypt");
    ASSERT_TRUE(run_task(store_->add_user(one, "")));
    ASSERT_TRUE(run_task(store_->add_user(make_new_user("two", "two@x.org", "h", "bcrypt"), "")));
    ASSERT_TRUE(run_task(store_->add_user(make_new_user("ann", "ann@x.org", "h", "argon2"), "")));
    EXPECT_THAT(run_task(store_->hash_formats()), ElementsAre("argon2", "bcrypt"));
    ASSERT_TRUE(run_task(store_->delete_user(one.id)));
    EXPECT_THAT(run_task(store_->hash_formats()), ElementsAre("argon2", "bcrypt"));
}

}  // namespace
}  // namespace userd
