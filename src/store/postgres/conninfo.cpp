#include "store/postgres/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "store/postgres/failure.hpp"

namespace userd::postgres {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts(1);
    for (const char c : list) {
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

bool is_per_host(const std::string& name) {
    return name == "host" || name == "hostaddr" || name == "port";
}

}  // namespace

Conninfo::Conninfo(const Secret& text) {
    char* reason = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> options(
        PQconninfoParse(std::string(text.reveal()).c_str(), &reason));
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(reason, PQfreemem);
    // libpq's reason may quote the password.
    if (!options)
        throw std::runtime_error(
            "DATABASE_URL is not understood by libpq; write postgresql://user@host:5432/name, and "
            "%XX for special characters");
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) common_.emplace_back(option->keyword, option->val);
    add_default("target_session_attrs", "read-write");
    add_default("application_name", "userd");
    add_default("client_encoding", "UTF8");
    // A host that vanished without a word is noticed before the kernel's two hours are over.
    add_default("keepalives_idle", "10");
    add_default("keepalives_interval", "5");
    add_default("keepalives_count", "3");
    add_default("tcp_user_timeout", "15000");  // milliseconds
    split_hosts();
}

void Conninfo::add_default(const std::string& name, const std::string& value) {
    const auto has_name = [&](const auto& entry) { return entry.first == name; };
    if (std::none_of(common_.begin(), common_.end(), has_name)) common_.emplace_back(name, value);
}

void Conninfo::split_hosts() {
    std::size_t count = 1;
    for (const auto& [name, value] : common_)
        if (is_per_host(name)) count = std::max(count, split(value).size());
    hosts_.resize(count);
    for (const auto& [name, value] : common_) {
        if (!is_per_host(name)) continue;
        const std::vector<std::string> parts = split(value);
        if (parts.size() != 1 && parts.size() != count)
            throw std::runtime_error("DATABASE_URL names " + std::to_string(count) +
                                     " hosts, but not as many values of " + name);
        for (std::size_t i = 0; i < count; ++i)
            hosts_[i].emplace_back(name, parts.size() == 1 ? parts[0] : parts[i]);
    }
    std::erase_if(common_, [](const auto& entry) { return is_per_host(entry.first); });
}

Conninfo::Keywords Conninfo::keywords(std::size_t host) const {
    Keywords keywords;
    const auto add = [&](const Values& values) {
        for (const auto& [name, value] : values) {
            keywords.names.push_back(name.c_str());
            keywords.values.push_back(value.c_str());
        }
    };
    add(common_);
    add(hosts_[host]);
    keywords.names.push_back(nullptr);
    keywords.values.push_back(nullptr);
    return keywords;
}

std::string Conninfo::label(std::size_t host) const {
    std::string name;
    std::string port;
    for (const auto& [key, value] : hosts_[host]) {
        if (key == "port")
            port = value;
        else if (name.empty() || key == "host")
            name = value;
    }
    if (name.empty()) name = "the default host";
    return port.empty() ? name : name + ":" + port;
}

}  // namespace userd::postgres
