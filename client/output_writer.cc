// SPDX-License-Identifier: Apache-2.0
#include "client/output_writer.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/alignment_table.h"
#include "client/formats/html_report.h"
#include "client/formats/tmx.h"
#include "client/formats/xliff.h"
#include "client/json_text.h"

namespace hexapla {
namespace {

std::string JoinIndices(const v1::BeadSide& side, absl::string_view separator) {
  return absl::StrJoin(side.sentence_indices(), separator);
}

void WriteRow(const std::vector<std::string>& fields, std::ostream& output) {
  output << absl::StrJoin(fields, "\t", [](std::string* row, const std::string& field) {
    absl::StrAppend(row, EscapeTsv(field));
  }) << '\n';
}

void WriteBeads(const v1::AlignDocumentsResponse& response, std::ostream& output) {
  for (const v1::Bead& bead : response.beads()) {
    for (const v1::BeadSide& side : bead.sides()) output << '[' << JoinIndices(side, ", ") << "]:";
    output << absl::StrFormat("%.2f\n", bead.probability());
  }
}

void WriteAlignmentTsv(const v1::AlignDocumentsResponse& response, std::ostream& output) {
  const v1::AlignmentSummary& summary = response.summary();
  std::vector<std::string> header = {"#bead", "probability", "score"};
  for (int version = 1; version <= summary.versions_size(); ++version) {
    for (const char* column : {"indices_", "language_", "text_"}) {
      header.push_back(absl::StrCat(column, version));
    }
  }
  WriteRow(header, output);
  for (int index = 0; index < response.beads_size(); ++index) {
    const v1::Bead& bead = response.beads(index);
    std::vector<std::string> row = {absl::StrCat(index),
                                    absl::StrFormat("%.4f", bead.probability()),
                                    absl::StrFormat("%.4f", bead.score())};
    for (int version = 0; version < bead.sides_size(); ++version) {
      const v1::BeadSide& side = bead.sides(version);
      row.push_back(JoinIndices(side, ","));
      row.push_back(summary.versions(version).language());
      row.push_back(absl::StrJoin(side.sentences(), " "));
    }
    WriteRow(row, output);
  }
}

void WriteAlignmentJsonl(const v1::AlignDocumentsResponse& response, std::ostream& output) {
  for (const v1::Bead& bead : response.beads()) output << ToJson(bead) << '\n';
  output << "{\"summary\":" << ToJson(response.summary()) << "}\n";
}

// What the writer says of a text that has no answer.
v1::LanguageDetection DetectionOf(const v1::DetectionResult& result) {
  if (result.has_detection()) return result.detection();
  v1::LanguageDetection unknown;
  unknown.set_language("und");
  return unknown;
}

void WriteDetectionTsv(const DetectionRow& row, int top, std::ostream& output) {
  const v1::LanguageDetection detection = DetectionOf(row.result);
  std::vector<std::string> fields = {row.file,
                                     row.line.has_value() ? absl::StrCat(*row.line) : "",
                                     detection.language(),
                                     absl::StrFormat("%.4f", detection.confidence()),
                                     detection.reliable() ? "true" : "false",
                                     detection.script(),
                                     detection.raw_label(),
                                     detection.model()};
  for (int guess = 0; guess < top - 1; ++guess) {
    const bool present = guess < detection.alternatives_size();
    fields.push_back(present ? detection.alternatives(guess).language() : "");
    fields.push_back(present ? absl::StrFormat("%.4f", detection.alternatives(guess).confidence())
                             : "");
  }
  WriteRow(fields, output);
}

void WriteDetectionJson(const DetectionRow& row, std::ostream& output) {
  output << "{\"file\":" << JsonString(row.file);
  if (row.line.has_value()) output << ",\"line\":" << *row.line;
  // The result is an object with exactly one member; its fields continue ours.
  output << ',' << ToJson(row.result).substr(1) << '\n';
}

std::string KindName(v1::ModelKind kind) {
  switch (kind) {
    case v1::MODEL_KIND_LANGUAGE_IDENTIFIER:
      return "language identifier";
    case v1::MODEL_KIND_EMBEDDING_SPACE:
      return "embedding space";
    case v1::MODEL_KIND_SCORING_WEIGHTS:
      return "scoring weights";
    default:
      return "other";
  }
}

std::string SizeText(int64_t bytes) {
  constexpr int64_t kMegabyte = 1000000;
  return bytes < kMegabyte / 10
             ? absl::StrCat(bytes, " bytes")
             : absl::StrFormat("%.1f MB", static_cast<double>(bytes) / kMegabyte);
}

void WriteModelsTsv(const v1::ListModelsResponse& response, std::ostream& output) {
  WriteRow({"#name", "kind", "version", "dimension", "size_bytes", "sha256", "licence", "source",
            "default", "languages"},
           output);
  for (const v1::Model& model : response.models()) {
    WriteRow(
        {model.name(), KindName(model.kind()), model.version(), absl::StrCat(model.dimension()),
         absl::StrCat(model.size_bytes()), model.sha256(), model.licence(), model.source(),
         model.is_default() ? "true" : "false", absl::StrJoin(model.languages(), ",")},
        output);
  }
}

void WriteModelText(const v1::Model& model, int columns, TextLayout& layout, std::ostream& output) {
  const auto write = [&](absl::string_view name, const std::string& value) {
    constexpr int kIndent = 14;
    if (value.empty()) return;
    std::string label = absl::StrFormat("  %-12s", name);
    for (const std::string& line : layout.Wrap(Printable(value), std::max(20, columns - kIndent))) {
      output << label << line << '\n';
      label.assign(kIndent, ' ');
    }
  };
  output << model.name() << (model.is_default() ? " (default)" : "") << '\n';
  write("kind", KindName(model.kind()));
  write("version", model.version());
  write("languages",
        model.languages_size() == 0
            ? ""
            : absl::StrCat(model.languages_size(), ": ", absl::StrJoin(model.languages(), " ")));
  write("dimension", model.dimension() == 0 ? "" : absl::StrCat(model.dimension()));
  write("size", SizeText(model.size_bytes()));
  write("sha-256", model.sha256());
  write("licence", model.licence());
  write("source", model.source());
}

}  // namespace

void OutputWriter::WriteAlignment(const v1::AlignDocumentsResponse& response,
                                  const std::vector<std::string>& files) {
  switch (format_) {
    case OutputFormat::kTable:
      WriteAlignmentTable(response, files, terminal_, output_);
      return;
    case OutputFormat::kTsv:
      WriteAlignmentTsv(response, output_);
      return;
    case OutputFormat::kJsonl:
      WriteAlignmentJsonl(response, output_);
      return;
    case OutputFormat::kBeads:
      WriteBeads(response, output_);
      return;
    case OutputFormat::kTmx:
      WriteTmx(response, files, output_);
      return;
    case OutputFormat::kXliff:
      WriteXliff(response, files, output_);
      return;
    case OutputFormat::kHtml:
      WriteHtmlReport(response, files, output_);
      return;
  }
}

void OutputWriter::BeginDetections(const std::vector<std::string>& files, bool lines, int top) {
  lines_ = lines;
  top_ = top;
  for (const std::string& file : files) {
    file_columns_ = std::max(file_columns_, layout_.DisplayWidth(Printable(file)));
  }
  if (format_ != OutputFormat::kTsv) return;
  std::vector<std::string> header = {"#file",    "line",   "language",  "confidence",
                                     "reliable", "script", "raw_label", "model"};
  for (int guess = 2; guess <= top; ++guess) {
    header.push_back(absl::StrCat("language_", guess));
    header.push_back(absl::StrCat("confidence_", guess));
  }
  WriteRow(header, output_);
}

void OutputWriter::WriteDetection(const DetectionRow& row) {
  switch (format_) {
    case OutputFormat::kTsv:
      WriteDetectionTsv(row, top_, output_);
      return;
    case OutputFormat::kJsonl:
      WriteDetectionJson(row, output_);
      return;
    default:
      WriteDetectionText(row);
      return;
  }
}

void OutputWriter::WriteDetectionText(const DetectionRow& row) {
  const v1::LanguageDetection detection = DetectionOf(row.result);
  std::string line = layout_.Pad(Printable(row.file), file_columns_, Justify::kLeft);
  if (row.line.has_value()) absl::StrAppendFormat(&line, ":%-6d", *row.line);
  const std::string doubt = detection.reliable() ? " " : "?";
  absl::StrAppend(&line, "  ", layout_.Pad(LanguageName(detection.language()), 24, Justify::kLeft),
                  absl::StrFormat("  %4.2f", detection.confidence()), doubt);
  for (const v1::LanguageGuess& guess : detection.alternatives()) {
    absl::StrAppendFormat(&line, "  %s %4.2f", guess.language(), guess.confidence());
  }
  if (lines_) {
    const int room = terminal_.columns - layout_.DisplayWidth(line) - 2;
    const std::string text = layout_.Truncate(Printable(row.text), std::max(room, 2));
    if (room > 10) absl::StrAppend(&line, "  ", Isolate(text, IsRightToLeft("und", text)));
  }
  absl::StripTrailingAsciiWhitespace(&line);
  output_ << line << '\n';
}

void OutputWriter::WriteModels(const v1::ListModelsResponse& response) {
  if (format_ == OutputFormat::kTsv) return WriteModelsTsv(response, output_);
  for (const v1::Model& model : response.models()) {
    if (format_ == OutputFormat::kJsonl) {
      output_ << ToJson(model) << '\n';
    } else {
      WriteModelText(model, terminal_.columns, layout_, output_);
    }
  }
}

std::string LanguageName(const std::string& language) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(language, error);
  icu::UnicodeString name;
  std::string utf8;
  locale.getDisplayName(icu::Locale::getEnglish(), name).toUTF8String(utf8);
  if (U_FAILURE(error) || utf8.empty() || utf8 == language) return language;
  return absl::StrCat(utf8, " (", language, ")");
}

std::string EscapeTsv(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char byte : text) {
    switch (byte) {
      case '\t':
        escaped += "\\t";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      default:
        escaped += byte;
    }
  }
  return escaped;
}

}  // namespace hexapla
