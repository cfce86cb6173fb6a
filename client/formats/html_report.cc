// SPDX-License-Identifier: Apache-2.0
#include "client/formats/html_report.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/field_names.h"
#include "client/formats/exchange_text.h"
#include "client/formats/html_report_assets.h"
#include "client/output_writer.h"
#include "client/sha256.h"
#include "client/text_layout.h"
#include "client/version.h"

namespace hexapla {
namespace {

// Under this a bead is more likely wrong than right.
constexpr float kDoubtful = 0.5F;
// Under this it is worth a look.
constexpr float kLow = 0.8F;

constexpr char kLegend[] = R"html(<p class="legend">
<span><i class="swatch"></i>probability 0.80 and more</span>
<span><i class="swatch low"></i>0.50 to 0.80</span>
<span><i class="swatch doubtful"></i>under 0.50 (?)</span>
<span><i class="swatch absent"></i>absent from this version (—)</span>
</p>
<fieldset class="legend show" aria-label="Rows to show">
<label><input type="radio" name="show" value="all" autocomplete="off" checked>all rows</label>
<label><input type="radio" name="show" value="doubtful" autocomplete="off">doubtful ones</label>
<label><input type="radio" name="show" value="absent" autocomplete="off">with a version absent</label>
</fieldset>
<p class="help show">Keys: d goes to the next doubtful row, a to the next with a version absent; in
the table arrows go from cell to cell, Home and End to the first and last row, and Tab leaves it.</p>
)html";

// A source of a Content-Security-Policy: this very text and no other.
std::string HashSource(const std::string& text) {
  return absl::StrCat("'sha256-", absl::Base64Escape(Sha256(text)), "'");
}

// The class of a cell by its probability.
absl::string_view DoubtClass(float probability) {
  if (probability < kDoubtful) return "doubtful";
  return probability < kLow ? "low" : "";
}

class HtmlReport {
 public:
  HtmlReport(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
             std::ostream& output)
      : response_(response), summary_(response.summary()), files_(files), output_(output) {
    for (size_t version = 0; version < files.size(); ++version) {
      const std::string& language = summary_.versions(static_cast<int>(version)).language();
      right_to_left_.push_back(IsRightToLeft(language, FirstText(static_cast<int>(version))));
      // Printable: a name has no paragraph of its own that would contain its marks.
      names_.push_back(EscapeHtml(Printable(files[version])));
      attributes_.push_back(absl::StrCat("lang=\"", EscapeHtml(language), "\" dir=\"",
                                         right_to_left_.back() ? "rtl" : "ltr", "\""));
    }
  }

  void Write() {
    WriteHead();
    WriteOverview();
    WriteColumnHeads();
    for (int index = 0; index < response_.beads_size(); ++index) WriteBead(index);
    output_ << "</tbody>\n</table></main>\n<dl id=\"reader\" aria-live=\"polite\" hidden></dl>\n"
            << "<script>" << kHtmlReportScript << "</script>\n</body>\n</html>\n";
  }

 private:
  std::string FirstText(int version) const {
    for (const v1::Bead& bead : response_.beads()) {
      if (bead.sides(version).sentences_size() > 0) return bead.sides(version).sentences(0);
    }
    return "";
  }

  void WriteHead() {
    const std::string style =
        absl::StrCat(kHtmlReportStyle, ":root { --versions: ", names_.size(), "; }\n");
    output_ << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            << "style-src " << HashSource(style) << "; script-src " << HashSource(kHtmlReportScript)
            << "; base-uri 'none'; form-action 'none'\">\n"
            << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            << "<meta name=\"color-scheme\" content=\"light dark\">\n"
            << "<meta name=\"generator\" content=\"hexapla " << kVersion << "\">\n"
            << "<title>" << absl::StrJoin(names_, " · ") << "</title>\n"
            << "<style>" << style << "</style>\n</head>\n<body>\n";
  }

  void WriteOverview() {
    int incomplete = 0;
    int doubtful = 0;
    for (const v1::Bead& bead : response_.beads()) {
      incomplete += HasGap(bead);
      doubtful += HasDoubt(bead);
    }
    output_ << "<header>\n<h1>" << absl::StrJoin(names_, " · ") << "</h1>\n"
            << absl::StrFormat(
                   "<p class=\"facts\">%d bead%s, %d with a version absent, %d doubtful; probably "
                   "one document: %.2f</p>\n",
                   response_.beads_size(), response_.beads_size() == 1 ? "" : "s", incomplete,
                   doubtful, summary_.document_probability());
    if (!summary_.warnings().empty()) {
      output_ << "<ul class=\"warnings\">\n";
      for (const v1::Warning& warning : summary_.warnings()) WriteWarning(warning);
      output_ << "</ul>\n";
    }
    if (names_.size() > 2) WritePairs();
    output_ << kLegend << "</header>\n";
  }

