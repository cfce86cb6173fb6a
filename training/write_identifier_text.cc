// SPDX-License-Identifier: Apache-2.0
//
// Writes the text that the language identifier of one's own is trained on, in
// fastText's form: "__label__LANGUAGE words", one text a line, in random order.
//
//   write_identifier_text --recipe FILE --corpus DIR --labelled FILE --output FILE
//
// Sources are parallel text, every column of which is a language (NAME.tsv.xz
// and dict/en-XX.tsv.xz in DIR), and labelled text (FILE.tsv.xz with the columns
// `label` and `text`). What is written went through the clean-up that serving
// uses (server/langid/text_cleaner.h), so capitals, URLs, emoji, digits and
// decomposed letters cannot mislead the model: it never sees any.
//
// A model trained on sentences is poor at words. So each line is a sentence, a
// single word, a few words, a cut that ignores words, or an entry of the
// dictionary, by the shares in kShares. Languages get the same number of lines,
// times their weight in the recipe; who has few sentences sees them again, cut
// otherwise. A sentence is left out when its letters are not of its language's
// script, or when the English cell says the same: software left untranslated.
//
// The recipe: `languages` (BCP-47 and weight), `lines` of a language of weight
// 1, `sentences_max` and `words_max` to draw them from, and `sources` in order
// of preference, each with its own `sentences_max` if it should not crowd out
// the others. Which sentences are taken is decided by their hashes, so the same
// input gives the same bytes.

#include <unicode/uchar.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/langid/label_table.h"
#include "server/langid/text_cleaner.h"
#include "server/text/language_tag.h"
#include "server/text/utf8.h"
#include "training/xz_lines.h"

namespace hexapla::training {
namespace {

constexpr size_t kSentenceBytesMax = 400;
constexpr size_t kLineBytesMax = 240;

enum Kind { kSentence, kWord, kWords, kCut, kEntry };
// Of the lines of a language, in percent.
constexpr int kShares[] = {22, 30, 20, 18, 10};

// FNV-1a with a finish that mixes the low bits.
uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  hash ^= hash >> 31;
  hash *= 0x7fb5d329728ea185u;
  return hash ^ (hash >> 27);
}

struct Language {
  double weight = 1;
  std::set<int> scripts;  // ICU's codes; empty: any
  std::vector<std::string> sentences;
  std::vector<std::string> entries;
  std::set<uint64_t> seen;
};

struct Source {
  std::string name;
  size_t sentences_max = SIZE_MAX;
};

struct Recipe {
  size_t lines = 0;
  size_t sentences_max = 0;
  size_t words_max = 0;
  std::map<std::string, Language> languages;
  std::vector<Source> sources;
};

Recipe ReadRecipe(const std::string& path) {
  std::ifstream in(path);
  const nlohmann::json json = nlohmann::json::parse(in);
  Recipe recipe;
  recipe.lines = json.at("lines");
  recipe.sentences_max = json.at("sentences_max");
  recipe.words_max = json.at("words_max");
  for (const auto& [tag, weight] : json.at("languages").items()) {
    Language& language = recipe.languages[tag];
    language.weight = weight;
    for (const std::string& script : MeaningOfLabel(tag == "nb" ? "no" : tag).scripts) {
      const int code = u_getPropertyValueEnum(UCHAR_SCRIPT, script.c_str());
      if (code > 0) language.scripts.insert(code);
    }
  }
  for (const auto& source : json.at("sources")) {
    recipe.sources.push_back({source.at("name"), source.value("sentences_max", SIZE_MAX)});
  }
  return recipe;
}

// "pt_BR" -> "pt", "nob" -> "nb", "sr@latin" -> "sr", "srp-Latn" -> "sr".
std::string LanguageOf(absl::string_view code) {
  const std::string label = absl::StrReplaceAll(code.substr(0, code.find('@')), {{"-", "_"}});
  const std::string tag = MeaningOfLabel(label).language;
  return std::string(LanguageSubtag(tag));
}

class Writer {
 public:
  explicit Writer(Recipe recipe) : recipe_(std::move(recipe)) {}

  bool ReadParallel(const std::string& directory, const Source& source);
  bool ReadLabelled(const std::string& path);
  bool ReadDictionaries(const std::string& directory);
  bool Write(const std::string& path);

