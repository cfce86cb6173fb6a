// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_format.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

#include "client/formats/tmx.h"
#include "client/formats/xliff.h"
#include "client/json_text.h"

namespace hexapla {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::string_view kCommentBegin = "<!--";
constexpr absl::string_view kCommentEnd = "-->";

bool OneBeginsTheOther(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  return a.substr(0, size) == b.substr(0, size);
}

// The number of bytes of the JSON string or null that `text` begins with, or all
// of them if it does not end.
size_t IdBytes(absl::string_view text) {
  if (text.empty() || text[0] != '"')
    return std::min(text.size(), absl::string_view("null").size());
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

// Whether `line` may be the beginning of {"id":ID,"beads": and the like. Lines of an
// input, which also begin with their id, are none.
bool LooksCut(absl::string_view line) {
  constexpr absl::string_view kBegin = "{\"id\":";
  if (!OneBeginsTheOther(line, kBegin)) return false;
  if (line.size() <= kBegin.size()) return true;
  line.remove_prefix(kBegin.size());
  if (line[0] != '"' && !OneBeginsTheOther(line, "null")) return false;
  line.remove_prefix(IdBytes(line));
  return OneBeginsTheOther(line, ",\"beads\":") || OneBeginsTheOther(line, ",\"line\":") ||
         OneBeginsTheOther(line, ",\"error\":");
}

// A comment of XML: it must not hold "--", which in JSON stands in strings only, nor
// what XML has no character for.
std::string Comment(const Json& json) {
  const std::string text =
      json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  return absl::StrCat(kCommentBegin, absl::StrReplaceAll(text, {{"--", "-\\u002d"}}), kCommentEnd);
}

}  // namespace

CorpusFormat::CorpusFormat(OutputFormat format, const std::vector<std::string>& languages)
    : format_(format), languages_(languages) {
  if (format == OutputFormat::kTmx) {
    head_ = TmxHead();
    foot_ = TmxFoot();
    empty_foot_ = foot_;
    head_begin_ = head_.substr(0, head_.find(" creationtoolversion="));
  } else if (format == OutputFormat::kXliff) {
    head_ = XliffHead(languages[0], languages[1]);
    foot_ = XliffFoot(/*has_files=*/true);
    empty_foot_ = XliffFoot(/*has_files=*/false);
    head_begin_ = head_;
  }
}

absl::Status CorpusFormat::Check(const v1::AlignDocumentsRequest& set) const {
  if (format_ != OutputFormat::kXliff) return absl::OkStatus();
  if (set.versions_size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("versions: ", set.versions_size(), " given; XLIFF holds two"));
  }
  for (int v = 0; v < 2; ++v) {
    if (set.versions(v).language() == languages_[v]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("versions[", v, "].language is not ", languages_[v],
                     ", which --languages says that the XLIFF file holds"));
  }
  return absl::OkStatus();
}

std::string CorpusFormat::ResultLine(const CorpusItem& item,
                                     const v1::AlignDocumentsResponse& response) const {
  const float probability = response.summary().document_probability();
  if (format_ == OutputFormat::kJsonl) {
    std::string beads;
    for (const v1::Bead& bead : response.beads()) {
      absl::StrAppend(&beads, beads.empty() ? "" : ",", ToJson(bead));
    }
    return CorpusResultLine(item.id, beads, probability);
  }
  // With the digits of the other format.
  Json json = Json::parse(CorpusResultLine(item.id, "", probability));
  json["beads"] = response.beads_size();
  const std::string key = absl::StrCat(item.line);
  return absl::StrCat(Comment(json), format_ == OutputFormat::kTmx
                                         ? TmxUnits(item.id, key, response)
                                         : XliffFile(item.id, key, response));
}

std::string CorpusFormat::ErrorLine(const CorpusItem& item, const absl::Status& status,
                                    bool by_line) const {
  std::string line = CorpusErrorLine(item, status, by_line);
  return format_ == OutputFormat::kJsonl ? line : Comment(Json::parse(line));
}

bool CorpusFormat::IsHead(absl::string_view line) const {
  return absl::StartsWith(line, head_begin_) && !head_.empty();
}

bool CorpusFormat::IsFoot(absl::string_view line) const {
  return !line.empty() && (line == foot_ || line == empty_foot_);
}

absl::StatusOr<CorpusDone> CorpusFormat::ParseDone(absl::string_view line) const {
  if (format_ != OutputFormat::kJsonl) {
    const size_t end = line.find(kCommentEnd);
    if (!absl::ConsumePrefix(&line, kCommentBegin) || end == absl::string_view::npos) {
      return absl::InvalidArgumentError("no set of a corpus");
    }
    line = line.substr(0, end - kCommentBegin.size());
  }
  return ParseCorpusDone(line);
}

bool CorpusFormat::MayBeCut(absl::string_view line) const {
  // What a file system may leave after a power failure.
  line = line.substr(0, line.find('\0'));
  if (format_ == OutputFormat::kJsonl) return LooksCut(line);
  for (const std::string* frame : {&head_begin_, &foot_, &empty_foot_}) {
    if (OneBeginsTheOther(line, *frame)) return true;
  }
  if (!OneBeginsTheOther(line, kCommentBegin)) return false;
  return line.size() <= kCommentBegin.size() || LooksCut(line.substr(kCommentBegin.size()));
}

}  // namespace hexapla
