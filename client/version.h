// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_VERSION_H_
#define HEXAPLA_CLIENT_VERSION_H_

namespace hexapla {

// The version of the build, as CMake's project() states it.
#ifdef HEXAPLA_VERSION
inline constexpr char kVersion[] = HEXAPLA_VERSION;
#else
inline constexpr char kVersion[] = "unknown";
#endif

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_VERSION_H_
