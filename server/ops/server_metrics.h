// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_SERVER_METRICS_H_
#define HEXAPLA_SERVER_OPS_SERVER_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

#include "absl/time/time.h"

#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/ops/connection_listener.h"
#include "server/ops/tls_credentials.h"
#include "server/service/stream_memory.h"

namespace hexapla {

// The state of the server and its process at the moment of a scrape: the pool, the
// streams, the models, connections, the certificate, what the process takes. Nothing
// is kept, so it costs nothing between scrapes.
//
// Threads: Collect may be called concurrently.
class ServerMetrics final : public prometheus::Collectable {
 public:
  // Borrows all but the last. `tls` is null without TLS.
  ServerMetrics(const WorkerPool& pool, const StreamMemory& streams, const CurrentModels& models,
                const ConnectionListener& listener, std::shared_ptr<const CurrentTls> tls)
      : pool_(pool),
        streams_(streams),
        models_(models),
        listener_(listener),
        tls_(std::move(tls)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const WorkerPool& pool_;
  const StreamMemory& streams_;
  const CurrentModels& models_;
  const ConnectionListener& listener_;
  const std::shared_ptr<const CurrentTls> tls_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_SERVER_METRICS_H_
