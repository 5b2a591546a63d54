#include <gmock/gmock.h>

#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {
namespace {

using namespace std::chrono_literals;

std::string hash_of(char first) {
    std::string hash(32, '\0');
    hash[0] = first;
    hash[31] = '\xff';
    return hash;
}

class ServicesContract : public StoreContract {
  protected:
    bool add_service(const std::string& name, char first = 'a') {
        return run_task(store_->add_service(name, hash_of(first)));
    }
    Result<Service> find(const std::string& name) { return run_task(store_->find_service(name)); }
    bool revoke(const std::string& name) { return run_task(store_->revoke_service(name)); }
};

INSTANTIATE_TEST_SUITE_P(Backends, ServicesContract, testing::ValuesIn(backends()),
                         [](const auto& backend) { return backend.param.name; });

TEST_P(ServicesContract, ServiceIsFoundAsItWasAdded) {
    ASSERT_TRUE(add_service("billing"));
    const Result<Service> service = find("billing");
    ASSERT_TRUE(service);
    EXPECT_EQ(service->name, "billing");
    EXPECT_EQ(service->secret_hash, hash_of('a'));
    EXPECT_EQ(service->created_at, clock_.now());
    EXPECT_FALSE(service->revoked_at);
}

TEST_P(ServicesContract, ServiceIsFoundByItsWholeNameOnly) {
    ASSERT_TRUE(add_service("billing"));
    for (const char* name : {"", "bill", "billing2", "Billing", "billing ", "%"})
        EXPECT_EQ(find(name).error(), Errc::not_found) << name;
}

TEST_P(ServicesContract, NameIsGivenOnceForEver) {
    ASSERT_TRUE(add_service("billing", 'a'));
    EXPECT_FALSE(add_service("billing", 'b'));
    EXPECT_EQ(find("billing")->secret_hash, hash_of('a'));
    ASSERT_TRUE(revoke("billing"));
    EXPECT_FALSE(add_service("billing", 'b')) << "a revoked one keeps its name";
    EXPECT_EQ(find("billing")->secret_hash, hash_of('a'));
    EXPECT_TRUE(find("billing")->revoked_at);
}

TEST_P(ServicesContract, RevokedServiceIsFoundAsRevokedAndRevokedOnce) {
    ASSERT_TRUE(add_service("billing"));
    ASSERT_TRUE(add_service("search"));
    clock_.advance(1h);
    const Timestamp revoked = clock_.now();
    EXPECT_TRUE(revoke("billing"));
    clock_.advance(1h);
    EXPECT_FALSE(revoke("billing"));
    EXPECT_FALSE(revoke("unknown"));
    EXPECT_EQ(find("billing")->revoked_at, revoked);
    EXPECT_FALSE(find("search")->revoked_at);
}

TEST_P(ServicesContract, ListHasEveryServiceInTheOrderOfNames) {
    for (const char* name : {"search", "billing", "mail"})
        ASSERT_TRUE(add_service(name));
    ASSERT_TRUE(revoke("mail"));
    std::vector<std::string> names;
    for (const Service& service : run_task(store_->list_services())) {
        names.push_back(service.name);
        EXPECT_EQ(service.revoked_at.has_value(), service.name == "mail");
    }
    EXPECT_THAT(names, testing::ElementsAre("billing", "mail", "search"));
}

TEST_P(ServicesContract, OneOfManySimultaneousAdditionsOfANameWins) {
    std::vector<std::function<Task<bool>()>> starts;
    for (char first = 'a'; first < 'q'; ++first)
        starts.emplace_back(
            [this, first] { return store_->add_service("billing", hash_of(first)); });
    const auto added = run_together(starts);
    ASSERT_EQ(added.values.size(), 16U);
    EXPECT_EQ(std::count(added.values.begin(), added.values.end(), true), 1);
}

}  // namespace
}  // namespace userd
