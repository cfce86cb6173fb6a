// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FIELD_NAMES_H_
#define HEXAPLA_CLIENT_FIELD_NAMES_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "client/command_line.h"

namespace hexapla {

// Says what a field of a request, such as "versions[1].text", is to the person
// who typed the command; "" when that person knows no such thing.
using FieldNamer = std::function<std::string(absl::string_view field)>;

// Replaces every field that `message` speaks of and `name` knows.
//
// Example: "versions[1].text is blank" becomes "fr.txt is blank".
std::string ReplaceFields(absl::string_view message, const FieldNamer& name);

// The same, for a message about `place`: that comes before it if the message names
// nothing itself. `place` may be "".
std::string NamePlace(const std::string& message, const std::string& place, const FieldNamer& name);

// The error of a call in the words of the command line.
absl::Status NameFields(const absl::Status& status, const FieldNamer& name);

// The words for the fields of the request that `command` became: a file, a line or
// sentence of it (counted from 1), an entry of a list flag, a flag. Borrows `command`.
FieldNamer NamerFor(const AlignCommand& command);
FieldNamer NamerFor(const DetectCommand& command);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FIELD_NAMES_H_
