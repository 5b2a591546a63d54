#include "http/json_explain.hpp"

#include "base/text.hpp"

namespace userd::http {
namespace {

/// Follows CPython's Lib/json/scanner.py and decoder.py step by step, keeping no values.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::optional<JsonError> run() {
        skip_space();
        if (!value()) return error_;
        skip_space();
        if (at_ != text_.size()) fail("Extra data", at_);
        return error_;
    }

  private:
    bool fail(const char* message, std::size_t at) {
        if (!error_) error_ = JsonError{message, count_code_points(text_.substr(0, at))};
        return false;
    }

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }

    bool take(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    bool value() {
        const char c = peek();
        if (c == '"') return string();
        if (c == '{' || c == '[') return nested(c);
        for (const std::string_view word :
             {"null", "true", "false", "NaN", "Infinity", "-Infinity"})
            if (take(word)) return true;
        return number() || fail("Expecting value", at_);
    }

    /// What Python takes and a strict parser does not (NaN, a lone surrogate) may stand before any
    /// depth, so the limit is needed here too.
    bool nested(char open) {
        if (depth_ == kMaxJsonDepth) return fail(kNestedTooDeep, at_);
        ++depth_;
        const bool good = open == '{' ? object() : array();
        --depth_;
        return good;
    }

    bool number() {
        const std::size_t start = at_;
        take("-");
        if (!digits(true)) {
            at_ = start;
            return false;
        }
        const std::size_t whole = at_;
        if (take(".") && !digits(false)) at_ = whole;
        const std::size_t fraction = at_;
        if (peek() == 'e' || peek() == 'E') {
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!digits(false)) at_ = fraction;
        }
        return true;
    }

    bool digits(bool no_leading_zero) {
        if (no_leading_zero && take("0")) return true;
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9')
            ++at_;
        return at_ > start;
    }

    bool string() {
        const std::size_t begin = at_++;
        for (;;) {
            if (at_ >= text_.size()) return fail("Unterminated string starting at", begin);
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20)
                return fail("Invalid control character at", at_);
            ++at_;
            if (c == '\\' && !escape(begin)) return false;
        }
    }

    bool escape(std::size_t begin) {
        if (at_ >= text_.size()) return fail("Unterminated string starting at", begin);
        const std::size_t backslash = at_ - 1;
        const char c = text_[at_++];
        if (c != 'u')
            return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos ||
                   fail("Invalid \\escape", backslash);
        const std::string_view hex = text_.substr(at_, 4);
        // CPython wants a character behind the digits too before it looks at them.
        if (text_.size() - at_ < 5 ||
            hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
            return fail("Invalid \\uXXXX escape", backslash + 1);
        at_ += 4;
        return true;
    }

    bool object() {
        ++at_;
        skip_space();
        if (take("}")) return true;
        for (;;) {
            if (peek() != '"')
                return fail("Expecting property name enclosed in double quotes", at_);
            if (!string()) return false;
            skip_space();
            if (!take(":")) return fail("Expecting ':' delimiter", at_);
            skip_space();
            if (!value()) return false;
            skip_space();
            if (take("}")) return true;
            if (!take(",")) return fail("Expecting ',' delimiter", at_);
            skip_space();
        }
    }

    bool array() {
        ++at_;
        skip_space();
        if (take("]")) return true;
        for (;;) {
            if (!value()) return false;
            skip_space();
            if (take("]")) return true;
            if (!take(",")) return fail("Expecting ',' delimiter", at_);
            skip_space();
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::optional<JsonError> error_;
};

}  // namespace

std::optional<JsonError> explain_json(std::string_view text) {
    return Scanner(text).run();
}

}  // namespace userd::http
