#pragma once

#include "app/admin.hpp"

namespace userd {

Task<AdminReply> events_status(AdminParts parts, AdminRequest request);
Task<AdminReply> events_list(AdminParts parts, AdminRequest request);
Task<AdminReply> parked_list(AdminParts parts, AdminRequest request);
Task<AdminReply> parked_retry(AdminParts parts, AdminRequest request);
Task<AdminReply> parked_drop(AdminParts parts, AdminRequest request);

}  // namespace userd