 private:
  using Found = std::map<Language*, std::map<uint64_t, std::string>>;  // by hash

  Language* Find(absl::string_view code);
  // Adds a cleaned text to those found, unless it is of another script.
  void Collect(Language* language, absl::string_view text, Found& found);
  void Take(const Found& found, size_t sentences_max);
  void AddEntry(Language* language, absl::string_view text);
  std::string Line(const Language& language, Kind kind);
  size_t Random(size_t end) { return random_() % end; }

  Recipe recipe_;
  std::map<std::string, Language*, std::less<>> of_code_;
  CleanedText cleaned_;
  std::mt19937_64 random_{1};
};

Language* Writer::Find(absl::string_view code) {
  const auto [it, is_new] = of_code_.try_emplace(std::string(code), nullptr);
  if (is_new) {
    const auto language = recipe_.languages.find(LanguageOf(code));
    if (language != recipe_.languages.end()) it->second = &language->second;
  }
  return it->second;
}

void Writer::Collect(Language* language, absl::string_view text, Found& found) {
  if (language == nullptr || text.size() > 4 * kSentenceBytesMax) return;
  if (FirstInvalidUtf8(text).has_value()) return;
  Clean(text, cleaned_);
  if (cleaned_.text.size() < 2) return;
  if (!language->scripts.empty() && !language->scripts.contains(cleaned_.scripts.Dominant()))
    return;
  if (cleaned_.scripts.of(cleaned_.scripts.Dominant()) * 10 < cleaned_.scripts.letters() * 9)
    return;
  found[language].try_emplace(HashOf(cleaned_.text), cleaned_.text);
}

void Writer::Take(const Found& found, size_t sentences_max) {
  for (const auto& [language, texts] : found) {
    size_t left = sentences_max;
    for (const auto& [hash, text] : texts) {
      if (left == 0 || language->sentences.size() == recipe_.sentences_max) break;
      if (!language->seen.insert(hash).second) continue;
      language->sentences.push_back(text);
      --left;
    }
  }
}

bool Writer::ReadParallel(const std::string& directory, const Source& source) {
  XzLines lines(directory + "/" + source.name + ".tsv.xz");
  std::string line;
  if (!lines.ok() || !lines.Next(line)) return false;
  const std::vector<std::string> codes = absl::StrSplit(line, '\t');
  const bool pairs = codes[0] == "lang1";
  Found found;
  while (lines.Next(line)) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, '\t');
    if (pairs) {
      if (cells.size() < 4) continue;
      for (const int side : {0, 1}) Collect(Find(cells[side]), cells[side + 2], found);
      continue;
    }
    for (size_t i = 0; i < std::min(cells.size(), codes.size()); ++i) {
      if (i > 0 && cells[i] == cells[0]) continue;
      Collect(Find(codes[i]), cells[i], found);
    }
  }
  Take(found, source.sentences_max);
  return lines.ok();
}

bool Writer::ReadLabelled(const std::string& path) {
  XzLines lines(path);
  std::string line;
  if (!lines.ok() || !lines.Next(line)) return false;
  Found found;
  while (lines.Next(line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    Collect(Find(absl::string_view(line).substr(0, tab)), absl::string_view(line).substr(tab + 1),
            found);
  }
  Take(found, SIZE_MAX);
  return lines.ok();
}

bool Writer::ReadDictionaries(const std::string& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/dict", error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    XzLines lines(path.string());
    std::string line;
    if (!lines.ok() || !lines.Next(line)) return false;
    const std::vector<std::string> codes = absl::StrSplit(line, '\t');
    if (codes.size() < 2) return false;
    Language* const languages[] = {Find(codes[0]), Find(codes[1])};
    while (lines.Next(line)) {
      const std::vector<absl::string_view> cells = absl::StrSplit(line, '\t');
      if (cells.size() < 2 || cells[0] == cells[1]) continue;
      for (const int side : {0, 1}) AddEntry(languages[side], cells[side]);
    }
  }
  return error.value() == 0;
}

