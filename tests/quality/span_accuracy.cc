// SPDX-License-Identifier: Apache-2.0
//
// Prints how well the spans of mixed-language texts are found. The texts are put
// together from the labelled development texts, the same ones every time:
//
//   paragraphs   2 to 4 languages, a line each of 1 to 3 sentences
//   sentences    2 or 3 languages in one line, 1 to 3 sentences at a time
//   quotations   a sentence with 2 to 8 words of another language within, in
//                quotation marks or brackets, a fifth of them without
//   one          1 to 6 sentences of one language: must not be cut
//
// A character counts as right when its span has its language. White space does
// not count, nor do the marks around quotations. Only the 44 languages that all
// identifiers share are used.
//
//   span_accuracy [--tune | --floor PERCENT] [MODELS] [TEXTS]
//
// Texts of one half of the development texts are for `--tune`, which looks for
// better SpanWeights and prints them; the other half is measured. With a floor
// the exit code is 1 when fewer characters of the mixed kinds are right. Skips
// (77) when the texts or the models are not there. MODELS is a folder, whose
// default identifier is measured, or a single model; unless given it is models,
// and TEXTS ../shared/lid.

#include <lzma.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/langid/label_table.h"
#include "server/langid/opinion_weights.h"
#include "server/langid/span_detector.h"
#include "server/text/code_points.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

constexpr int kSkipped = 77;
constexpr int kTextsOfAKind = 1500;
constexpr std::array<const char*, 4> kKinds = {"paragraphs", "sentences", "quotations", "one"};
constexpr size_t kOne = 3;
// Upper ends of the classes of span lengths, in characters.
constexpr std::array<size_t, 6> kLengths = {10, 20, 40, 80, 160, SIZE_MAX};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// The content of an .xz file; empty when there is none or it is damaged.
std::string ReadXz(const std::string& path) {
  const std::string packed = ReadFile(path);
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) return "";
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string unpacked;
  std::array<uint8_t, 1 << 16> buffer;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = buffer.size();
    result = lzma_code(&stream, LZMA_FINISH);
    unpacked.append(reinterpret_cast<char*>(buffer.data()), buffer.size() - stream.avail_out);
  }
  lzma_end(&stream);
  return result == LZMA_STREAM_END ? unpacked : "";
}

std::string Base(absl::string_view tag) { return std::string(LanguageSubtag(tag)); }

// The three-letter codes in a JSON list of strings, in our form.
std::set<std::string> ReadLanguages(const std::string& path) {
  std::set<std::string> languages;
  const std::string json = ReadFile(path);
  for (const absl::string_view part : absl::StrSplit(json, '"')) {
    if (part.size() == 3) languages.insert(Base(CanonicalLanguageTag(part).value_or("und")));
  }
  return languages;
}

using Sentences = std::map<std::string, std::vector<std::string>>;  // by language

// Sentences of `half` (0 or 1) of the development texts.
Sentences ReadSentences(const std::string& directory, size_t half) {
  const std::set<std::string> languages = ReadLanguages(directory + "/shared-44.json");
  const std::string table = ReadXz(directory + "/dev/texts.tsv.xz");
  Sentences sentences;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (cells.size() != 6) continue;
    if (cells[0] != "flores" && cells[0] != "ntrex" && cells[0] != "tatoeba") continue;
    const std::string tag = MeaningOfLabel(cells[1]).language;
    if (!languages.contains(Base(tag))) continue;
    if (!ScriptSubtag(tag).empty() && Base(tag) != "zh") continue;  // romanised
    if (number++ % 2 == half) sentences[Base(tag)].push_back(cells[5]);
  }
  return sentences;
}

struct Piece {
  size_t begin = 0;
  size_t end = 0;
  std::string language;
};

struct MixedText {
  size_t kind = 0;
  std::string text = "";
  std::vector<Piece> pieces = {};
};

class Mixer {
 public:
  Mixer(const Sentences& sentences, uint32_t seed) : sentences_(sentences), random_(seed) {
    for (const auto& [language, unused] : sentences) languages_.push_back(language);
  }

