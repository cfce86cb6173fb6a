// SPDX-License-Identifier: Apache-2.0
//
// The two macros that carry an absl::Status up one call. Abseil ships its own
// from LTS 20260526 on; this header goes when Debian's Abseil has them.
#ifndef HEXAPLA_SERVER_BASE_STATUS_MACROS_H_
#define HEXAPLA_SERVER_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Evaluates an expression of type absl::Status once and returns it if not OK.
#define HEXAPLA_RETURN_IF_ERROR(expression)                   \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define HEXAPLA_CONCAT_INNER_(a, b) a##b
#define HEXAPLA_CONCAT_(a, b) HEXAPLA_CONCAT_INNER_(a, b)

// HEXAPLA_ASSIGN_OR_RETURN(T value, expression): evaluates an expression of
// type absl::StatusOr<T>, returns its status if not OK, else moves the value.
// NOLINTBEGIN(bugprone-macro-parentheses): `lhs` may be a declaration, which no
// parentheses may enclose.
#define HEXAPLA_ASSIGN_OR_RETURN(lhs, expression) \
  HEXAPLA_ASSIGN_OR_RETURN_IMPL_(HEXAPLA_CONCAT_(status_or_, __LINE__), lhs, expression)
#define HEXAPLA_ASSIGN_OR_RETURN_IMPL_(status_or, lhs, expression) \
  auto status_or = (expression);                                   \
  if (!status_or.ok()) return std::move(status_or).status();       \
  lhs = *std::move(status_or)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // HEXAPLA_SERVER_BASE_STATUS_MACROS_H_
