// SPDX-License-Identifier: Apache-2.0
//
// Because a change costs the same from every language, its best predecessor is
// the best state of the unit before, whatever follows: a step is O(states), not
// O(states^2). The sums of the forward and backward passes shrink in the same
// way. Probabilities are kept scaled to a sum of 1 at every unit, so products of
// any length stay in range.

#include "server/langid/span_lattice.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace hexapla {
namespace {

void Normalize(float* values, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += values[i];
  const float scale = sum > 0 ? static_cast<float>(1 / sum) : 0.0f;
  for (size_t i = 0; i < size; ++i) values[i] = sum > 0 ? values[i] * scale : 1.0f / size;
}

// exp(evidence) of `unit` up to a common factor, the largest being 1.
void Likelihoods(const SpanLattice& lattice, size_t unit, std::vector<float>& likelihoods) {
  float largest = lattice.Evidence(unit, 0);
  for (size_t s = 1; s < lattice.states; ++s) {
    largest = std::max(largest, lattice.Evidence(unit, s));
  }
  likelihoods.resize(lattice.states);
  for (size_t s = 0; s < lattice.states; ++s) {
    likelihoods[s] = std::exp(lattice.Evidence(unit, s) - largest);
  }
}

}  // namespace

std::vector<size_t> BestPath(const SpanLattice& lattice) {
  const size_t units = lattice.units();
  const size_t states = lattice.states;
  std::vector<size_t> path(units);
  if (units == 0) return path;
  std::vector<uint8_t> changed(units * states, 0);
  std::vector<size_t> best_before(units, 0);
  std::vector<float> scores(states);
  for (size_t s = 0; s < states; ++s) scores[s] = lattice.log_shares[s] + lattice.Evidence(0, s);
  for (size_t u = 1; u < units; ++u) {
    const auto best = std::max_element(scores.begin(), scores.end());
    best_before[u] = static_cast<size_t>(best - scores.begin());
    // Against the best, so that the sums of a long text keep their precision.
    const float best_score = *best;
    for (size_t s = 0; s < states; ++s) {
      const float stay = scores[s] - best_score;
      const float change = lattice.log_shares[s] - lattice.change_costs[u];
      changed[u * states + s] = change > stay && s != best_before[u];
      scores[s] = (changed[u * states + s] ? change : stay) + lattice.Evidence(u, s);
    }
  }
  path[units - 1] =
      static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  for (size_t u = units - 1; u > 0; --u) {
    path[u - 1] = changed[u * states + path[u]] ? best_before[u] : path[u];
  }
  return path;
}

std::vector<float> Posteriors(const SpanLattice& lattice) {
  const size_t units = lattice.units();
  const size_t states = lattice.states;
  std::vector<float> forward(units * states);
  if (units == 0) return forward;
  std::vector<float> shares(states);
  for (size_t s = 0; s < states; ++s) shares[s] = std::exp(lattice.log_shares[s]);
  std::vector<float> likelihoods;
  for (size_t u = 0; u < units; ++u) {
    Likelihoods(lattice, u, likelihoods);
    float* const now = forward.data() + u * states;
    const float* const before = now - states;
    // The sum over the states before is 1.
    const float change = u == 0 ? 1.0f : std::exp(-lattice.change_costs[u]);
    for (size_t s = 0; s < states; ++s) {
      now[s] = ((u == 0 ? 0.0f : before[s] * (1 - change * shares[s])) + change * shares[s]) *
               likelihoods[s];
    }
    Normalize(now, states);
  }
  // backward[s], times forward, is the posterior.
  std::vector<float> backward(states, 1.0f);
  for (size_t u = units - 1; u > 0; --u) {
    Likelihoods(lattice, u, likelihoods);
    const float change = std::exp(-lattice.change_costs[u]);
    double changing = 0;
    for (size_t s = 0; s < states; ++s) {
      backward[s] *= likelihoods[s];
      changing += change * shares[s] * backward[s];
    }
    for (size_t s = 0; s < states; ++s) {
      backward[s] = static_cast<float>(backward[s] * (1 - change * shares[s]) + changing);
    }
    Normalize(backward.data(), states);
    float* const before = forward.data() + (u - 1) * states;
    for (size_t s = 0; s < states; ++s) before[s] *= backward[s];
    Normalize(before, states);
  }
  return forward;
}

}  // namespace hexapla
