#include "http/client_address.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"
#include "http/validation.hpp"

namespace userd::http {

Task<Response> log_in(Services& services, const Request& request) {
    Parsed<LoginForm> form = parse_login(request);
    if (!form) co_return unprocessable(form.errors());
    Client client = client_of(request, services.trusted_proxies);
    const Guarded<TokenPair> tokens = co_await services.accounts.log_in(
        std::move(form->username), std::move(form->password), std::move(client));
    if (!tokens) co_return problem(tokens.error());
    co_return tokens_answer(*tokens);
}

}  // namespace userd::http
