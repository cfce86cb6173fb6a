// SPDX-License-Identifier: Apache-2.0
//
// A client in JavaScript, made of the protos alone: aligns the files named and
// detects their languages, then prints both replies as one JSON object.
//
// usage: grpc_js_client.js ADDRESS NODE_MODULES PROTO_FOLDERS(colon-separated) FILE...
'use strict';

const fs = require('fs');

const [address, nodeModules, protoFolders, ...files] = process.argv.slice(2);
const packages = {paths: [nodeModules]};
const grpc = require(require.resolve('@grpc/grpc-js', packages));
const protoLoader = require(require.resolve('@grpc/proto-loader', packages));

const definition = protoLoader.loadSync(
    ['hexapla/v1/alignment_service.proto', 'hexapla/v1/language_service.proto'],
    {keepCase: true, enums: String, defaults: true, arrays: true,
     includeDirs: protoFolders.split(':')});
const hexapla = grpc.loadPackageDefinition(definition).hexapla.v1;

function call(Service, method, request) {
  const client = new Service(address, grpc.credentials.createInsecure());
  const deadline = Date.now() + 30000;
  return new Promise((resolve, reject) => {
    client[method](request, {deadline}, (error, reply) => {
      client.close();
      if (error) reject(error); else resolve(reply);
    });
  });
}

async function main() {
  const texts = files.map((file) => fs.readFileSync(file, 'utf8'));
  const alignment = await call(
      hexapla.AlignmentService, 'AlignDocuments',
      {versions: texts.map((text) => ({text})),
       options: {encoding_type: 'ENCODING_TYPE_UTF16', return_text: true}});
  const detection = await call(hexapla.LanguageService, 'DetectLanguages', {texts});
  // What a call with a mistake in it looks like from here.
  const refusal = await call(hexapla.AlignmentService, 'AlignDocuments',
                             {versions: [{text: 'alone'}]}).then(() => null, (error) => error);
  // Offsets in UTF-16 units are what JavaScript's own strings count.
  const cuts = alignment.summary.versions.map(
      (version, i) => version.sentences.map(({begin, end}) => texts[i].slice(begin, end)));
  console.log(JSON.stringify({alignment, detection, cuts, refusal: refusal && refusal.code}));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
