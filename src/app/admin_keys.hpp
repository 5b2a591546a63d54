#pragma once

#include "app/admin.hpp"

namespace userd {

/// The commands on signing keys. AdminParts::keeper is set and loaded.
Task<AdminReply> keys_list(AdminParts parts, AdminRequest request);
Task<AdminReply> keys_rotate(AdminParts parts, AdminRequest request);
Task<AdminReply> keys_retire(AdminParts parts, AdminRequest request);
Task<AdminReply> keys_import(AdminParts parts, AdminRequest request);
Task<AdminReply> keys_export_public(AdminParts parts, AdminRequest request);

}  // namespace userd
