// SPDX-License-Identifier: Apache-2.0
//
// Aligns the files named and prints a line for each bead.
//
// usage: node examples/node/align.js ADDRESS FILE FILE...
//
// Needs @grpc/grpc-js and @grpc/proto-loader (npm install in this folder), and the
// protos that deploy/fetch-protos fetches.
'use strict';

const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const protos = path.join(__dirname, '../../proto');
const definition = protoLoader.loadSync('hexapla/v1/alignment_service.proto', {
  keepCase: true,
  defaults: true,
  includeDirs: [protos, path.join(protos, 'third_party/googleapis')],
});
const {AlignmentService} = grpc.loadPackageDefinition(definition).hexapla.v1;

const [address, ...files] = process.argv.slice(2);
const client = new AlignmentService(address, grpc.credentials.createInsecure());
const request = {
  versions: files.map((file) => ({text: fs.readFileSync(file, 'utf8')})),
  options: {return_text: true},
};

client.AlignDocuments(request, {deadline: Date.now() + 60000}, (error, reply) => {
  client.close();
  if (error) {
    console.error(`${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
    return;
  }
  for (const {probability, sides} of reply.beads) {
    const texts = sides.map(({sentences}) => sentences.join(' ') || '-');
    console.log([probability.toFixed(2), ...texts].join('\t'));
  }
});