  void WriteWarning(const v1::Warning& warning) {
    std::vector<std::string> places;
    for (const int32_t version : warning.indices()) {
      if (version < 0 || static_cast<size_t>(version) >= files_.size()) continue;
      places.push_back(files_[version]);
    }
    const FieldNamer name_file = [this](absl::string_view field) {
      for (size_t version = 0; version < files_.size(); ++version) {
        if (field == absl::StrCat("versions[", version, "]")) return files_[version];
      }
      return std::string();
    };
    output_ << "<li>"
            << EscapeHtml(
                   Printable(NamePlace(warning.message(), absl::StrJoin(places, ", "), name_file)))
            << "</li>\n";
  }

  void WritePairs() {
    output_ << "<details><summary>Probability that two are versions of one document</summary>"
            << "<table>\n";
    for (const v1::VersionPair& pair : summary_.pairs()) {
      output_ << "<tr><th scope=\"row\">" << names_[pair.first()] << "</th><th>"
              << names_[pair.second()] << "</th><td>" << absl::StrFormat("%.2f", pair.probability())
              << "</td></tr>\n";
    }
    output_ << "</table></details>\n";
  }

  void WriteColumnHeads() {
    output_ << "<main><table id=\"beads\" role=\"grid\" aria-label=\"Aligned sentences\">\n<thead>"
            << "<tr><th scope=\"col\" class=\"number\">Bead</th>";
    for (size_t version = 0; version < names_.size(); ++version) {
      const v1::AlignedVersion& aligned = summary_.versions(static_cast<int>(version));
      output_ << "<th scope=\"col\"" << (right_to_left_[version] ? " class=\"rtl\"" : "")
              << " data-name=\"" << names_[version] << "\">" << names_[version] << "<small>"
              << EscapeHtml(LanguageName(aligned.language())) << ", " << aligned.sentence_count()
              << " sentences</small></th>";
    }
    output_ << "</tr></thead>\n<tbody>\n";
  }

  // How sure one version's part of a bead is; of two versions both are as sure as it.
  static float SideProbability(const v1::Bead& bead, int version) {
    return bead.sides_size() == 2 ? bead.probability() : bead.sides(version).probability();
  }

  static bool HasGap(const v1::Bead& bead) {
    return std::any_of(bead.sides().begin(), bead.sides().end(),
                       [](const v1::BeadSide& side) { return side.sentence_indices().empty(); });
  }

  static bool HasDoubt(const v1::Bead& bead) { return bead.probability() < kDoubtful; }

  void WriteBead(int index) {
    const v1::Bead& bead = response_.beads(index);
    output_ << "<tr id=\"b" << index << "\" class=\"" << (HasDoubt(bead) ? "has-doubt " : "")
            << (HasGap(bead) ? "has-gap" : "") << "\"><th scope=\"row\" class=\""
            << DoubtClass(bead.probability()) << "\"><a href=\"#b" << index << "\" tabindex=\"-1\">"
            << index << "</a>" << absl::StrFormat("%.2f", bead.probability())
            << (HasDoubt(bead) ? "?" : "") << "</th>";
    for (int version = 0; version < bead.sides_size(); ++version) {
      WriteSide(bead.sides(version), SideProbability(bead, version), attributes_[version],
                index == 0 && version == 0);
    }
    output_ << "</tr>\n";
  }

  void WriteSide(const v1::BeadSide& side, float probability, const std::string& attributes,
                 bool first) {
    const bool absent = side.sentence_indices().empty();
    output_ << "\n<td " << attributes << " class=\"" << (absent ? "absent " : "")
            << DoubtClass(probability) << "\" tabindex=\"" << (first ? 0 : -1) << "\">";
    if (absent) output_ << "<p aria-label=\"absent\">—</p>";
    for (const std::string& sentence : side.sentences()) {
      // A paragraph each: what a sentence holds of marks for direction ends with it.
      output_ << "<p>" << EscapeHtml(sentence) << "</p>";
    }
    output_ << "</td>";
  }

  const v1::AlignDocumentsResponse& response_;
  const v1::AlignmentSummary& summary_;
  const std::vector<std::string>& files_;
  std::ostream& output_;
  // Of each version, escaped: the name of its file, language and direction.
  std::vector<std::string> names_;
  std::vector<std::string> attributes_;
  std::vector<bool> right_to_left_;
};

}  // namespace

void WriteHtmlReport(const v1::AlignDocumentsResponse& response,
                     const std::vector<std::string>& files, std::ostream& output) {
  HtmlReport(response, files, output).Write();
}

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char character : XmlText(text)) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      case '\r':
        escaped += ' ';
        break;
      case '\x7F':
        escaped += "\uFFFD";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

}  // namespace hexapla
