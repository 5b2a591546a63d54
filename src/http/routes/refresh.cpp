#include "http/client_address.hpp"
#include "http/problem.hpp"
#include "http/routes/routes.hpp"
#include "http/validation.hpp"

namespace userd::http {

Task<Response> refresh(Services& services, const Request& request) {
    Parsed<RefreshForm> form = parse_refresh(request);
    if (!form) co_return unprocessable(form.errors());
    Client client = client_of(request, services.trusted_proxies);
    const Result<TokenPair> tokens =
        co_await services.accounts.refresh(std::move(form->old_refresh_token), std::move(client));
    if (!tokens) co_return problem(tokens.error());
    co_return tokens_answer(*tokens);
}

}  // namespace userd::http
