// SPDX-License-Identifier: Apache-2.0
#include "tests/load/load_spec.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/status_macros.h"

namespace hexapla::load {
namespace {

constexpr int kClientsMax = 10000;
constexpr double kRateMax = 1e6;
constexpr size_t kPhasesMax = 64;

absl::Status Invalid(absl::string_view text, absl::string_view complaint) {
  return absl::InvalidArgumentError(absl::StrCat("load \"", text, "\" ", complaint));
}

absl::StatusOr<std::vector<double>> ParseRates(absl::string_view text, absl::string_view list) {
  std::vector<double> rates;
  for (absl::string_view part : absl::StrSplit(list, '/')) {
    double rate = 0;
    if (!absl::SimpleAtod(part, &rate) || !(rate >= 0 && rate <= kRateMax)) {
      return Invalid(text, absl::StrCat("has the rate \"", part, "\"; it must be 0 to ", kRateMax));
    }
    rates.push_back(rate);
  }
  if (rates.size() > kPhasesMax) {
    return Invalid(text, absl::StrCat("has ", rates.size(), " rates; the limit is ", kPhasesMax));
  }
  if (*std::max_element(rates.begin(), rates.end()) == 0) return Invalid(text, "never calls");
  return rates;
}

}  // namespace

absl::StatusOr<LoadSpec> ParseLoadSpec(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() != 3) return Invalid(text, "is not CALL:ARRIVAL:AMOUNT");
  LoadSpec spec;
  spec.text = std::string(text);
  spec.call = std::string(parts[0]);
  if (parts[1] == "closed") {
    if (!absl::SimpleAtoi(parts[2], &spec.clients) || spec.clients < 1 ||
        spec.clients > kClientsMax) {
      return Invalid(text,
                     absl::StrCat("has \"", parts[2], "\" clients; it must be 1 to ", kClientsMax));
    }
    return spec;
  }
  if (parts[1] != "constant" && parts[1] != "poisson") {
    return Invalid(text, "has an arrival that is not closed, constant or poisson");
  }
  spec.arrival = parts[1] == "poisson" ? Arrival::kPoisson : Arrival::kConstant;
  HEXAPLA_ASSIGN_OR_RETURN(spec.rates, ParseRates(text, parts[2]));
  return spec;
}

}  // namespace hexapla::load