  MixedText Make(size_t kind) {
    MixedText mixed{.kind = kind};
    if (kind == 0) {
      AddInTurns(Below(3) + 2, "\n", " ", mixed);
    } else if (kind == 1) {
      AddInTurns(Below(4) + 2, " ", " ", mixed);
    } else if (kind == 2) {
      AddQuotation(mixed);
    } else {
      const std::string& language = Pick(languages_);
      for (size_t i = Below(6) + 1; i > 0; --i) Add(Sentence(language), language, " ", mixed);
    }
    return mixed;
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  const std::string& Sentence(const std::string& language) { return Pick(sentences_.at(language)); }

  static void Add(const std::string& text, const std::string& language, const char* between,
                  MixedText& mixed) {
    if (!mixed.text.empty()) mixed.text += between;
    const size_t begin = mixed.text.size();
    mixed.text += text;
    if (!mixed.pieces.empty() && mixed.pieces.back().language == language) {
      mixed.pieces.back().end = mixed.text.size();
    } else {
      mixed.pieces.push_back({begin, mixed.text.size(), language});
    }
  }

  // Turns of 1 to 3 sentences, between at most 4 languages, never one twice.
  void AddInTurns(size_t turns, const char* between_turns, const char* within, MixedText& mixed) {
    std::vector<std::string> languages;
    for (size_t i = 0; i < std::min<size_t>(turns, 4); ++i) languages.push_back(Pick(languages_));
    std::string last;
    for (size_t turn = 0; turn < turns; ++turn) {
      const std::string& language = Pick(languages);
      if (language == last) continue;
      last = language;
      const char* between = between_turns;
      for (size_t i = Below(3) + 1; i > 0; --i) {
        Add(Sentence(language), language, between, mixed);
        between = within;
      }
    }
  }

  // Where a sentence may be cut: at its spaces, or anywhere if it has none.
  static std::vector<size_t> Places(const std::string& text) {
    std::vector<size_t> places;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == ' ') places.push_back(i);
    }
    if (places.size() * 30 > text.size()) return places;
    places.clear();
    for (size_t at = 0; at < text.size();) {
      at = CodePointAt(text, at).end;
      if (at < text.size()) places.push_back(at);
    }
    return places;
  }

  void AddQuotation(MixedText& mixed) {
    static const std::vector<std::pair<std::string, std::string>> kMarks = {
        {"\"", "\""}, {"“", "”"}, {"«", "»"}, {"(", ")"}, {"", ""}};
    const std::string host_language = Pick(languages_);
    const std::string& host = Sentence(host_language);
    std::string language = Pick(languages_);
    while (language == host_language) language = Pick(languages_);
    const std::string& source = Sentence(language);
    const std::vector<size_t> host_places = Places(host);
    std::vector<size_t> places = Places(source);
    if (host_places.size() < 4 || places.size() < 3) return AddQuotation(mixed);
    const size_t words = Below(7) + 2;
    // A word of a script without spaces is about two characters.
    const bool spaced = source[places[0]] == ' ';
    const size_t count = std::min(spaced ? words : 2 * words, places.size() - 1);
    const size_t first = Below(places.size() - count);
    std::string quotation = source.substr(places[first], places[first + count] - places[first]);
    const size_t skip = SkipSpaces(quotation, 0, quotation.size());
    quotation.erase(0, skip);
    const auto& [open, close] = Pick(kMarks);
    const size_t place = host_places[1 + Below(host_places.size() - 2)];
    mixed.text = absl::StrCat(host.substr(0, place), " ", open);
    mixed.pieces.push_back({0, place, host_language});
    const size_t begin = mixed.text.size();
    absl::StrAppend(&mixed.text, quotation);
    mixed.pieces.push_back({begin, mixed.text.size(), language});
    absl::StrAppend(&mixed.text, close, host[place] == ' ' ? "" : " ");
    const size_t rest = mixed.text.size();
    mixed.text += host.substr(place);
    mixed.pieces.push_back({rest, mixed.text.size(), host_language});
  }

  const Sentences& sentences_;
  std::vector<std::string> languages_;
  std::mt19937 random_;
};

std::vector<MixedText> MakeTexts(const Sentences& sentences, uint32_t seed, int of_a_kind) {
  Mixer mixer(sentences, seed);
  std::vector<MixedText> texts;
  for (size_t kind = 0; kind < kKinds.size(); ++kind) {
    for (int i = 0; i < of_a_kind; ++i) texts.push_back(mixer.Make(kind));
  }
  return texts;
}

// Remembers answers: what tuning asks again and again.
class Memory final : public LanguageIdentifier {
 public:
  explicit Memory(const LanguageIdentifier& identifier) : identifier_(identifier) {}
  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override {
    const auto [it, is_new] = answers_.try_emplace(absl::StrCat(options.guesses_max, " ", text));
    if (is_new) it->second = identifier_.Identify(text, options);
    return it->second;
  }

