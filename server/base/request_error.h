// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_REQUEST_ERROR_H_
#define HEXAPLA_SERVER_BASE_REQUEST_ERROR_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hexapla {

// What a program needs to know about a refused request. It travels inside the
// absl::Status (as payloads), so that every layer may add it and only the edge
// reads it.
struct RequestFault {
  // A name of hexapla.v1.ErrorReason without its prefix: "TEXT_TOO_LONG".
  std::string reason = {};
  // The path of the field in the request: "versions[1].text". Empty if none.
  std::string field = {};
  // What was allowed, and what came; empty where they say nothing. Never text of
  // a document.
  std::string limit = {};
  std::string value = {};
  // Of an overload: when to come again. Zero: not known. Kept in milliseconds.
  absl::Duration retry_after = absl::ZeroDuration();
};

// Example:
//   return RequestError(absl::StatusCode::kResourceExhausted,
//                       {.reason = "TOO_MANY_SENTENCES",
//                        .field = "versions[1].text",
//                        .limit = "10000",
//                        .value = "12345"},
//                       "versions[1].text has 12345 sentences; the limit is 10000");
inline absl::Status RequestError(absl::StatusCode code, const RequestFault& fault,
                                 absl::string_view message) {
  absl::Status status(code, message);
  const auto add = [&status](absl::string_view key, const std::string& value) {
    if (!value.empty()) status.SetPayload(key, absl::Cord(value));
  };
  add("hexapla/reason", fault.reason);
  add("hexapla/field", fault.field);
  add("hexapla/limit", fault.limit);
  add("hexapla/value", fault.value);
  if (fault.retry_after > absl::ZeroDuration()) {
    add("hexapla/retry_ms", absl::StrCat(absl::ToInt64Milliseconds(fault.retry_after)));
  }
  return status;
}

// The fault inside `status`; all empty if there is none.
inline RequestFault FaultOf(const absl::Status& status) {
  const auto get = [&status](absl::string_view key) {
    const auto payload = status.GetPayload(key);
    return payload.has_value() ? std::string(*payload) : std::string();
  };
  int64_t retry_ms = 0;
  if (!absl::SimpleAtoi(get("hexapla/retry_ms"), &retry_ms)) retry_ms = 0;
  return {.reason = get("hexapla/reason"),
          .field = get("hexapla/field"),
          .limit = get("hexapla/limit"),
          .value = get("hexapla/value"),
          .retry_after = absl::Milliseconds(retry_ms)};
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_REQUEST_ERROR_H_
