// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/classifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <thread>

#include "tests/server/fasttext/trained_models.h"

namespace hexapla::fasttext {
namespace {

// What libfasttext says of a line, probabilities clamped.
std::vector<std::pair<std::string, float>> TheirPredictions(const ::fasttext::FastText& model,
                                                            const std::string& line, int labels_max,
                                                            float probability_min) {
  std::istringstream in(line + "\n");
  std::vector<std::pair<::fasttext::real, std::string>> predictions;
  model.predictLine(in, predictions, labels_max, probability_min);
  std::vector<std::pair<std::string, float>> result;
  for (const auto& [probability, label] : predictions) {
    result.emplace_back(label, std::min(probability, 1.0f));
  }
  return result;
}

std::unique_ptr<const Classifier> Classify(
    const Recipe& recipe, size_t decoded_bytes_max = Classifier::kDecodedBytesMax) {
  auto classifier = Classifier::Create(OurModel(recipe), decoded_bytes_max);
  EXPECT_TRUE(classifier.ok()) << classifier.status();
  return classifier.ok() ? *std::move(classifier) : nullptr;
}

std::vector<Prediction> Predict(const Classifier& classifier, const std::string& text,
                                const Classifier::Options& options = {}) {
  Classifier::Scratch scratch;
  std::vector<Prediction> predictions;
  classifier.Predict(text, options, scratch, predictions);
  return predictions;
}

std::string LabelOf(const Classifier& classifier, const Prediction& prediction) {
  return classifier.label(prediction.label).data();
}

bool UsesSteps(const Recipe& recipe) {
  return recipe.loss == ::fasttext::loss_name::ova || recipe.loss == ::fasttext::loss_name::ns;
}

class ClassifierTest : public testing::TestWithParam<Recipe> {
 protected:
  // One-vs-all and negative sampling look probabilities up in steps of up to
  // 0.008, and the last bit of a sum may decide the step.
  void ExpectNear(float ours, float theirs, const std::string& line) {
    const float error = std::abs(ours - theirs);
    if (!UsesSteps(GetParam())) {
      EXPECT_LE(error, 1e-5) << line;
      return;
    }
    EXPECT_LE(error, 0.008) << line;
    steps_off_ += error > 1e-5;
    ++compared_;
  }

  void ExpectTheSame(const Classifier& ours, const ::fasttext::FastText& theirs,
                     const std::string& line, int labels_max, float probability_min) {
    const auto expected = TheirPredictions(theirs, line, labels_max, probability_min);
    const auto predictions =
        Predict(ours, line, {.labels_max = labels_max, .probability_min = probability_min});
    ASSERT_EQ(predictions.size(), expected.size()) << line;
    for (size_t i = 0; i < predictions.size(); ++i) {
      ExpectNear(predictions[i].probability, expected[i].second, line);
      // Labels as probable as their neighbour may change places.
      const bool is_tied =
          (i > 0 && predictions[i - 1].probability - predictions[i].probability < 2e-5) ||
          i + 1 == predictions.size() ||
          predictions[i].probability - predictions[i + 1].probability < 2e-5;
      if (UsesSteps(GetParam()) || (is_tied && i > 0)) continue;
      EXPECT_EQ(LabelOf(ours, predictions[i]), expected[i].first) << line;
    }
  }

  int steps_off_ = 0;
  int compared_ = 0;
};

TEST_P(ClassifierTest, PredictsWhatLibfasttextPredicts) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = Classify(GetParam());
  for (const std::string& line : UnseenLines(150)) {
    ExpectTheSame(*ours, *theirs, line, 1, 0.0f);
    ExpectTheSame(*ours, *theirs, line, 3, 0.0f);
    ExpectTheSame(*ours, *theirs, line, ours->labels_size(), 0.0f);
  }
  EXPECT_LE(steps_off_ * 100, compared_);
}

TEST_P(ClassifierTest, PredictsTheSameWithoutDecoding) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = Classify(GetParam(), 0);
  for (const std::string& line : UnseenLines(80)) ExpectTheSame(*ours, *theirs, line, 2, 0.0f);
  EXPECT_LE(steps_off_ * 100, compared_ + 100);
}

TEST_P(ClassifierTest, LeavesOutWhatIsLessProbableThanAsked) {
  if (UsesSteps(GetParam())) GTEST_SKIP() << "a step may lie on either side";
  const auto theirs = TheirModel(GetParam());
  const auto ours = Classify(GetParam());
  for (const std::string& line : UnseenLines(60)) {
    ExpectTheSame(*ours, *theirs, line, ours->labels_size(), 0.0371f);
  }
}

