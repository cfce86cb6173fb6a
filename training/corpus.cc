// SPDX-License-Identifier: Apache-2.0
#include "training/corpus.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/status_macros.h"
#include "server/text/tokenizer.h"
#include "server/text/utf8.h"
#include "training/parallel.h"
#include "training/xz_lines.h"

namespace hexapla::training {
namespace {

constexpr char kTatoeba[] = "tatoeba.pairs";
constexpr size_t kBlockRows = 8192;

class Reader {
 public:
  Reader(const CorpusOptions& options, Corpus& corpus) : options_(options), corpus_(corpus) {}

  absl::Status ReadSource(int source);
  absl::Status ReadDictionaries(int source);

 private:
  struct Cell {
    int language;
    std::string text;
    std::vector<std::string> words;  // filled in parallel
  };
  using Row = std::vector<Cell>;

  int Language(absl::string_view code);
  void Flush(int source);
  int32_t AddSentence(const Cell& cell);
  PairList& List(int source, int first, int second);

  const CorpusOptions& options_;
  Corpus& corpus_;
  std::vector<Row> block_;
  std::map<std::array<int, 3>, size_t> list_index_;
};

int Reader::Language(absl::string_view code) {
  const std::string primary = PrimaryLanguage(code);
  const auto& wanted = options_.languages;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), primary) == wanted.end()) {
    return -1;
  }
  auto& languages = corpus_.languages;
  const auto found = std::find(languages.begin(), languages.end(), primary);
  if (found != languages.end()) return static_cast<int>(found - languages.begin());
  languages.push_back(primary);
  return static_cast<int>(languages.size()) - 1;
}

PairList& Reader::List(int source, int first, int second) {
  const auto [entry, fresh] =
      list_index_.try_emplace({source, first, second}, corpus_.lists.size());
  if (fresh) corpus_.lists.push_back({source, first, second, {}});
  return corpus_.lists[entry->second];
}

int32_t Reader::AddSentence(const Cell& cell) {
  for (const std::string& word : cell.words) corpus_.tokens.push_back(corpus_.types.Intern(word));
  corpus_.sentence_begin.push_back(static_cast<int64_t>(corpus_.tokens.size()));
  corpus_.sentence_language.push_back(static_cast<int16_t>(cell.language));
  return static_cast<int32_t>(corpus_.sentences()) - 1;
}

// Tokenises the block on all cores, then numbers its words in row order.
void Reader::Flush(int source) {
  OnShares(options_.threads, block_.size(), [this](size_t begin, size_t end) {
    Tokens tokens;
    for (size_t r = begin; r < end; ++r) {
      for (Cell& cell : block_[r]) {
        if (FirstInvalidUtf8(cell.text).has_value()) continue;
        tokens.Assign(cell.text);
        if (tokens.size() > static_cast<size_t>(options_.tokens_max)) continue;
        for (size_t i = 0; i < tokens.size(); ++i) cell.words.emplace_back(tokens[i]);
      }
    }
  });
  std::vector<std::pair<int, int32_t>> sentences;  // language, number
  for (Row& row : block_) {
    sentences.clear();
    row.erase(
        std::remove_if(row.begin(), row.end(), [](const Cell& cell) { return cell.words.empty(); }),
        row.end());
    if (row.size() < 2) continue;
    for (const Cell& cell : row) sentences.emplace_back(cell.language, AddSentence(cell));
    for (size_t a = 0; a < sentences.size(); ++a) {
      for (size_t b = a + 1; b < sentences.size(); ++b) {
        auto first = sentences[a], second = sentences[b];
        if (first.first == second.first) continue;
        if (first.first > second.first) std::swap(first, second);
        List(source, first.first, second.first).pairs.emplace_back(first.second, second.second);
      }
    }
  }
  block_.clear();
}

