#include "app/admin_services.hpp"

#include <boost/json.hpp>

#include "accounts/services.hpp"

namespace userd {
namespace {

std::string describe(const Service& service, bool json) {
    if (json) {
        boost::json::object object{{"name", service.name},
                                   {"created_at", rfc3339(service.created_at)}};
        if (service.revoked_at) object["revoked_at"] = rfc3339(*service.revoked_at);
        return boost::json::serialize(object) + "\n";
    }
    return service.name + "  created " + rfc3339(service.created_at) +
           (service.revoked_at ? "  revoked " + rfc3339(*service.revoked_at) : "") + "\n";
}

}  // namespace

Task<AdminReply> services_add(AdminParts parts, AdminRequest request) {
    if (!is_service_name(request.name))
        co_return failure("a service's name is 1 to 64 letters, digits, '.', '_' or '-'");
    const std::optional<Secret> secret = co_await add_service(parts.store, request.name);
    if (!secret)
        co_return failure("there is or was a service '" + request.name + "'; take another name");
    AdminReply reply;
    if (request.json)
        reply.output = boost::json::serialize(boost::json::object{
                           {"client_id", request.name}, {"client_secret", secret->reveal()}}) +
                       "\n";
    else
        reply.output = "client_id:     " + request.name +
                       "\nclient_secret: " + std::string(secret->reveal()) +
                       "\nThe secret is shown this once.\n";
    co_return reply;
}

Task<AdminReply> services_list(AdminParts parts, AdminRequest request) {
    AdminReply reply;
    const std::vector<Service> services = co_await parts.store.list_services();
    for (const Service& service : services)
        reply.output += describe(service, request.json);
    if (services.empty() && !request.json) reply.output = "no services\n";
    co_return reply;
}

Task<AdminReply> services_revoke(AdminParts parts, AdminRequest request) {
    std::string name = request.name;
    const bool revoked = co_await parts.store.revoke_service(std::move(name));
    if (!revoked)
        co_return failure("there is no service '" + request.name + "' that is not revoked");
    AdminReply reply;
    reply.output = "revoked " + request.name + "\n";
    co_return reply;
}

}  // namespace userd