TEST_P(ClassifierTest, AllProbabilitiesAreThoseOfTheBest) {
  const auto classifier = Classify(GetParam());
  Classifier::Scratch scratch;
  std::vector<float> all(classifier->labels_size());
  std::vector<Prediction> best;
  for (const std::string& line : UnseenLines(60)) {
    const int64_t features = classifier->PredictAll(line, scratch, all.data());
    EXPECT_EQ(classifier->Predict(line, {.labels_max = 5}, scratch, best), features);
    for (const Prediction& prediction : best) {
      EXPECT_NEAR(all[prediction.label], prediction.probability, 1e-5);
    }
    std::vector<float> again(all.size(), -1.0f);
    EXPECT_EQ(classifier->PredictAllOfLast(scratch, again.data()), features);
    EXPECT_EQ(again, all);
    for (const float probability : all) {
      EXPECT_GE(probability, 0.0f);
      EXPECT_LE(probability, 1.0f);
    }
  }
}

TEST_P(ClassifierTest, LongTextsAndWordsAreSummedWhole) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = Classify(GetParam());
  std::string text;
  for (const std::string& line : UnseenLines(200)) text += line + " ";
  std::replace(text.begin(), text.end(), '\n', ' ');
  ExpectTheSame(*ours, *theirs, text, 1, 0.0f);
  std::string word;
  for (int i = 0; i < 2000; ++i) word += i % 3 == 0 ? "ka" : "жи";
  ExpectTheSame(*ours, *theirs, "ri " + word + " mo", 1, 0.0f);
}

INSTANTIATE_TEST_SUITE_P(Supervised, ClassifierTest, testing::ValuesIn(SupervisedRecipes()),
                         NameOf);

TEST(ClassifierRulesTest, NewlinesAreSpaces) {
  const auto classifier = Classify(RecipeOf("Tree"));
  const auto expected = Predict(*classifier, "ka ri mo ten", {.labels_max = 3});
  const auto predictions = Predict(*classifier, "ka ri\nmo\r\n\nten\n", {.labels_max = 3});
  ASSERT_EQ(predictions.size(), expected.size());
  for (size_t i = 0; i < predictions.size(); ++i) {
    EXPECT_EQ(predictions[i].label, expected[i].label);
    EXPECT_EQ(predictions[i].probability, expected[i].probability);
  }
}

TEST(ClassifierRulesTest, EndOfSentenceAndLabelsInTextAreUnknownWords) {
  const auto classifier = Classify(RecipeOf("Softmax"));
  Classifier::Scratch scratch;
  std::vector<Prediction> predictions;
  const auto features = [&](const std::string& text) {
    return classifier->Predict(text, {}, scratch, predictions);
  };
  // "<</s>>" has 5 n-grams of 2 characters, 4 of 3 and 3 of 4.
  EXPECT_EQ(features("</s>"), 12);
  EXPECT_EQ(features("ka </s> ri"), features("ka") + 12 + features("ri"));
  // "<__label__l1>" has 12, 11 and 10.
  EXPECT_EQ(features("__label__l1"), 33);
  EXPECT_EQ(features("__label__q1"), 33);
}

TEST(ClassifierRulesTest, CountsFeaturesWithoutTheEndOfSentence) {
  const auto classifier = Classify(RecipeOf("WordsOnly"));
  Classifier::Scratch scratch;
  std::vector<Prediction> predictions;
  EXPECT_EQ(classifier->Predict("", {}, scratch, predictions), 0);
  EXPECT_EQ(predictions.size(), 1u);  // of the end of the sentence
  EXPECT_EQ(classifier->Predict("nosuchword", {}, scratch, predictions), 0);
  const std::string word = OurModel(RecipeOf("WordsOnly"))->dictionary().word(1).data();
  EXPECT_EQ(classifier->Predict(word + " x " + word, {}, scratch, predictions), 2);
}

TEST(ClassifierRulesTest, ModelsWithoutLabelsAreRefused) {
  EXPECT_EQ(Classifier::Create(OurModel(RecipeOf("Skipgram"))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ClassifierRulesTest, ThreadsShareAClassifier) {
  const auto classifier = Classify(RecipeOf("Pruned"));
  const std::vector<std::string> lines = UnseenLines(100);
  std::vector<Prediction> expected;
  for (const std::string& line : lines) expected.push_back(Predict(*classifier, line)[0]);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(Predict(*classifier, lines[i])[0].label, expected[i].label);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hexapla::fasttext
