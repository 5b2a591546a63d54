#include "tokens/strict_object.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <string>

namespace userd {
namespace {

/// Boost.JSON's own handler keeps the last of repeated members; this one refuses them.
class FlatObjectHandler {
  public:
    static constexpr std::size_t max_object_size = 64;
    static constexpr std::size_t max_array_size = 0;
    static constexpr std::size_t max_key_size = 256;
    static constexpr std::size_t max_string_size = 4096;

    boost::json::object object;

    bool on_document_begin(boost::json::error_code&) { return true; }
    bool on_document_end(boost::json::error_code& error) { return inside_ ? true : refuse(error); }
    bool on_object_begin(boost::json::error_code& error) {
        if (inside_) return refuse(error);
        inside_ = true;
        return true;
    }
    bool on_object_end(std::size_t, boost::json::error_code&) { return true; }
    bool on_array_begin(boost::json::error_code& error) { return refuse(error); }
    bool on_array_end(std::size_t, boost::json::error_code& error) { return refuse(error); }
    bool on_key_part(boost::json::string_view part, std::size_t, boost::json::error_code&) {
        key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(boost::json::string_view part, std::size_t size, boost::json::error_code& error) {
        on_key_part(part, size, error);
        return object.contains(key_) ? refuse(error) : true;
    }
    bool on_string_part(boost::json::string_view part, std::size_t, boost::json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(boost::json::string_view part, std::size_t size,
                   boost::json::error_code& error) {
        on_string_part(part, size, error);
        const bool added = add(std::string_view(text_), error);
        text_.clear();
        return added;
    }
    bool on_number_part(boost::json::string_view, boost::json::error_code&) { return true; }
    bool on_int64(std::int64_t value, boost::json::string_view, boost::json::error_code& error) {
        return add(value, error);
    }
    bool on_uint64(std::uint64_t, boost::json::string_view, boost::json::error_code& error) {
        return refuse(error);
    }
    bool on_double(double, boost::json::string_view, boost::json::error_code& error) {
        return refuse(error);
    }
    bool on_bool(bool value, boost::json::error_code& error) { return add(value, error); }
    bool on_null(boost::json::error_code& error) { return refuse(error); }
    bool on_comment_part(boost::json::string_view, boost::json::error_code& error) {
        return refuse(error);
    }
    bool on_comment(boost::json::string_view, boost::json::error_code& error) {
        return refuse(error);
    }

  private:
    template <class T>
    bool add(T value, boost::json::error_code& error) {
        if (!inside_) return refuse(error);
        object.emplace(key_, value);
        key_.clear();
        return true;
    }
    static bool refuse(boost::json::error_code& error) {
        error = boost::json::error::syntax;
        return false;
    }

    bool inside_ = false;
    std::string key_;
    std::string text_;
};

}  // namespace

std::optional<boost::json::object> parse_strict_object(std::string_view json) {
    boost::json::basic_parser<FlatObjectHandler> parser{boost::json::parse_options{}};
    boost::json::error_code error;
    const std::size_t read = parser.write_some(false, json.data(), json.size(), error);
    if (error || read != json.size()) return std::nullopt;
    return std::move(parser.handler().object);
}

}  // namespace userd
