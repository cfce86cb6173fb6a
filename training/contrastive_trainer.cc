// SPDX-License-Identifier: Apache-2.0
//
// Contrastive training of a fastText matrix.
//
// A batch holds n pairs of sentences. With unit vectors u_i of the sources and
// v_j of the targets, and S = scale * U V', the loss is the cross-entropy of
// each row of S, and of each column, against its diagonal element: «which of
// these n is my translation?» (InfoNCE; van den Oord et al. 2018, here as in
// Gao et al. 2021, SimCSE, and Yang et al. 2019 for translation). Plain
// skip-gram asks which words stand together; this asks what we need to know.
//
// Cosines are bounded, so exp(S - scale) needs no search for a maximum, and
// one matrix of exponentials gives both softmaxes by its row and column sums.
// Pairs off the diagonal with the same text on either side are no negatives
// and are left out.
//
// A batch of 1,024 pairs has some 25,000 tokens but far fewer distinct words,
// so words are embedded, and their gradients applied, once a batch each. The
// update is row-wise Adagrad (Duchi et al. 2011, one sum a row).
//
// Threads: sentence work is split by sentence; everything that adds into
// shared rows is split by *column*, so sums are formed in one order and the
// result does not depend on timing. Each thread keeps its own copy of
// Adagrad's sums, which all compute alike.
#include "training/contrastive_trainer.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "training/parallel.h"
#include "training/target_clones.h"

namespace hexapla::training {
namespace {

constexpr float kLearningRateEnd = 0.02F;  // of the initial one
constexpr float kSquaresStart = 1e-6F;

HEXAPLA_CLONES
void AddScaled(float scale, const float* __restrict from, float* __restrict to, size_t size) {
  for (size_t k = 0; k < size; ++k) to[k] += scale * from[k];
}

HEXAPLA_CLONES
float Dot(const float* __restrict a, const float* __restrict b, size_t size) {
  float lanes[16] = {};
  size_t k = 0;
  for (; k + 16 <= size; k += 16) {
    for (size_t lane = 0; lane < 16; ++lane) lanes[lane] += a[k + lane] * b[k + lane];
  }
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; k < size; ++k) sum += a[k] * b[k];
  return sum;
}

// x[k] = e^x[k] for x in [-87, 0]; relative error under 1e-6.
HEXAPLA_CLONES
void Exponentiate(float* x, size_t size) {
  for (size_t k = 0; k < size; ++k) {
    const float t = std::max(x[k], -87.0F) * 1.44269504F;
    const float whole = static_cast<float>(static_cast<int32_t>(t - 0.5F));
    const float f = (t - whole) * 0.69314718F;
    const float e =
        1 + f * (1 + f * (0.5F + f * (1.0F / 6 + f * (1.0F / 24 + f * (1.0F / 120 + f / 720)))));
    const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    x[k] = e * power;
  }
}

template <typename T>
void WriteAll(const std::vector<T>& values, std::ostream& out) {
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
}

// As many as there are already.
template <typename T>
void ReadAll(std::istream& in, std::vector<T>& values) {
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(T)));
}

