#include "http/json_body.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "http/json_explain.hpp"

namespace userd::http {
namespace {

namespace json = boost::json;

/// Builds the value, and refuses a member's name that its object already has.
class Handler {
  public:
    static constexpr std::size_t max_object_size = 1 << 16;
    static constexpr std::size_t max_array_size = 1 << 16;
    static constexpr std::size_t max_key_size = 1 << 16;
    static constexpr std::size_t max_string_size = 1 << 16;

    bool repeated = false;

    json::value release() { return stack_.release(); }

    bool on_document_begin(json::error_code&) {
        stack_.reset();
        return true;
    }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        names_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t size, json::error_code&) {
        names_.pop_back();
        stack_.push_object(size);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t size, json::error_code&) {
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        text_.append(part.data(), part.size());
        stack_.push_key(text_);
        repeated = !names_.back().insert(std::exchange(text_, {})).second;
        if (repeated) error = json::error::syntax;
        return !repeated;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        stack_.push_string(text_);
        text_.clear();
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, json::string_view text, json::error_code& error) {
        // Boost 1.81 rounds some numbers to a neighbour; what a 422 repeats must be what was sent.
        std::from_chars(text.data(), text.data() + text.size(), value);
        if (!std::isfinite(value)) {
            error = json::error::exponent_overflow;
            return false;
        }
        stack_.push_double(value);
        return true;
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

  private:
    json::value_stack stack_;
    std::vector<std::set<std::string>> names_;
    std::string text_;
};

}  // namespace

std::variant<json::value, JsonError> parse_json(std::string_view text) {
    if (!is_valid_utf8(text)) return JsonError{"Invalid UTF-8", 0};
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::basic_parser<Handler> parser{options};
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read == text.size()) return parser.handler().release();
    const std::size_t position = count_code_points(text.substr(0, read));
    if (parser.handler().repeated) return JsonError{"Duplicate key", position};
    if (error == json::error::too_deep) return JsonError{kNestedTooDeep, position};
    if (auto explained = explain_json(text)) return *std::move(explained);
    // Python takes it, a strict parser does not.
    return JsonError{"Lone surrogate or number out of range", position};
}

}  // namespace userd::http
