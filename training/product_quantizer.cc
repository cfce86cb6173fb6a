// SPDX-License-Identifier: Apache-2.0
#include "training/product_quantizer.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "training/parallel.h"
#include "training/target_clones.h"

namespace hexapla::training {
namespace {

constexpr int kCentroids = 256;

// The nearest centroid; the lower index wins a tie. Centroids are stored
// column by column, so that the compiler compares many at once.
HEXAPLA_CLONES
int Nearest(const float* __restrict x, const float* __restrict columns, int width) {
  float distances[kCentroids] = {};
  for (int d = 0; d < width; ++d) {
    const float* column = columns + d * kCentroids;
    for (int c = 0; c < kCentroids; ++c) {
      const float difference = x[d] - column[c];
      distances[c] += difference * difference;
    }
  }
  float least = distances[0];
  for (int c = 1; c < kCentroids; ++c) least = std::min(least, distances[c]);
  int best = 0;
  while (distances[best] != least) ++best;
  return best;
}

// k-means over `points` (n x width). Returns the centroids column by column.
std::vector<float> KMeans(const std::vector<float>& points, int width, int iterations,
                          std::mt19937& random) {
  const size_t n = points.size() / width;
  std::vector<float> columns(static_cast<size_t>(width) * kCentroids);
  for (int c = 0; c < kCentroids; ++c) {
    const size_t from = random() % n;
    for (int d = 0; d < width; ++d) columns[d * kCentroids + c] = points[from * width + d];
  }
  std::vector<double> sums(columns.size());
  std::vector<size_t> counts(kCentroids);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::fill(sums.begin(), sums.end(), 0);
    std::fill(counts.begin(), counts.end(), 0);
    for (size_t i = 0; i < n; ++i) {
      const int c = Nearest(&points[i * width], columns.data(), width);
      ++counts[c];
      for (int d = 0; d < width; ++d) sums[d * kCentroids + c] += points[i * width + d];
    }
    for (int c = 0; c < kCentroids; ++c) {
      // An empty centroid moves to a random point.
      const size_t from = random() % n;
      for (int d = 0; d < width; ++d) {
        columns[d * kCentroids + c] =
            counts[c] > 0
                ? static_cast<float>(sums[d * kCentroids + c] / static_cast<double>(counts[c]))
                : points[from * width + d];
      }
    }
  }
  return columns;
}

std::vector<size_t> DrawRows(const std::vector<double>& weights, size_t count,
                             std::mt19937& random) {
  std::vector<double> sums;
  double sum = 0;
  for (const double weight : weights) sums.push_back(sum += weight);
  std::vector<size_t> rows;
  for (size_t i = 0; i < count; ++i) {
    const double at = (static_cast<double>(random()) + 0.5) / 4294967296.0 * sum;
    rows.push_back(std::upper_bound(sums.begin(), sums.end(), at) - sums.begin());
  }
  return rows;
}

// Never zero.
float Norm(const float* row, int dimension) {
  double sum = 0;
  for (int d = 0; d < dimension; ++d) sum += row[d] * row[d];
  return static_cast<float>(std::sqrt(sum)) + 1e-12F;
}

}  // namespace

void QuantizedMatrix::Decode(int64_t row, float* out) const {
  const float norm = norms[norm_codes[row]];
  for (int p = 0; p < parts(); ++p) {
    const float* centroid = &centroids[static_cast<size_t>(p) * kCentroids * part +
                                       codes[row * parts() + p] * width(p)];
    for (int d = 0; d < width(p); ++d) out[p * part + d] = norm * centroid[d];
  }
}

RowEncoder::RowEncoder(QuantizedMatrix& matrix) : matrix_(matrix) {
  for (int p = 0; p < matrix.parts(); ++p) {
    const int width = matrix.width(p);
    const float* centroids = &matrix.centroids[static_cast<size_t>(p) * kCentroids * matrix.part];
    for (int d = 0; d < width; ++d) {
      for (int c = 0; c < kCentroids; ++c) columns_.push_back(centroids[c * width + d]);
    }
  }
}

void RowEncoder::Store(int64_t row, const float* values) const {
  const float norm = Norm(values, matrix_.dimension);
  std::vector<float> direction(values, values + matrix_.dimension);
  for (float& x : direction) x *= 1 / norm;
  const int parts = matrix_.parts();
  for (int p = 0; p < parts; ++p) {
    const int begin = p * matrix_.part;
    matrix_.codes[row * parts + p] = static_cast<uint8_t>(Nearest(
        &direction[begin], &columns_[static_cast<size_t>(begin) * kCentroids], matrix_.width(p)));
  }
  matrix_.norm_codes[row] = static_cast<uint8_t>(Nearest(&norm, matrix_.norms.data(), 1));
}

QuantizedMatrix Quantize(const std::vector<float>& matrix, int dimension,
                         const std::vector<double>& weights, const QuantizerOptions& options) {
  const size_t rows = matrix.size() / dimension;
  QuantizedMatrix result;
  result.rows = static_cast<int64_t>(rows);
  result.dimension = dimension;
  result.part = options.part;
  result.codes.resize(rows * result.parts());
  result.centroids.resize(static_cast<size_t>(dimension) * kCentroids);
  result.norm_codes.resize(rows);
  std::mt19937 random(options.seed);
  const std::vector<size_t> sample = DrawRows(weights, options.sample, random);

  std::vector<float> norms;
  for (const size_t row : sample) norms.push_back(Norm(&matrix[row * dimension], dimension));
  result.norms = KMeans(norms, 1, options.iterations, random);

  const uint32_t seed = random();
  OnThreads(options.threads, [&](int t) {
    for (int p = t; p < result.parts(); p += options.threads) {
      const int begin = p * options.part;
      const int width = result.width(p);
      std::vector<float> points;
      for (size_t i = 0; i < sample.size(); ++i) {
        for (int d = 0; d < width; ++d) {
          points.push_back(matrix[sample[i] * dimension + begin + d] * (1 / norms[i]));
        }
      }
      std::mt19937 own(seed + p);
      const std::vector<float> columns = KMeans(points, width, options.iterations, own);
      float* centroids = &result.centroids[static_cast<size_t>(p) * kCentroids * options.part];
      for (int c = 0; c < kCentroids; ++c) {
        for (int d = 0; d < width; ++d) centroids[c * width + d] = columns[d * kCentroids + c];
      }
    }
  });
  const RowEncoder encoder(result);
  OnShares(options.threads, rows, [&](size_t first, size_t last) {
    for (size_t r = first; r < last; ++r) {
      encoder.Store(static_cast<int64_t>(r), &matrix[r * dimension]);
    }
  });
  return result;
}

}  // namespace hexapla::training
