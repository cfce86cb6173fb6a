// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_SPAN_LATTICE_H_
#define HEXAPLA_SERVER_LANGID_SPAN_LATTICE_H_

#include <cstddef>
#include <vector>

namespace hexapla {

// A sequence of units, each in one of a few languages (states): a hidden Markov
// chain in which every change of language costs the same whatever the two are,
// but for how common the new one is. All numbers are natural logarithms.
//
//   score of a path = sum of evidence(unit, its state)
//                   + for the first unit, and where the state changes:
//                     log_shares[new state] - cost of a change before the unit
//
// Invariants: evidence.size() == change_costs.size() * states; states >= 1.
struct SpanLattice {
  size_t states = 1;
  std::vector<float> evidence;      // unit by unit, one a state
  std::vector<float> change_costs;  // one a unit; that of the first is unused
  std::vector<float> log_shares;    // one a state

  size_t units() const { return change_costs.size(); }
  float Evidence(size_t unit, size_t state) const { return evidence[unit * states + state]; }
};

// The states of the best path, one a unit. Of equal paths, one that changes less
// often and then one with lower states. Cost: units x states, in time and memory.
std::vector<size_t> BestPath(const SpanLattice& lattice);

// The probability of every state at every unit, unit by unit: the share that
// paths through it have in all paths, weighted by exp(score). Cost: as above.
std::vector<float> Posteriors(const SpanLattice& lattice);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_SPAN_LATTICE_H_