absl::Status Reader::ReadSource(int source) {
  const SourceOptions& from = corpus_.sources[source];
  const std::string path = absl::StrCat(options_.directory, "/", from.name, ".tsv.xz");
  XzLines lines(path);
  std::string line;
  if (!lines.ok() || !lines.Next(line))
    return absl::NotFoundError(absl::StrCat(path, ": unreadable"));
  std::vector<int> columns;
  if (from.name != kTatoeba) {
    for (const absl::string_view code : absl::StrSplit(line, '\t')) {
      columns.push_back(Language(code));
    }
  }
  for (size_t row = 0; row < from.rows_max && lines.Next(line); ++row) {
    if (row % options_.stride != 0) continue;
    const std::vector<absl::string_view> cells = absl::StrSplit(line, '\t');
    Row parsed;
    if (from.name == kTatoeba) {
      if (cells.size() < 4) continue;
      for (int side = 0; side < 2; ++side) {
        const int language = Language(cells[side]);
        if (language >= 0) parsed.push_back({language, std::string(cells[side + 2]), {}});
      }
    } else {
      for (size_t i = 0; i < cells.size() && i < columns.size(); ++i) {
        if (columns[i] >= 0 && !cells[i].empty()) {
          parsed.push_back({columns[i], std::string(cells[i]), {}});
        }
      }
    }
    if (parsed.size() < 2) continue;
    block_.push_back(std::move(parsed));
    if (block_.size() == kBlockRows) Flush(source);
  }
  Flush(source);
  if (!lines.ok()) return absl::DataLossError(absl::StrCat(path, ": damaged"));
  return absl::OkStatus();
}

absl::Status Reader::ReadDictionaries(int source) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(options_.directory + "/dict", error)) {
    paths.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(absl::StrCat(options_.directory, "/dict: unreadable"));
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    XzLines lines(path.string());
    std::string line;
    if (!lines.ok() || !lines.Next(line)) {
      return absl::NotFoundError(absl::StrCat(path.string(), ": unreadable"));
    }
    const std::vector<std::string> codes = absl::StrSplit(line, '\t');
    if (codes.size() < 2) return absl::DataLossError(absl::StrCat(path.string(), ": no header"));
    const int first = Language(codes[0]);
    const int second = Language(codes[1]);
    if (first < 0 || second < 0 || !corpus_.kept(first) || !corpus_.kept(second)) continue;
    for (size_t row = 0; lines.Next(line); ++row) {
      if (row % options_.stride != 0) continue;
      const std::vector<absl::string_view> cells = absl::StrSplit(line, '\t');
      if (cells.size() < 2 || cells[0].empty() || cells[1].empty()) continue;
      block_.push_back({{first, std::string(cells[0]), {}}, {second, std::string(cells[1]), {}}});
      if (block_.size() == kBlockRows) Flush(source);
    }
  }
  Flush(source);
  return absl::OkStatus();
}

// Drops the languages that have too little to learn from.
void DropRareLanguages(const CorpusOptions& options, Corpus& corpus) {
  std::vector<size_t> sentences(corpus.languages.size());
  for (const int16_t language : corpus.sentence_language) ++sentences[language];
  for (size_t l = 0; l < sentences.size(); ++l) {
    const auto& always = options.always;
    corpus.language_kept.push_back(sentences[l] >= options.sentences_min / options.stride ||
                                   std::find(always.begin(), always.end(), corpus.languages[l]) !=
                                       always.end());
  }
  corpus.lists.erase(std::remove_if(corpus.lists.begin(), corpus.lists.end(),
                                    [&](const PairList& list) {
                                      return !corpus.language_kept[list.first_language] ||
                                             !corpus.language_kept[list.second_language];
                                    }),
                     corpus.lists.end());
}

}  // namespace

int32_t WordTypes::Intern(absl::string_view word) {
  const auto found = ids_.find(word);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<int32_t>(words_.size());
  ids_.emplace(words_.emplace_back(word), id);
  return id;
}

std::string PrimaryLanguage(absl::string_view code) {
  const std::string primary = absl::AsciiStrToLower(code.substr(0, code.find_first_of("-_")));
  static const auto* const same = new std::map<std::string, std::string>{
      {"nb", "no"}, {"nn", "no"}, {"tl", "fil"}, {"prs", "fa"}, {"fuv", "ff"}};
  const auto found = same->find(primary);
  return found == same->end() ? primary : found->second;
}

absl::Status ReadCorpus(const CorpusOptions& options, Corpus& corpus) {
  corpus.sources = options.sources;
  corpus.sources.push_back({.name = "dictionaries", .weight = options.dictionary_weight});
  Reader reader(options, corpus);
  const int dictionary = static_cast<int>(corpus.sources.size()) - 1;
  for (int source = 0; source < dictionary; ++source) {
    HEXAPLA_RETURN_IF_ERROR(reader.ReadSource(source));
    std::fprintf(stderr, "read %-20s %9zu sentences, %zu word types\n",
                 corpus.sources[source].name.c_str(), corpus.sentences(), corpus.types.size());
  }
  DropRareLanguages(options, corpus);
  HEXAPLA_RETURN_IF_ERROR(reader.ReadDictionaries(dictionary));
  return absl::OkStatus();
}

}  // namespace hexapla::training
