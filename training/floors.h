// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_FLOORS_H_
#define HEXAPLA_TRAINING_FLOORS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hexapla::training {

// Holds what was measured, by set, against a file of lines `SET FLOOR`, where `#`
// starts a comment. `what` names the figure in messages.
//
// Errors: NotFound when the file cannot be read; FailedPrecondition, a line for each
// set that is under its floor, has a line without a floor, or was not measured.
absl::Status CheckFloors(const std::map<std::string, double>& figures, absl::string_view what,
                         const std::string& path);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_FLOORS_H_
