// SPDX-License-Identifier: Apache-2.0
#include "tests/server/fasttext/trained_models.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "tests/testing/temporary_directory.h"

namespace hexapla::fasttext {
namespace {

using ::fasttext::loss_name;
using ::fasttext::model_name;

// Syllables of a made-up language; words of different labels prefer different
// ones, so that there is something to learn.
const std::vector<std::string>& Syllables() {
  static const auto* const kSyllables = new std::vector<std::string>{
      "ka", "ri",  "mo",  "ten", "lu",   "sha", "vé", "öl",  "ñu", "жи",
      "ра", "сто", "ков", "的",  "中文", "人",  "ar", "ist", "en", "qu"};
  return *kSyllables;
}

std::string MakeWord(std::mt19937& random, size_t first_syllable) {
  std::string word;
  const size_t length = 1 + random() % 3;
  for (size_t i = 0; i < length; ++i) {
    word += Syllables()[(first_syllable + random() % 6) % Syllables().size()];
  }
  return word;
}

std::string MakeLine(std::mt19937& random, size_t label) {
  std::string line;
  const size_t words = 3 + random() % 8;
  for (size_t i = 0; i < words; ++i) {
    if (i > 0) line += random() % 20 == 0 ? "\t" : " ";
    line += MakeWord(random, label * 3);
  }
  return line;
}

std::string TrainingFile(int labels) {
  const std::string path = ScratchPath("training_" + std::to_string(labels) + ".txt");
  std::mt19937 random(7);
  std::ofstream out(path);
  const int lines = std::max(400, labels * 4);
  for (int i = 0; i < lines; ++i) {
    // Low labels are frequent, for a tree of unequal depths.
    const size_t label = i < labels ? i : std::min(random() % labels, random() % labels);
    out << "__label__l" << label << " " << MakeLine(random, label) << "\n";
  }
  return path;
}

::fasttext::Args ArgsOf(const Recipe& recipe) {
  ::fasttext::Args args;
  args.input = TrainingFile(recipe.labels);
  args.model = recipe.kind;
  args.loss = recipe.loss;
  args.dim = recipe.dim;
  args.minn = recipe.minn;
  args.maxn = recipe.maxn;
  args.bucket = recipe.bucket;
  args.wordNgrams = recipe.word_ngrams;
  args.minCount = 1;
  args.epoch = 5;
  args.lr = recipe.kind == model_name::sup ? 0.5 : 0.05;
  args.thread = 1;
  args.verbose = 0;
  return args;
}

void Train(const Recipe& recipe, const std::string& path) {
  ::fasttext::FastText model;
  const ::fasttext::Args args = ArgsOf(recipe);
  model.train(args);
  if (recipe.quantized) {
    ::fasttext::Args quantization = args;
    quantization.qnorm = recipe.norms;
    quantization.qout = recipe.quantized_output;
    quantization.dsub = recipe.part_cols;
    quantization.cutoff = recipe.kept_max;
    quantization.retrain = false;
    model.quantize(quantization);
  }
  model.saveModel(path);
}

}  // namespace

std::vector<Recipe> AllRecipes() {
  std::vector<Recipe> recipes = SupervisedRecipes();
  recipes.push_back({.name = "Skipgram",
                     .kind = model_name::sg,
                     .loss = loss_name::ns,
                     .dim = 12,
                     .minn = 3,
                     .maxn = 6});
  recipes.push_back({.name = "Cbow",
                     .kind = model_name::cbow,
                     .loss = loss_name::hs,
                     .dim = 33,
                     .minn = 1,
                     .maxn = 3});
  return recipes;
}

std::vector<Recipe> SupervisedRecipes() {
  return {
      {.name = "Softmax", .loss = loss_name::softmax, .dim = 10},
      {.name = "Tree", .loss = loss_name::hs, .dim = 16, .word_ngrams = 2, .labels = 30},
      {.name = "NegativeSampling", .loss = loss_name::ns, .dim = 5, .minn = 1, .maxn = 2},
      {.name = "OneVsAll", .loss = loss_name::ova, .dim = 24, .word_ngrams = 3},
      {.name = "OneLabel", .loss = loss_name::hs, .labels = 1},
      {.name = "WordsOnly", .minn = 0, .maxn = 0, .bucket = 0},
      {.name = "Wide", .dim = 300, .minn = 3, .maxn = 5, .labels = 20},
      {.name = "QuantizedTree", .loss = loss_name::hs, .labels = 30, .quantized = true},
      {.name = "QuantizedNorms", .dim = 7, .quantized = true, .norms = true},
      {.name = "QuantizedWide", .dim = 41, .word_ngrams = 2, .quantized = true, .norms = true},
      {.name = "QuantizedThirds", .dim = 20, .quantized = true, .part_cols = 3},
      {.name = "QuantizedFours", .dim = 39, .quantized = true, .norms = true, .part_cols = 4},
      {.name = "QuantizedFives", .dim = 43, .quantized = true, .norms = true, .part_cols = 5},
      {.name = "QuantizedEights", .dim = 40, .quantized = true, .part_cols = 8},
      {.name = "Pruned",
       .loss = loss_name::hs,
       .word_ngrams = 3,
       .quantized = true,
       .norms = true,
       .kept_max = 700},
      {.name = "PrunedToWords", .maxn = 3, .quantized = true, .kept_max = 300},
      {.name = "QuantizedOutput",
       .loss = loss_name::ova,
       .labels = 300,
       .quantized = true,
       .norms = true,
       .quantized_output = true},
      {.name = "QuantizedOutputTree",
       .loss = loss_name::hs,
       .dim = 18,
       .labels = 300,
       .quantized = true,
       .quantized_output = true,
       .kept_max = 900},
  };
}

Recipe RecipeOf(const std::string& name) {
  for (const Recipe& recipe : AllRecipes()) {
    if (recipe.name == name) return recipe;
  }
  ADD_FAILURE() << "no recipe " << name;
  return {};
}

std::string ScratchPath(const std::string& name) {
  static const hexapla::testing::TemporaryDirectory directory;
  return directory / name;
}

std::string ModelFile(const Recipe& recipe) {
  static auto* const kFiles = new std::map<std::string, std::string>;
  std::string& file = (*kFiles)[recipe.name];
  if (file.empty()) {
    file = ScratchPath(recipe.name + ".model");
    Train(recipe, file);
  }
  return file;
}

std::string ModelBytes(const Recipe& recipe) {
  std::ifstream in(ModelFile(recipe), std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

std::shared_ptr<const ::fasttext::FastText> TheirModel(const Recipe& recipe) {
  auto model = std::make_shared<::fasttext::FastText>();
  model->loadModel(ModelFile(recipe));
  return model;
}

std::shared_ptr<const Model> OurModel(const Recipe& recipe) {
  auto model = Model::Read(ModelFile(recipe));
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? *std::move(model) : nullptr;
}

std::vector<std::string> UnseenLines(size_t n) {
  std::vector<std::string> lines = {
      "",
      " ",
      "a",
      "ka ri",
      "  ka\tri  ",
      "Ünbekannt 日本語 слово",
      "😂😂 ka",
      "x\vy\fz",
      "\xff\xfe",
      "ka\xe4\xb8 \x80ri",
      "ka <ri> 12,5",
  };
  std::mt19937 random(99);
  while (lines.size() < n) lines.push_back(MakeLine(random, random() % 40));
  return lines;
}

std::vector<std::string> SomeWords() {
  std::vector<std::string> words = {"</s>", "", "<", ">", "é", "зима", "__label__l1x", "\x80\x80"};
  for (const std::string& line : UnseenLines(60)) {
    std::istringstream in(line);
    for (std::string word; in >> word;) words.push_back(word);
  }
  words.push_back(std::string(500, 'k'));
  return words;
}

}  // namespace hexapla::fasttext