void Writer::AddEntry(Language* language, absl::string_view text) {
  if (language == nullptr || language->entries.size() == recipe_.words_max) return;
  Found found;  // only to clean
  Collect(language, text, found);
  if (found.empty()) return;
  const auto& [hash, entry] = *found[language].begin();
  if (language->seen.insert(hash).second) language->entries.push_back(entry);
}

// Where words of at least four letters begin and end, or all words if none is.
std::vector<absl::string_view> LongWords(const std::vector<absl::string_view>& words) {
  std::vector<absl::string_view> found;
  for (const absl::string_view word : words) {
    const auto letters =
        std::count_if(word.begin(), word.end(), [](char c) { return !IsContinuationByte(c); });
    if (letters >= 4) found.push_back(word);
  }
  return found.empty() ? words : found;
}

std::string Writer::Line(const Language& language, Kind kind) {
  if (kind == kEntry && !language.entries.empty()) {
    return language.entries[Random(language.entries.size())];
  }
  const std::string& sentence = language.sentences[Random(language.sentences.size())];
  const std::vector<absl::string_view> words = absl::StrSplit(sentence, ' ');
  if (kind == kWord || kind == kEntry) {
    const std::vector<absl::string_view> pool = LongWords(words);
    return std::string(pool[Random(pool.size())]);
  }
  if (kind == kWords) {
    const size_t size = std::min(words.size(), 2 + Random(4));
    const size_t begin = Random(words.size() - size + 1);
    return std::string(words[begin].data(),
                       words[begin + size - 1].data() + words[begin + size - 1].size());
  }
  size_t begin = 0;
  size_t size = kLineBytesMax;
  if (kind == kCut) {
    size = 8 + Random(24);
    begin = sentence.size() > size ? Random(sentence.size() - size + 1) : 0;
    while (begin < sentence.size() && IsContinuationByte(sentence[begin])) ++begin;
  }
  const absl::string_view cut = TruncateUtf8(absl::string_view(sentence).substr(begin), size);
  return std::string(cut.data(), cut.size());
}

bool Writer::Write(const std::string& path) {
  std::vector<std::string> lines;
  for (const auto& [tag, language] : recipe_.languages) {
    std::fprintf(stderr, "%-4s %6zu sentences %6zu entries\n", tag.c_str(),
                 language.sentences.size(), language.entries.size());
    if (language.sentences.empty()) continue;
    auto size = static_cast<size_t>(static_cast<double>(recipe_.lines) * language.weight);
    // Of very few, many cuts would teach names and not the language.
    size = std::min(size, 12 * (language.sentences.size() + language.entries.size()));
    for (size_t i = 0; i < size; ++i) {
      auto share = static_cast<int>(Random(100));
      int kind = 0;
      while (share >= kShares[kind]) share -= kShares[kind++];
      lines.push_back("__label__" + tag + " " + Line(language, static_cast<Kind>(kind)));
    }
  }
  for (size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[Random(i)]);
  std::ofstream out(path, std::ios::binary);
  for (const std::string& line : lines) out << line << '\n';
  out.close();
  return out.good();
}

int Main(int argc, char** argv) {
  CLI::App app("Writes the training text of the language identifier.");
  std::string recipe_path, corpus, labelled, output;
  app.add_option("--recipe", recipe_path, "what to take, a JSON file")->required();
  app.add_option("--corpus", corpus, "folder of parallel text")->required();
  app.add_option("--labelled", labelled, "labelled text, .tsv.xz")->required();
  app.add_option("--output", output, "where the text goes")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    Recipe recipe = ReadRecipe(recipe_path);
    const std::vector<Source> sources = recipe.sources;
    Writer writer(std::move(recipe));
    if (!writer.ReadLabelled(labelled)) {
      std::fprintf(stderr, "%s: unreadable\n", labelled.c_str());
      return 1;
    }
    for (const Source& source : sources) {
      if (writer.ReadParallel(corpus, source)) continue;
      std::fprintf(stderr, "%s/%s.tsv.xz: unreadable\n", corpus.c_str(), source.name.c_str());
      return 1;
    }
    if (!writer.ReadDictionaries(corpus) || !writer.Write(output)) {
      std::fprintf(stderr, "%s/dict is unreadable or %s not writable\n", corpus.c_str(),
                   output.c_str());
      return 1;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", recipe_path.c_str(), error.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
