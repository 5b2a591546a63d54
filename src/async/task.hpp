#pragma once

#include <boost/asio/awaitable.hpp>

namespace userd {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace userd
