#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Aligns the files named and prints a line for each bead.

usage: align.py ADDRESS FILE FILE...        (from the root of the repository)

Needs Debian's python3-grpcio, python3-protobuf and protobuf-compiler, and the
protos that deploy/fetch-protos fetches. The schema is read at run time, so that
there is no generated code; protoc --python_out makes some if you prefer that.
"""
import subprocess
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "hexapla.v1.AlignmentService"


def load_schema():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-Iproto", "-Iproto/third_party/googleapis", "--include_imports",
                        f"--descriptor_set_out={out.name}",
                        "proto/hexapla/v1/alignment_service.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    return pool


def main(address, files):
    method = load_schema().FindServiceByName(SERVICE).methods_by_name["AlignDocuments"]
    factory = message_factory.MessageFactory()
    Request = factory.GetPrototype(method.input_type)
    Reply = factory.GetPrototype(method.output_type)

    request = Request()
    for name in files:
        with open(name, encoding="utf-8") as file:
            request.versions.add(text=file.read())
    request.options.return_text = True

    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{SERVICE}/{method.name}", Request.SerializeToString,
                                   Reply.FromString)
        try:
            reply = call(request, timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    for bead in reply.beads:
        sides = (" ".join(side.sentences) or "-" for side in bead.sides)
        print(f"{bead.probability:.2f}", *sides, sep="\t")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
