#include "http/client_address.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"
#include "http/validation.hpp"

namespace userd::http {

Task<Response> register_user(Services& services, const Request& request) {
    Parsed<RegisterForm> form = parse_register(request, services.passwords);
    if (!form) co_return unprocessable(form.errors());
    Registration registration;
    registration.username = std::move(form->username);
    registration.email = std::move(form->email);
    registration.password = std::move(form->password);
    std::string traceparent = request.traceparent;
    Client client = client_of(request, services.trusted_proxies);
    const Guarded<User> user = co_await services.accounts.register_user(
        std::move(registration), std::move(traceparent), std::move(client));
    if (!user) co_return problem(user.error());
    co_return ok(R"({"message":"New User Created Successfully"})");
}

}  // namespace userd::http
