// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_TARGET_CLONES_H_
#define HEXAPLA_TRAINING_TARGET_CLONES_H_

// HEXAPLA_CLONES before a function with a plain loop: compiles it for several
// instruction sets, of which the loader picks the best. Elsewhere than on
// x86-64 it means nothing; nor under ThreadSanitizer, whose own start-up comes
// after the loader's choice and crashes it.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define HEXAPLA_CLONES __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define HEXAPLA_CLONES
#endif

#endif  // HEXAPLA_TRAINING_TARGET_CLONES_H_
