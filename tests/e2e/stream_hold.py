# SPDX-License-Identifier: Apache-2.0
"""A stream that holds what a server grants all streams together, which makes it an
overloaded one for all others."""

import queue

import grpc

import harness


class StreamHold:
    """Holds `size` bytes of text in a set that it does not end, until it is left."""

    def __init__(self, api, server, size):
        self._api, self._server, self._size = api, server, size
        self._requests = queue.Queue()

    def __enter__(self):
        request = self._api.type("StreamAlignDocumentsRequest")
        self._channel = grpc.insecure_channel(self._server.target())
        call = self._api.method(self._channel, "AlignmentService", "StreamAlignDocuments",
                                request())
        # Kept: who forgets a call cancels it.
        self._replies = call(iter(self._requests.get, None))
        versions = [{"language": "en"}, {"language": "fr"}]
        self._requests.put(request(request_id="held", open={"versions": versions}))
        self._requests.put(request(request_id="held", chunk={"text": b"x" * self._size}))
        # The answer to this says that the text is there: steps are taken in order.
        self._requests.put(request(request_id="bad", documents={}))
        assert next(self._replies).request_id == "bad"
        return self

    def __exit__(self, *unused):
        self._requests.put(None)
        self._channel.close()


def wait_for_retry(client):
    """Reads what a client says until it says that it tries again."""
    said = []
    for line in client.stderr:
        said.append(line.decode())
        if "trying again" in said[-1]:
            return
    raise AssertionError("".join(said) + f"exit code {client.wait(harness.SECONDS_OF_A_CALL)}")