uint64_t Fingerprint(const int32_t* tokens, size_t size) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (size_t i = 0; i < size; ++i) {
    hash = (hash ^ static_cast<uint32_t>(tokens[i])) * 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

ContrastiveTrainer::ContrastiveTrainer(const Corpus& corpus, const Features& features,
                                       const TrainerOptions& options)
    : corpus_(corpus), features_(features), options_(options) {
  openblas_set_num_threads(1);  // we split the work ourselves
  matrix_.resize(features.rows() * options.dimension);
  std::mt19937 random(options.seed);
  const float width = 1.0F / static_cast<float>(options.dimension);
  for (float& x : matrix_) x = (static_cast<float>(random()) / 2147483648.0F - 1) * width;
  squares_.assign(options.threads, std::vector<float>(features.rows(), kSquaresStart));
  row_uses_.resize(features.rows());
  local_of_type_.assign(corpus.types.size(), -1);
}

void ContrastiveTrainer::CollectTypes(const std::vector<std::pair<int32_t, int32_t>>& batch) {
  for (const int32_t type : types_) local_of_type_[type] = -1;
  types_.clear();
  tokens_.clear();
  token_begin_.assign(1, 0);
  sentences_.clear();
  fingerprints_.clear();
  pairs_ = batch.size();
  for (const auto& pair : batch) sentences_.push_back(pair.first);
  for (const auto& pair : batch) sentences_.push_back(pair.second);
  for (const int32_t s : sentences_) {
    const int64_t begin = corpus_.sentence_begin[s];
    const int64_t end = corpus_.sentence_begin[s + 1];
    for (int64_t k = begin; k < end; ++k) {
      int32_t& local = local_of_type_[corpus_.tokens[k]];
      if (local < 0) {
        local = static_cast<int32_t>(types_.size());
        types_.push_back(corpus_.tokens[k]);
      }
      tokens_.push_back(local);
    }
    token_begin_.push_back(static_cast<int32_t>(tokens_.size()));
    fingerprints_.push_back(Fingerprint(&corpus_.tokens[begin], end - begin));
  }
}

void ContrastiveTrainer::EmbedTypes() {
  const size_t dimension = options_.dimension;
  type_vectors_.assign(types_.size() * dimension, 0);
  OnShares(options_.threads, types_.size(), [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      const int64_t begin = features_.type_begin[types_[i]];
      const int64_t end = features_.type_begin[types_[i] + 1];
      const float share = begin == end ? 0 : 1.0F / static_cast<float>(end - begin);
      for (int64_t k = begin; k < end; ++k) {
        AddScaled(share, &matrix_[features_.type_rows[k] * dimension],
                  &type_vectors_[i * dimension], dimension);
      }
    }
  });
}

void ContrastiveTrainer::EmbedSentences() {
  const size_t dimension = options_.dimension;
  unit_vectors_.assign(sentences_.size() * dimension, 0);
  norms_.resize(sentences_.size());
  OnShares(options_.threads, sentences_.size(), [&](size_t first, size_t last) {
    for (size_t s = first; s < last; ++s) {
      float* vector = &unit_vectors_[s * dimension];
      const float share = 1.0F / static_cast<float>(token_begin_[s + 1] - token_begin_[s]);
      for (int32_t k = token_begin_[s]; k < token_begin_[s + 1]; ++k) {
        AddScaled(share, &type_vectors_[tokens_[k] * dimension], vector, dimension);
      }
      norms_[s] = std::sqrt(Dot(vector, vector, dimension)) + 1e-8F;
      for (size_t k = 0; k < dimension; ++k) vector[k] /= norms_[s];
    }
  });
}

StepResult ContrastiveTrainer::LossAndGradient(float scale) {
  const size_t n = pairs_;
  const auto dimension = static_cast<blasint>(options_.dimension);
  const float* sources = unit_vectors_.data();
  const float* targets = sources + n * dimension;
  const int threads = options_.threads;
  exponentials_.resize(n * n);
  std::vector<float> row_sums(n);
  std::vector<std::vector<float>> column_parts(threads, std::vector<float>(n));
  std::vector<float> diagonal(n);
  std::vector<int> hits(threads);
  OnThreads(threads, [&](int t) {
    const size_t first = n * t / threads;
    const size_t last = n * (t + 1) / threads;
    float* block = &exponentials_[first * n];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(last - first),
                static_cast<blasint>(n), dimension, scale, sources + first * dimension, dimension,
                targets, dimension, 0, block, static_cast<blasint>(n));
    for (size_t i = first; i < last; ++i) {
      float* row = &exponentials_[i * n];
      for (size_t j = 0; j < n; ++j) {
        row[j] -= scale;
        if (j != i && (fingerprints_[j] == fingerprints_[i] ||
                       fingerprints_[n + j] == fingerprints_[n + i])) {
          row[j] = -87;
        }
      }
      diagonal[i] = row[i];
      hits[t] += *std::max_element(row, row + n) == row[i];
      Exponentiate(row, n);
      float sum = 0;
      for (size_t j = 0; j < n; ++j) sum += row[j];
      row_sums[i] = sum;
      AddScaled(1, row, column_parts[t].data(), n);
    }
  });
  std::vector<float> column_sums(n);
  for (const auto& part : column_parts) AddScaled(1, part.data(), column_sums.data(), n);

  StepResult result;
  for (size_t j = 0; j < n; ++j) {
    result.loss += std::log(row_sums[j]) + std::log(column_sums[j]) - 2 * diagonal[j];
  }
  result.loss /= 2 * static_cast<float>(n);
  for (const int hit : hits) result.accuracy += static_cast<float>(hit) / static_cast<float>(n);

  // From exponentials to d loss / d S, in place: (row softmax + column softmax - 2 I).
  OnShares(threads, n, [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      float* row = &exponentials_[i * n];
      const float row_inverse = 1 / row_sums[i];
      for (size_t j = 0; j < n; ++j) row[j] *= row_inverse + 1 / column_sums[j];
      row[i] -= 2;
    }
  });
  gradients_.resize(2 * n * dimension);
  OnThreads(threads, [&](int t) {
    const size_t first = n * t / threads;
    const auto rows = static_cast<blasint>(n * (t + 1) / threads - first);
    const auto size = static_cast<blasint>(n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, dimension, size, scale / 2,
                &exponentials_[first * n], size, targets, dimension, 0,
                &gradients_[first * dimension], dimension);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, dimension, size, scale / 2,
                &exponentials_[first], size, sources, dimension, 0,
                &gradients_[(n + first) * dimension], dimension);
  });
  // Through the normalisation and the mean.
  OnShares(threads, sentences_.size(), [&](size_t first, size_t last) {
    for (size_t s = first; s < last; ++s) {
      float* gradient = &gradients_[s * dimension];
      const float* unit = &unit_vectors_[s * dimension];
      AddScaled(-Dot(gradient, unit, dimension), unit, gradient, dimension);
      const float share =
          1 / (norms_[s] * static_cast<float>(token_begin_[s + 1] - token_begin_[s]));
      for (blasint k = 0; k < dimension; ++k) gradient[k] *= share;
    }
  });
  return result;
}

