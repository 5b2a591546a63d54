#pragma once

#include "app/admin.hpp"

namespace userd {

/// `userd services …`: other services that may ask about tokens.
Task<AdminReply> services_add(AdminParts parts, AdminRequest request);
Task<AdminReply> services_list(AdminParts parts, AdminRequest request);
Task<AdminReply> services_revoke(AdminParts parts, AdminRequest request);

}  // namespace userd