 private:
  const LanguageIdentifier& identifier_;
  mutable absl::flat_hash_map<std::string, Identification> answers_;
};

struct Tally {
  double right = 0;
  double all = 0;
  double Percent() const { return all == 0 ? 0 : 100 * right / all; }
};

struct Figures {
  std::array<Tally, kKinds.size()> kinds;  // characters
  std::array<Tally, kLengths.size()> lengths;
  std::array<Tally, kLengths.size()> found;  // pieces with over half of their characters right
  Tally uncut;                               // texts in one language
  Tally uncut_language;                      // of those, the language right
  Tally reliable;                            // characters of reliable spans
  std::array<Tally, 10> bins;
  std::array<double, 10> confidences = {};
  double characters = 0;
  double bytes = 0;
  double seconds = 0;

  double Mixed() const {
    Tally mixed;
    for (size_t kind = 0; kind < kOne; ++kind) {
      mixed.right += kinds[kind].right;
      mixed.all += kinds[kind].all;
    }
    return mixed.Percent();
  }
  double CalibrationError() const {
    double error = 0;
    double all = 0;
    for (size_t i = 0; i < bins.size(); ++i) {
      error += std::abs(confidences[i] - bins[i].right);
      all += bins[i].all;
    }
    return 100 * error / all;
  }
};

void Compare(const MixedText& mixed, const DetectedSpans& found, Figures& figures) {
  size_t span = 0;
  for (const Piece& piece : mixed.pieces) {
    Tally characters;
    for (size_t at = piece.begin; at < piece.end;) {
      const CodePoint c = CodePointAt(mixed.text, at);
      at = c.end;
      if (IsSpace(c.value)) continue;
      while (found.spans[span].range.end <= c.begin) ++span;
      const Identification& answer = found.spans[span].identification;
      const bool right = Base(answer.guesses[0].language) == piece.language;
      characters.right += right;
      characters.all += 1;
      const float confidence = answer.guesses[0].confidence;
      const size_t bin = std::min<size_t>(9, static_cast<size_t>(confidence * 10));
      figures.bins[bin].right += right;
      figures.bins[bin].all += 1;
      figures.confidences[bin] += confidence;
      figures.reliable.right += answer.reliable && right;
      figures.reliable.all += answer.reliable;
    }
    figures.kinds[mixed.kind].right += characters.right;
    figures.kinds[mixed.kind].all += characters.all;
    figures.characters += characters.all;
    if (mixed.kind == kOne) continue;
    size_t length = 0;
    while (characters.all >= static_cast<double>(kLengths[length])) ++length;
    figures.lengths[length].right += characters.right;
    figures.lengths[length].all += characters.all;
    figures.found[length].right += characters.right * 2 > characters.all;
    figures.found[length].all += 1;
  }
  if (mixed.kind != kOne) return;
  const bool uncut = found.spans.size() == 1;
  figures.uncut.right += uncut;
  figures.uncut.all += 1;
  if (!uncut) return;
  const std::string& language = found.spans[0].identification.guesses[0].language;
  figures.uncut_language.right += Base(language) == mixed.pieces[0].language;
  figures.uncut_language.all += 1;
}

Figures Measure(const LanguageIdentifier& identifier, const std::vector<MixedText>& texts,
                const SpanWeights& weights) {
  Figures figures;
  for (const MixedText& mixed : texts) {
    const auto start = std::chrono::steady_clock::now();
    const auto found = DetectSpans(identifier, mixed.text, {}, {}, {}, weights);
    figures.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    figures.bytes += static_cast<double>(mixed.text.size());
    Compare(mixed, *found, figures);
  }
  return figures;
}

// What tuning makes large: mixed texts right, and texts in one language uncut.
double Score(const Figures& figures) {
  return figures.Mixed() + figures.kinds[2].Percent() + figures.uncut.Percent();
}

void PrintWeights(const SpanWeights& w) {
  std::printf("unit %.3f clause %.3f least %.2f share %.2f script %.2f changes", w.unit, w.clause,
              w.least, w.share, w.script);
  for (const float cost : w.change_costs) std::printf(" %.2f", cost);
  std::printf("\n");
}

