// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_STATUS_NAME_H_
#define HEXAPLA_SERVER_OPS_STATUS_NAME_H_

#include <grpcpp/support/status_code_enum.h>

#include <array>
#include <cstddef>

namespace hexapla {

// "OK", "INVALID_ARGUMENT", ...
inline const char* StatusName(grpc::StatusCode code) {
  static constexpr std::array<const char*, 17> kNames = {"OK",
                                                         "CANCELLED",
                                                         "UNKNOWN",
                                                         "INVALID_ARGUMENT",
                                                         "DEADLINE_EXCEEDED",
                                                         "NOT_FOUND",
                                                         "ALREADY_EXISTS",
                                                         "PERMISSION_DENIED",
                                                         "RESOURCE_EXHAUSTED",
                                                         "FAILED_PRECONDITION",
                                                         "ABORTED",
                                                         "OUT_OF_RANGE",
                                                         "UNIMPLEMENTED",
                                                         "INTERNAL",
                                                         "UNAVAILABLE",
                                                         "DATA_LOSS",
                                                         "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_STATUS_NAME_H_
