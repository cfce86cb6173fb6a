# SPDX-License-Identifier: Apache-2.0
"""Strict and lax precision, recall and F1 of sentence alignments.

The conventions are those of Vecalign's scorer (Thompson and Koehn 2019), here
for two versions or more. A bead is a tuple of index tuples, one per version.

* Counts are pooled over the documents of a set; a document's beads are a set.
* Precision counts every bead of the system, deletions included. A bead is
  strictly right when it stands in the gold as it is; laxly right when it is
  strictly right or some pair of its sentences (of two versions) stands together
  in a gold bead. A wrong deletion is wrong in both senses.
* Recall leaves out beads of one version only, on both sides.
* F1 is the harmonic mean of that precision and that recall.
"""
from ast import literal_eval


def parse_beads(text):
    """The beads of `[0]:[0, 1]` lines; anything after the lists is ignored."""
    beads = []
    for line in text.splitlines():
        if line.strip():
            sides = [side.strip() for side in line.split(":")]
            beads.append(tuple(tuple(literal_eval(side)) for side in sides if side.startswith("[")))
    return beads


def sides_of(bead):
    return sum(1 for side in bead if side)


def linked_pairs(beads):
    """Every ((version, sentence), (version, sentence)) that shares a bead."""
    pairs = set()
    for bead in beads:
        members = [(v, s) for v, side in enumerate(bead) for s in side]
        pairs.update((a, b) for a in members for b in members if a[0] < b[0])
    return pairs


def count_right(reference, beads):
    """(strictly right, laxly right, all) of `beads` against `reference`."""
    known = {bead for bead in reference if any(bead)}
    judged = {bead for bead in beads if any(bead)}
    linked = linked_pairs(known)
    strict = sum(bead in known for bead in judged)
    lax = sum(bead in known or bool(linked_pairs([bead]) & linked) for bead in judged)
    return strict, lax, len(judged)


class Score:
    """Sums over the documents of a set."""

    def __init__(self):
        self.precision = [0, 0, 0]
        self.recall = [0, 0, 0]

    def add(self, gold, beads):
        gold_linked = [bead for bead in gold if sides_of(bead) > 1]
        beads_linked = [bead for bead in beads if sides_of(bead) > 1]
        for sums, counts in (
            (self.precision, count_right(gold, beads)),
            (self.recall, count_right(beads_linked, gold_linked)),
        ):
            for i, count in enumerate(counts):
                sums[i] += count

    def figures(self, lax):
        """(precision, recall, F1)."""
        at = 1 if lax else 0
        precision = self.precision[at] / self.precision[2] if self.precision[2] else 0.0
        recall = self.recall[at] / self.recall[2] if self.recall[2] else 0.0
        total = precision + recall
        return precision, recall, 2 * precision * recall / total if total else 0.0
