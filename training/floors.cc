// SPDX-License-Identifier: Apache-2.0
#include "training/floors.h"

#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace hexapla::training {

absl::Status CheckFloors(const std::map<std::string, double>& figures, absl::string_view what,
                         const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  std::vector<std::string> faults;
  bool any = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line.substr(0, line.find('#')));
    std::string set;
    double floor = 0;
    if (!(fields >> set)) continue;
    any = true;
    const auto figure = figures.find(set);
    if (!(fields >> floor) || figure == figures.end()) {
      faults.push_back(absl::StrCat(path, ": ", set, " has no floor or was not measured"));
    } else if (!(figure->second >= floor)) {  // nor a figure that is no number
      faults.push_back(absl::StrFormat("%s: %s is %.3f, under its floor of %.3f", set, what,
                                       figure->second, floor));
    }
  }
  if (!any) faults.push_back(absl::StrCat(path, ": has no floors"));
  if (faults.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(faults, "\n"));
}

}  // namespace hexapla::training
