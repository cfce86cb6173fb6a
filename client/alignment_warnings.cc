// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_warnings.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/field_names.h"
#include "client/message_line.h"
#include "client/text_layout.h"

namespace hexapla {
namespace {

// A pair of versions under this is worth a warning.
constexpr float kUnrelated = 0.5F;

class AlignmentWarnings {
 public:
  AlignmentWarnings(const v1::AlignmentSummary& summary, const AlignCommand& command,
                    std::ostream& errors)
      : summary_(summary), command_(command), errors_(errors) {
    for (const v1::Warning& warning : summary.warnings()) {
      if (warning.reason() != v1::Warning::REASON_LANGUAGE_NOT_COVERED) continue;
      uncovered_.insert(warning.indices().begin(), warning.indices().end());
    }
  }

  void Write() {
    for (const v1::VersionPair& pair : summary_.pairs()) {
      if (pair.probability() < kUnrelated) WriteUnrelated(pair);
    }
    for (const int version : uncovered_) {
      if (!IsUnknown(version)) continue;
      Warn(absl::StrCat(command_.files[version],
                        ": the language is unknown; aligned on length, numbers and names alone; "
                        "name it with --languages if you know it"));
    }
    for (const v1::Warning& warning : summary_.warnings()) {
      if (IsSaid(warning)) continue;
      const std::string files =
          absl::StrJoin(warning.indices(), ", ", [&](std::string* text, int32_t version) {
            absl::StrAppend(text, command_.files[version]);
          });
      Warn(NamePlace(warning.message(), files, NamerFor(command_)));
    }
  }

 private:
  void Warn(absl::string_view message) { WriteMessage("warning", message, errors_); }

  void WriteUnrelated(const v1::VersionPair& pair) {
    const std::string files =
        absl::StrCat(command_.files[pair.first()], " and ", command_.files[pair.second()]);
    std::set<std::string> reasons;
    for (const int version : {pair.first(), pair.second()}) {
      if (uncovered_.count(version) > 0) reasons.insert(WhyUncovered(version));
    }
    if (reasons.empty()) {
      Warn(absl::StrFormat("%s look unrelated (%.2f)", files, pair.probability()));
    } else {
      // Length, numbers and names alone give a low probability to true versions.
      Warn(absl::StrCat(files, ": cannot tell whether they are related; ",
                        absl::StrJoin(reasons, "; ")));
    }
  }

  std::string WhyUncovered(int version) const {
    if (IsUnknown(version)) {
      return absl::StrCat("the language of ", command_.files[version], " is unknown");
    }
    return absl::StrCat("the space does not cover ",
                        Printable(summary_.versions(version).language()));
  }

  bool IsUnknown(int version) const { return summary_.versions(version).language() == "und"; }

  // Whether a line for the pair or for the unknown language says it already.
  bool IsSaid(const v1::Warning& warning) const {
    if (warning.reason() == v1::Warning::REASON_VERSIONS_UNRELATED) return true;
    if (warning.reason() != v1::Warning::REASON_LANGUAGE_NOT_COVERED &&
        warning.reason() != v1::Warning::REASON_LANGUAGE_UNCERTAIN) {
      return false;
    }
    return !warning.indices().empty() &&
           std::all_of(warning.indices().begin(), warning.indices().end(), [&](int version) {
             return uncovered_.count(version) > 0 && IsUnknown(version);
           });
  }

  const v1::AlignmentSummary& summary_;
  const AlignCommand& command_;
  std::ostream& errors_;
  std::set<int> uncovered_;
};

}  // namespace

void WriteAlignmentWarnings(const v1::AlignmentSummary& summary, const AlignCommand& command,
                            std::ostream& errors) {
  AlignmentWarnings(summary, command, errors).Write();
}

}  // namespace hexapla
