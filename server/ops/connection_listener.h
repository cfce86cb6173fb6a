// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_CONNECTION_LISTENER_H_
#define HEXAPLA_SERVER_OPS_CONNECTION_LISTENER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "server/base/mutex.h"
#include "server/ops/listen_address.h"
#include "server/ops/log.h"

namespace hexapla {

struct ConnectionListenerOptions {
  // Connections that may be open at a time. Fewer, when the descriptors that the
  // system grants do not suffice for them and the rest of the process.
  int connections_max = 0;
  // How long the peer's system may leave what was sent without a sign of life.
  absl::Duration unacknowledged_max = absl::Seconds(10);
};

// A moment's numbers.
struct ConnectionStats {
  int open = 0;
  int open_max = 0;
  uint64_t refused = 0;
};

// Listens, and hands the connections over as they come in; hangs up at once on
// those beyond the limit. A shortage of descriptors is waited out.
//
// It stands in for gRPC's own listener, which in 1.51 accepts without a bound
// and, once the descriptors have run out, never again.
//
// Cost: a thread that sleeps. Threads: stats may be called concurrently.
class ConnectionListener {
 public:
  // Owns the connection from then on: a socket that does not block.
  using Taker = absl::AnyInvocable<void(int listener, int connection)>;

  // Who connects from now on waits for Start. Errors: FailedPrecondition when an
  // address cannot be listened on, with the system's reason.
  static absl::StatusOr<std::unique_ptr<ConnectionListener>> Create(
      const std::vector<ListenAddress>& addresses, const ConnectionListenerOptions& options);
  ~ConnectionListener() { Stop(); }

  ConnectionListener(const ConnectionListener&) = delete;
  ConnectionListener& operator=(const ConnectionListener&) = delete;

  // In the order of the addresses given, with the real ports.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // What of the names given this machine does not have, with reasons.
  const std::vector<std::string>& left_out() const { return left_out_; }

  // Hands over to `take`, on a thread of its own, until Stop. Once.
  void Start(Taker take);

  // Listens no more; connections that were handed over go on. Idempotent.
  void Stop();

  ConnectionStats stats() const;

 private:
  explicit ConnectionListener(const ConnectionListenerOptions& options);
  absl::Status Listen(const ListenAddress& address);
  void Run();
  void AcceptFrom(int listener);
  // Whether the connection is within the limit; it then counts until it is closed.
  bool Admit(int connection);
  void ForgetClosed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Sleeps, unless Stop is called.
  void Pause(absl::Duration duration) const;

  const ConnectionListenerOptions options_;
  const int open_max_;
  std::vector<std::string> addresses_;
  std::vector<std::string> left_out_;
  std::vector<int> listeners_;
  std::vector<std::string> paths_;  // of Unix sockets
  // Readable once it is to stop.
  int wake_ = -1;
  Taker take_;
  std::thread thread_;

  mutable Mutex mutex_;
  // Those handed over, by descriptor, with their inodes: who has the connection
  // closes it without a word, and the descriptor is then another file's or none.
  mutable absl::flat_hash_map<int, ino_t> open_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time complained_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  LogLimit shortages_;
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_CONNECTION_LISTENER_H_
