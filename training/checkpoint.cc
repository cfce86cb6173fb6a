// SPDX-License-Identifier: Apache-2.0
#include "training/checkpoint.h"

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace hexapla::training {
namespace {

constexpr char kTitle[] = "hexapla checkpoint 1";

}  // namespace

absl::Status WriteCheckpoint(const std::string& path, const std::string& training, int64_t steps,
                             const Sampler& sampler, const ContrastiveTrainer& trainer) {
  const std::string partial = path + ".partial";
  std::ofstream out(partial, std::ios::binary);
  out << kTitle << "\n" << training << "\n" << steps << "\n";
  sampler.WriteState(out);
  trainer.WriteState(out);
  out.close();
  if (!out || std::rename(partial.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadCheckpoint(const std::string& path, const std::string& training,
                                       Sampler& sampler, ContrastiveTrainer& trainer) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string title;
  std::string of;
  int64_t steps = 0;
  std::getline(in, title);
  if (title != kTitle) return absl::DataLossError(absl::StrCat(path, ": is no checkpoint"));
  std::getline(in, of);
  if (of != training) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is the checkpoint of another training; remove it to begin this one"));
  }
  in >> steps;
  in.ignore(1);
  sampler.ReadState(in);
  trainer.ReadState(in);
  if (!in || in.peek() != std::ifstream::traits_type::eof()) {
    return absl::DataLossError(absl::StrCat(path, ": is cut off or damaged; remove it"));
  }
  return steps;
}

}  // namespace hexapla::training
