// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CONNECTION_H_
#define HEXAPLA_CLIENT_CONNECTION_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "client/connection_options.h"

namespace hexapla {

// Connects to one server, or to several in turn (round robin), and waits until
// the first of them answers. Calls over the channel are repeated while their
// server is UNAVAILABLE or cancels them as it stops, a few times within two seconds;
// of several servers, those that say they are not serving are passed over. A peer that vanished
// without a word is noticed within half a minute, and the call fails as UNAVAILABLE.
//
// Addresses are those of ParseServerAddress; several must all be of hosts.
//
// Errors: Unavailable if no connection stands after `timeout`, or for one of
// several hosts that has no address; InvalidArgument for a malformed address and
// for what ReadTransportFiles refuses.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::vector<std::string>& servers,
                                                       absl::Duration timeout,
                                                       const TransportSecurity& security = {});

// The name by which gRPC reaches all of `servers`. Errors: as Connect.
absl::StatusOr<std::string> ChannelTarget(const std::vector<std::string>& servers);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CONNECTION_H_