// Climbs one weight at a time until none helps.
void Tune(const LanguageIdentifier& identifier, const std::vector<MixedText>& texts) {
  SpanWeights best;
  double best_score = Score(Measure(identifier, texts, best));
  const auto weights_of = [](SpanWeights& w) {
    std::vector<float*> all = {&w.unit, &w.clause, &w.least, &w.share, &w.script};
    for (float& cost : w.change_costs) all.push_back(&cost);
    return all;
  };
  for (float step = 1.4f; step > 1.04f; step = 1 + (step - 1) * 0.6f) {
    for (size_t i = 0; i < weights_of(best).size(); ++i) {
      for (const float factor : {step, 1 / step}) {
        for (;;) {
          SpanWeights next = best;
          *weights_of(next)[i] *= factor;
          const double score = Score(Measure(identifier, texts, next));
          if (score <= best_score + 0.005) break;
          best_score = score;
          best = next;
          std::printf("%.3f  ", best_score);
          PrintWeights(best);
          std::fflush(stdout);
        }
      }
    }
  }
}

void Print(const Figures& figures) {
  std::printf("%-22s %8s\n", "characters right", "%");
  for (size_t kind = 0; kind < kKinds.size(); ++kind) {
    std::printf("  %-20s %8.2f\n", kKinds[kind], figures.kinds[kind].Percent());
  }
  std::printf("  %-20s %8.2f\n", "the mixed ones", figures.Mixed());
  std::printf("%-22s %8s %14s %8s\n", "by length of span", "%", "spans found %", "spans");
  for (size_t i = 0; i < kLengths.size(); ++i) {
    const std::string name =
        i + 1 == kLengths.size() ? "longer" : absl::StrCat("under ", kLengths[i]);
    std::printf("  %-20s %8.2f %14.2f %8.0f\n", name.c_str(), figures.lengths[i].Percent(),
                figures.found[i].Percent(), figures.found[i].all);
  }
  std::printf("texts in one language: %.2f %% uncut, %.2f %% of them named right\n",
              figures.uncut.Percent(), figures.uncut_language.Percent());
  std::printf("reliable: %.2f %% right, %.1f %% of the characters; calibration error %.2f\n",
              figures.reliable.Percent(), 100 * figures.reliable.all / figures.characters,
              figures.CalibrationError());
  std::printf("speed: %.2f MB/s\n", figures.bytes / figures.seconds / 1e6);
}

// The default identifier of a folder, or the one in a file.
absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> Load(const std::string& models) {
  if (absl::EndsWith(models, "z") || absl::EndsWith(models, ".bin")) {
    return FastTextLanguageIdentifier::Create(models);
  }
  const auto weights = OpinionWeights::Read(models + "/hexapla-identifier.txt");
  if (!weights.ok()) return weights.status();
  const auto first = Load(absl::StrCat(models, "/", weights->first_model, ".ftz"));
  if (!first.ok()) return first.status();
  const auto second = Load(absl::StrCat(models, "/", weights->second_model, ".ftz"));
  if (!second.ok()) return second.status();
  return FastTextLanguageIdentifier::Create(**first, **second, *weights);
}

int Run(std::vector<std::string> arguments) {
  const bool tune = !arguments.empty() && arguments[0] == "--tune";
  if (tune) arguments.erase(arguments.begin());
  double floor = 0;
  if (arguments.size() >= 2 && arguments[0] == "--floor") {
    floor = std::atof(arguments[1].c_str());
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  const std::string models = !arguments.empty() ? arguments[0] : "models";
  const std::string directory = arguments.size() > 1 ? arguments[1] : "../shared/lid";
  const Sentences sentences = ReadSentences(directory, tune ? 0 : 1);
  const auto identifier = Load(models);
  if (sentences.empty() || !identifier.ok()) {
    std::printf("SKIPPED: needs %s/dev/texts.tsv.xz and %s: %s\n", directory.c_str(),
                models.c_str(), std::string(identifier.status().message()).c_str());
    return kSkipped;
  }
  if (tune) {
    Tune(Memory(**identifier), MakeTexts(sentences, 1, kTextsOfAKind / 3));
    return 0;
  }
  const Figures figures = Measure(**identifier, MakeTexts(sentences, 2, kTextsOfAKind), {});
  Print(figures);
  if (figures.Mixed() >= floor) return 0;
  std::printf("under the floor of %.2f %%\n", floor);
  return 1;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) {
  return hexapla::Run(std::vector<std::string>(argv + 1, argv + argc));
}
