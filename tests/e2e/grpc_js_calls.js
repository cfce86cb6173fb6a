// SPDX-License-Identifier: Apache-2.0
//
// Makes calls over TLS, made of the protos alone: reads a JSON array of
// {service, method, requests} from standard input and prints an array of
// {replies, code, details}: what came, the status (0 is OK), and the details of an
// error as base64.
//
// usage: grpc_js_calls.js ADDRESS NODE_MODULES PROTO_FOLDERS(colon-separated) CA TOKEN
'use strict';

const fs = require('fs');

const [address, nodeModules, protoFolders, ca, token] = process.argv.slice(2);
const packages = {paths: [nodeModules]};
const grpc = require(require.resolve('@grpc/grpc-js', packages));
const protoLoader = require(require.resolve('@grpc/proto-loader', packages));

const definition = protoLoader.loadSync(
    ['alignment', 'embedding', 'language', 'model'].map(
        (name) => `hexapla/v1/${name}_service.proto`),
    {enums: String, includeDirs: protoFolders.split(':')});
const hexapla = grpc.loadPackageDefinition(definition).hexapla.v1;
const tls = grpc.credentials.createSsl(fs.readFileSync(ca));

function make({service, method, requests}) {
  const client = new hexapla[service](address, tls);
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  const options = {deadline: Date.now() + 60000};
  const replies = [];
  return new Promise((resolve) => {
    const end = (error) => {
      client.close();
      const details = error && error.metadata.get('grpc-status-details-bin')[0];
      resolve({replies, code: error ? error.code : 0,
               details: details ? details.toString('base64') : ''});
    };
    if (client[method].requestStream) {
      let failure = null;
      const stream = client[method](metadata, options);
      stream.on('data', (reply) => replies.push(reply));
      stream.on('error', (error) => { failure = error; });
      stream.on('status', ({code}) => end(code === 0 ? null : failure || {code, metadata}));
      requests.forEach((request) => stream.write(request));
      stream.end();
    } else {
      client[method](requests[0], metadata, options, (error, reply) => {
        if (reply) replies.push(reply);
        end(error);
      });
    }
  });
}

async function main() {
  const results = [];
  for (const call of JSON.parse(fs.readFileSync(0, 'utf8'))) results.push(await make(call));
  console.log(JSON.stringify(results));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
