// SPDX-License-Identifier: Apache-2.0
#include "training/gold.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/status_macros.h"

namespace hexapla::training {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::vector<std::string>> ReadLines(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path.string(), ": cannot be read"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// "[3, 4]" -> 3, 4.
std::vector<int> ParseIndices(absl::string_view list) {
  std::vector<int> indices;
  for (const absl::string_view field :
       absl::StrSplit(list, absl::ByAnyChar("[], "), absl::SkipEmpty())) {
    int index;
    if (absl::SimpleAtoi(field, &index)) indices.push_back(index);
  }
  return indices;
}

// Contiguous and rising, or empty.
bool IsRun(const std::vector<int>& indices, int first) {
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] != indices[0] + static_cast<int>(i)) return false;
  }
  return indices.empty() || indices[0] >= first;
}

// The languages of META: "src=en tgt=fr ..." or "en<tab>fr".
void ParseMeta(const std::string& line, GoldPair& pair) {
  const std::vector<std::string> fields =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  for (const std::string& field : fields) {
    if (field.rfind("src=", 0) == 0) pair.source_language = field.substr(4);
    if (field.rfind("tgt=", 0) == 0) pair.target_language = field.substr(4);
  }
  if (pair.source_language.empty() && fields.size() >= 2) {
    pair.source_language = fields[0];
    pair.target_language = fields[1];
  }
}

void DeleteUpTo(int source, int target, Bead& at, std::vector<Bead>& beads) {
  for (int& s = at.source.end; s < source;) {
    beads.push_back({.source = {s, s + 1}, .target = {at.target.end, at.target.end}});
    ++s;
  }
  for (int& t = at.target.end; t < target;) {
    beads.push_back({.source = {source, source}, .target = {t, t + 1}});
    ++t;
  }
}

absl::StatusOr<GoldPair> ReadPair(const fs::path& folder, const fs::path& root) {
  GoldPair pair;
  pair.set = fs::relative(folder.parent_path(), root).string();
  pair.document = folder.filename().string();
  HEXAPLA_ASSIGN_OR_RETURN(pair.source, ReadLines(folder / "src.txt"));
  HEXAPLA_ASSIGN_OR_RETURN(pair.target, ReadLines(folder / "tgt.txt"));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<std::string> gold, ReadLines(folder / "gold.txt"));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<std::string> meta, ReadLines(folder / "META"));
  if (!meta.empty()) ParseMeta(meta[0], pair);

  std::vector<std::pair<std::vector<int>, std::vector<int>>> two_sided;
  for (const std::string& line : gold) {
    const std::vector<std::string> sides = absl::StrSplit(line, ':');
    if (sides.size() < 2) continue;
    two_sided.emplace_back(ParseIndices(sides[0]), ParseIndices(sides[1]));
    if (two_sided.back().first.empty() || two_sided.back().second.empty()) two_sided.pop_back();
  }
  std::sort(two_sided.begin(), two_sided.end());
  Bead at;  // its ends are how far both sides are covered
  for (const auto& [sources, targets] : two_sided) {
    if (!IsRun(sources, at.source.end) || !IsRun(targets, at.target.end)) continue;
    if (sources.back() >= static_cast<int>(pair.source.size()) ||
        targets.back() >= static_cast<int>(pair.target.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder.string(), "/gold.txt: an index is past the last line"));
    }
    DeleteUpTo(sources[0], targets[0], at, pair.beads);
    pair.beads.push_back({.source = {sources.front(), sources.back() + 1},
                          .target = {targets.front(), targets.back() + 1}});
    at = pair.beads.back();
  }
  DeleteUpTo(static_cast<int>(pair.source.size()), static_cast<int>(pair.target.size()), at,
             pair.beads);
  return pair;
}

}  // namespace

absl::StatusOr<std::vector<GoldPair>> ReadGold(const std::string& root) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (entry.path().filename() == "gold.txt" &&
        fs::exists(entry.path().parent_path() / "src.txt")) {
      folders.push_back(entry.path().parent_path());
    }
  }
  if (error || folders.empty()) {
    return absl::NotFoundError(absl::StrCat(root, ": no folder with src.txt and gold.txt"));
  }
  std::sort(folders.begin(), folders.end());
  std::vector<GoldPair> pairs;
  for (const fs::path& folder : folders) {
    HEXAPLA_ASSIGN_OR_RETURN(GoldPair pair, ReadPair(folder, root));
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace hexapla::training