void ContrastiveTrainer::Update(float learning_rate) {
  const size_t dimension = options_.dimension;
  const int threads = options_.threads;
  type_gradients_.assign(types_.size() * dimension, 0);
  OnThreads(threads, [&](int t) {
    const size_t first = dimension * t / threads;
    const size_t columns = dimension * (t + 1) / threads - first;
    for (size_t s = 0; s < sentences_.size(); ++s) {
      const float* gradient = &gradients_[s * dimension + first];
      for (int32_t k = token_begin_[s]; k < token_begin_[s + 1]; ++k) {
        AddScaled(1, gradient, &type_gradients_[tokens_[k] * dimension + first], columns);
      }
    }
  });
  std::vector<float> squared(types_.size());
  OnShares(threads, types_.size(), [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      const float* gradient = &type_gradients_[i * dimension];
      squared[i] = Dot(gradient, gradient, dimension) / static_cast<float>(dimension);
    }
  });
  OnThreads(threads, [&](int t) {
    const size_t first = dimension * t / threads;
    const size_t columns = dimension * (t + 1) / threads - first;
    std::vector<float>& squares = squares_[t];
    for (size_t i = 0; i < types_.size(); ++i) {
      const int64_t begin = features_.type_begin[types_[i]];
      const int64_t end = features_.type_begin[types_[i] + 1];
      const float* gradient = &type_gradients_[i * dimension + first];
      const float share = begin == end ? 0 : 1.0F / static_cast<float>(end - begin);
      for (int64_t k = begin; k < end; ++k) {
        const int32_t row = features_.type_rows[k];
        squares[row] += squared[i] * share * share;
        AddScaled(-learning_rate * share / std::sqrt(squares[row]), gradient,
                  &matrix_[row * dimension + first], columns);
        if (t == 0) ++row_uses_[row];
      }
    }
  });
}

void ContrastiveTrainer::WriteState(std::ostream& out) const {
  WriteAll(matrix_, out);
  WriteAll(squares_.front(), out);
  WriteAll(row_uses_, out);
}

void ContrastiveTrainer::ReadState(std::istream& in) {
  ReadAll(in, matrix_);
  ReadAll(in, squares_.front());
  ReadAll(in, row_uses_);
  for (std::vector<float>& squares : squares_) squares = squares_.front();
}

StepResult ContrastiveTrainer::Step(const std::vector<std::pair<int32_t, int32_t>>& batch,
                                    double progress) {
  CollectTypes(batch);
  EmbedTypes();
  EmbedSentences();
  const auto passed = static_cast<float>(progress);
  const StepResult result =
      LossAndGradient(options_.scale + passed * (options_.scale_end - options_.scale));
  const double decay = 1 - progress * (1 - kLearningRateEnd);
  Update(static_cast<float>(options_.learning_rate * decay));
  return result;
}

}  // namespace hexapla::training
