// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_ECHO_TEXT_H_
#define HEXAPLA_TESTS_LOAD_ECHO_TEXT_H_

#include <algorithm>
#include <cstddef>
#include <string>

namespace hexapla::load {

// Sets `out` to `size` bytes of `payload`, over and over; payload is not empty.
inline void SetEcho(const std::string& payload, size_t size, std::string& out) {
  out.clear();
  out.reserve(size);
  while (out.size() < size) out.append(payload, 0, std::min(payload.size(), size - out.size()));
}

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_ECHO_TEXT_H_
