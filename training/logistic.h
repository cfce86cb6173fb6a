// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_LOGISTIC_H_
#define HEXAPLA_TRAINING_LOGISTIC_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace hexapla::training {

// One observation of a logistic regression.
template <size_t N>
struct Observation {
  std::array<double, N> features = {};
  bool positive = false;
  double weight = 1;
};

template <size_t N>
double LogOdds(const std::array<double, N>& parameters, const std::array<double, N>& features) {
  double sum = 0;
  for (size_t k = 0; k < N; ++k) sum += parameters[k] * features[k];
  return sum;
}

inline double Logistic(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

// Solves the symmetric positive definite system `a x = b` by Gaussian
// elimination; `a` is row after row.
template <size_t N>
std::array<double, N> Solve(std::array<std::array<double, N>, N> a, std::array<double, N> b) {
  for (size_t i = 0; i < N; ++i) {
    for (size_t r = i + 1; r < N; ++r) {
      const double factor = a[r][i] / a[i][i];
      for (size_t c = i; c < N; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  for (size_t i = N; i-- > 0;) {
    for (size_t c = i + 1; c < N; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

// The parameters of the most probable model, with a penalty of half
// `regularization` times the square of each, but for the last, the intercept.
// The observations' weights are taken in proportion. Newton's method: a few
// passes suffice for the few parameters there are.
template <size_t N>
std::array<double, N> FitLogistic(const std::vector<Observation<N>>& observations,
                                  double regularization) {
  std::array<double, N> parameters = {};
  double total = 0;
  for (const auto& one : observations) total += one.weight;
  for (int pass = 0; pass < 25; ++pass) {
    std::array<double, N> gradient = {};
    std::array<std::array<double, N>, N> curvature = {};
    for (const auto& one : observations) {
      const double p = Logistic(LogOdds(parameters, one.features));
      const double weight = one.weight / total;
      for (size_t i = 0; i < N; ++i) {
        gradient[i] += weight * ((one.positive ? 1 : 0) - p) * one.features[i];
        for (size_t j = 0; j < N; ++j) {
          curvature[i][j] += weight * p * (1 - p) * one.features[i] * one.features[j];
        }
      }
    }
    for (size_t i = 0; i < N; ++i) {
      const double penalty = i + 1 < N ? regularization : 0;
      gradient[i] -= penalty * parameters[i];
      curvature[i][i] += penalty + 1e-9;
    }
    const std::array<double, N> step = Solve(curvature, gradient);
    double largest = 0;
    for (size_t i = 0; i < N; ++i) {
      parameters[i] += std::clamp(step[i], -2.0, 2.0);
      largest = std::max(largest, std::abs(step[i]));
    }
    if (largest < 1e-6) break;
  }
  return parameters;
}

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_LOGISTIC_H_
