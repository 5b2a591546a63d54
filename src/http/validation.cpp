#include "http/validation.hpp"

#include <boost/json.hpp>
#include <functional>

#include "base/text.hpp"
#include "http/form.hpp"
#include "http/json_body.hpp"
#include "http/masking.hpp"
#include "http/registration_rules.hpp"

namespace userd::http {
namespace {

namespace json = boost::json;

FieldError error_of(std::string type, std::vector<json::value> loc, std::string msg,
                    json::value input) {
    return {std::move(type), std::move(loc), std::move(msg), std::move(input), std::nullopt};
}

FieldError error_of(BrokenRule broken, const char* field, json::value input) {
    FieldError error =
        error_of(std::move(broken.type), {"body", field}, std::move(broken.msg), std::move(input));
    error.ctx = std::move(broken.ctx);
    return error;
}

FieldError missing(std::vector<json::value> loc, json::value input) {
    return error_of("missing", std::move(loc), "Field required", std::move(input));
}

FieldError not_an_object(json::value input) {
    return error_of("model_attributes_type", {"body"},
                    "Input should be a valid dictionary or object to extract fields from",
                    std::move(input));
}

bool is_json_type(const std::string& type) {
    const std::size_t slash = type.find('/');
    return type.empty() || type == "application/json" ||
           (type.starts_with("application/") && type.ends_with("+json") &&
            type.find('/', slash + 1) == type.npos);
}

/// FastAPI's rules for what the body of a JSON endpoint is.
Parsed<json::object> json_object(const Request& request) {
    const std::string_view body = request.body.reveal();
    if (body.empty()) return FieldErrors{missing({"body"}, nullptr)};
    // What is not JSON may hold a password anywhere.
    if (!is_json_type(media_type(request.content_type))) return FieldErrors{not_an_object(kMask)};
    auto parsed = parse_json(body);
    if (const JsonError* bad = std::get_if<JsonError>(&parsed)) {
        FieldError error =
            error_of("json_invalid", {"body", bad->position}, "JSON decode error", json::object());
        error.ctx = json::object{{"error", bad->message}};
        return FieldErrors{std::move(error)};
    }
    json::value& value = std::get<json::value>(parsed);
    if (value.is_null()) return FieldErrors{missing({"body"}, nullptr)};
    if (!value.is_object()) return FieldErrors{not_an_object(masked_without_names(value))};
    return std::move(value.get_object());
}

using Rule = std::function<std::optional<BrokenRule>(std::string_view)>;

/// Reads the fields of one body in their declared order and gathers all that is wrong.
class Fields {
  public:
    explicit Fields(const json::object& object) : object_(object) {}

    std::string text(const char* name, const Rule& rule) {
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) {
            errors_.push_back(missing({"body", name}, masked(object_)));
            return {};
        }
        const json::value input = is_secret_name(name) ? json::value(kMask) : masked(*value);
        if (!value->is_string()) {
            errors_.push_back(
                error_of("string_type", {"body", name}, "Input should be a valid string", input));
            return {};
        }
        const std::string_view text = value->get_string();
        check(name, text, rule, input);
        return std::string(text);
    }

    void check(const char* name, std::string_view text, const Rule& rule,
               const json::value& input) {
        if (!rule) return;
        if (auto broken = rule(text)) {
            errors_.push_back(error_of(*std::move(broken), name, input));
        }
    }

    [[nodiscard]] bool good() const noexcept { return errors_.empty(); }
    FieldErrors& errors() noexcept { return errors_; }

  private:
    const json::object& object_;
    FieldErrors errors_;
};

Parsed<LoginForm> parse_login_form(const Request& request) {
    const auto values = parse_form(request.body.reveal());
    if (!values) {
        FieldError error = error_of("value_error", {"body"}, "Value error, malformed form", kMask);
        error.ctx = json::object{{"error", json::object()}};
        return FieldErrors{std::move(error)};
    }
    json::object object;
    // FastAPI takes an empty form value for a missing one.
    for (const auto& [name, value] : *values)
        if (!value.empty()) object[name] = value;
    FieldErrors errors;
    if (const json::value* grant = object.if_contains("grant_type");
        grant && grant->get_string() != "password") {
        FieldError error = error_of("string_pattern_mismatch", {"body", "grant_type"},
                                    "String should match pattern '^password$'", *grant);
        error.ctx = json::object{{"pattern", "^password$"}};
        errors.push_back(std::move(error));
    }
    Fields fields(object);
    LoginForm form;
    form.username = fields.text("username", check_login_name);
    form.password = Secret(fields.text("password", check_login_password));
    for (FieldError& error : fields.errors()) {
        if (error.type == "missing") error.input = nullptr;
        errors.push_back(std::move(error));
    }
    if (!errors.empty()) return {std::move(errors)};
    return {std::move(form)};
}

std::optional<std::string> message_of(std::optional<BrokenRule> broken) {
    if (!broken) return std::nullopt;
    return std::move(broken->msg);
}

}  // namespace

Response unprocessable(const FieldErrors& errors) {
    json::array detail;
    for (const FieldError& error : errors) {
        json::object entry{{"type", error.type},
                           {"loc", json::array(error.loc.begin(), error.loc.end())},
                           {"msg", error.msg},
                           {"input", error.input}};
        if (error.ctx) entry["ctx"] = *error.ctx;
        detail.push_back(std::move(entry));
    }
    Response response;
    response.status = 422;
    response.body = json::serialize(json::object{{"detail", std::move(detail)}});
    return response;
}

FieldError breached_password_error() {
    return error_of(breached_password(), "password", kMask);
}

Parsed<RegisterForm> parse_register(const Request& request, const PasswordPolicy& policy) {
    Parsed<json::object> object = json_object(request);
    if (!object) return object.errors();
    Fields fields(*object);
    RegisterForm form;
    form.username = fields.text("username", check_new_username);
    form.email = stored_email(fields.text("email", check_new_email));
    form.password = Secret(fields.text("password", [&policy](std::string_view password) {
        return check_new_password(password, policy);
    }));
    if (!fields.good()) return std::move(fields.errors());
    return {std::move(form)};
}

Parsed<LoginForm> parse_login(const Request& request) {
    if (media_type(request.content_type) == kFormType) return parse_login_form(request);
    Parsed<json::object> object = json_object(request);
    if (!object) return object.errors();
    Fields fields(*object);
    LoginForm form;
    form.username = fields.text("username", check_login_name);
    form.password = Secret(fields.text("password", check_login_password));
    if (!fields.good()) return std::move(fields.errors());
    return {std::move(form)};
}

Parsed<RefreshForm> parse_refresh(const Request& request) {
    Parsed<json::object> object = json_object(request);
    if (!object) return object.errors();
    Fields fields(*object);
    RefreshForm form;
    form.old_refresh_token = Secret(fields.text("old_refresh_token", nullptr));
    if (!fields.good()) return std::move(fields.errors());
    return {std::move(form)};
}

std::optional<std::string> check_username(std::string_view username) {
    return message_of(check_new_username(username));
}

std::optional<std::string> check_email(std::string_view email) {
    return message_of(check_new_email(email));
}

std::optional<std::string> check_password(std::string_view password, const PasswordPolicy& policy) {
    return message_of(check_new_password(password, policy));
}

std::string stored_email(std::string_view email) {
    const std::size_t at = email.rfind('@');
    if (at == std::string_view::npos) return std::string(email);
    return std::string(email.substr(0, at + 1)) + compared_form(email.substr(at + 1));
}

}  // namespace userd::http
