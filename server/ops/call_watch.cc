// SPDX-License-Identifier: Apache-2.0
#include "server/ops/call_watch.h"

#include <iterator>

#include "absl/strings/string_view.h"

#include "server/base/request_error.h"

namespace hexapla {
namespace {

// The value of the only entry of that name, else "".
absl::string_view MetadataValue(const grpc::CallbackServerContext& context, const char* name) {
  const auto [first, last] = context.client_metadata().equal_range(name);
  if (first == last || std::next(first) != last) return "";
  return {first->second.data(), first->second.size()};
}

}  // namespace

absl::Status CallWatch::Admit(const grpc::CallbackServerContext& context) {
  if (tokens_ == nullptr || tokens_->Get()->Admit(MetadataValue(context, "authorization"))) {
    return absl::OkStatus();
  }
  return RequestError(absl::StatusCode::kUnauthenticated, {.reason = "TOKEN_INVALID"},
                      "the call carries no valid token; it needs the metadata"
                      " \"authorization: Bearer TOKEN\"");
}

}  // namespace hexapla
