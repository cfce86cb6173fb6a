// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

#include "client/text_layout.h"

namespace hexapla {
namespace {

// Under this a bead is more likely wrong than right.
constexpr float kDoubtful = 0.5F;
// Narrower columns break most words of most languages.
constexpr int kColumnsMin = 14;
constexpr absl::string_view kSeparator = " │ ";
constexpr int kSeparatorColumns = 3;
constexpr absl::string_view kAbsent = "—";

constexpr absl::string_view kBold = "\033[1m";
constexpr absl::string_view kDim = "\033[2m";
constexpr absl::string_view kYellow = "\033[33m";
constexpr absl::string_view kRed = "\033[31m";

using Lines = std::vector<std::string>;

// One version's part of a row.
struct Cell {
  Lines lines = {};
  bool right_to_left = false;
  // An escape sequence around every line, or "".
  absl::string_view style = {};
};

class AlignmentTable {
 public:
  AlignmentTable(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
                 const Terminal& terminal, std::ostream& output)
      : response_(response),
        terminal_(terminal),
        number_columns_(static_cast<int>(absl::StrCat(response.beads_size()).size())),
        output_(output) {
    const int versions = static_cast<int>(files.size());
    const int room = terminal.columns - NumberColumns() - kSeparatorColumns * (versions - 1);
    cell_columns_ = room / versions;
    stacked_ = cell_columns_ < kColumnsMin;
    if (stacked_) cell_columns_ = std::max(kColumnsMin, terminal.columns - NumberColumns());
    for (int version = 0; version < versions; ++version) {
      const std::string& language = response.summary().versions(version).language();
      names_.push_back(Printable(absl::StrCat(files[version], " (", language, ")")));
      right_to_left_.push_back(IsRightToLeft(language, FirstText(version)));
    }
  }

  void Write() {
    WriteHeader();
    for (int bead = 0; bead < response_.beads_size(); ++bead) WriteBead(bead);
    WriteFooter();
  }

 private:
  // The columns before the first cell: "12  0.97?  ".
  int NumberColumns() const { return number_columns_ + 9; }

  absl::string_view FirstText(int version) const {
    for (const v1::Bead& bead : response_.beads()) {
      if (bead.sides(version).sentences_size() > 0) return bead.sides(version).sentences(0);
    }
    return "";
  }

  std::string Styled(absl::string_view style, absl::string_view text) const {
    if (!terminal_.colour || style.empty() || text.empty()) return std::string(text);
    return absl::StrCat(style, text, "\033[0m");
  }

  // One line of a cell, `cell_columns_` wide.
  std::string CellLine(const Cell& cell, size_t line) {
    if (line >= cell.lines.size()) return std::string(cell_columns_, ' ');
    const std::string& text = cell.lines[line];
    const std::string fill(std::max(0, cell_columns_ - layout_.DisplayWidth(text)), ' ');
    const std::string shown = Isolate(Styled(cell.style, text), cell.right_to_left);
    return cell.right_to_left ? absl::StrCat(fill, shown) : absl::StrCat(shown, fill);
  }

  void WriteLine(std::string line) {
    absl::StripTrailingAsciiWhitespace(&line);
    output_ << line << '\n';
  }

  void WriteRow(absl::string_view number, const std::vector<Cell>& cells) {
    const std::string blank(NumberColumns(), ' ');
    if (stacked_) {
      std::string start(number);
      for (const Cell& cell : cells) {
        for (size_t line = 0; line < cell.lines.size(); ++line) {
          WriteLine(absl::StrCat(std::exchange(start, blank), CellLine(cell, line)));
        }
      }
      return;
    }
    size_t height = 0;
    for (const Cell& cell : cells) height = std::max(height, cell.lines.size());
    for (size_t line = 0; line < height; ++line) {
      std::string text = line == 0 ? std::string(number) : blank;
      for (size_t version = 0; version < cells.size(); ++version) {
        if (version > 0) absl::StrAppend(&text, Styled(kDim, kSeparator));
        absl::StrAppend(&text, CellLine(cells[version], line));
      }
      WriteLine(std::move(text));
    }
  }

  void WriteHeader() {
    std::vector<Cell> cells;
    for (size_t version = 0; version < names_.size(); ++version) {
      cells.push_back({.lines = layout_.Wrap(names_[version], cell_columns_), .style = kBold});
    }
    const std::string number = absl::StrFormat("%*s  prob   ", number_columns_, "#");
    WriteRow(Styled(kBold, number), cells);
    std::string rule;
    for (int column = 0; column < terminal_.columns; ++column) rule += "─";
    WriteLine(Styled(kDim, rule));
  }

  Cell SideCell(const v1::BeadSide& side, bool right_to_left) {
    if (side.sentence_indices().empty()) {
      return {.lines = {std::string(kAbsent)}, .right_to_left = right_to_left, .style = kRed};
    }
    Cell cell = {.right_to_left = right_to_left};
    for (const std::string& sentence : side.sentences()) {
      for (std::string& line : layout_.Wrap(Printable(sentence), cell_columns_)) {
        cell.lines.push_back(std::move(line));
      }
    }
    return cell;
  }

  void WriteBead(int index) {
    const v1::Bead& bead = response_.beads(index);
    const bool doubtful = bead.probability() < kDoubtful;
    const std::string number = absl::StrFormat("%*d  %4.2f%s  ", number_columns_, index,
                                               bead.probability(), doubtful ? "?" : " ");
    std::vector<Cell> cells;
    cells.reserve(bead.sides_size());
    for (int version = 0; version < bead.sides_size(); ++version) {
      cells.push_back(SideCell(bead.sides(version), right_to_left_[version]));
    }
    WriteRow(Styled(doubtful ? kYellow : "", number), cells);
  }

  void WriteFooter() {
    int incomplete = 0;
    int doubtful = 0;
    for (const v1::Bead& bead : response_.beads()) {
      incomplete +=
          std::any_of(bead.sides().begin(), bead.sides().end(),
                      [](const v1::BeadSide& side) { return side.sentence_indices().empty(); });
      doubtful += bead.probability() < kDoubtful;
    }
    const std::string text = absl::StrFormat(
        "%d bead%s, %d with a version absent (—), %d doubtful (?); probably one document: %.2f",
        response_.beads_size(), response_.beads_size() == 1 ? "" : "s", incomplete, doubtful,
        response_.summary().document_probability());
    for (const std::string& line : layout_.Wrap(text, std::max(kColumnsMin, terminal_.columns))) {
      WriteLine(Styled(kDim, line));
    }
  }

  const v1::AlignDocumentsResponse& response_;
  const Terminal terminal_;
  const int number_columns_;
  std::ostream& output_;
  TextLayout layout_;
  // Set up by the constructor, constant after it.
  int cell_columns_ = 0;
  bool stacked_ = false;
  std::vector<std::string> names_;
  std::vector<bool> right_to_left_;
};

}  // namespace

void WriteAlignmentTable(const v1::AlignDocumentsResponse& response,
                         const std::vector<std::string>& files, const Terminal& terminal,
                         std::ostream& output) {
  AlignmentTable(response, files, terminal, output).Write();
}

}  // namespace hexapla
