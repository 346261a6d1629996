// A client in another language that knows nothing of us but the protos: Google's own runtime for Node decodes our errors from
// `grpc-status-details-bin`. Run by ./run, which starts a server; node client.mjs HOST:PORT by hand.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const require = createRequire(import.meta.url);
const { grpc, GoogleError } = require('google-gax');
const protoLoader = require('@grpc/proto-loader');

const protos = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../proto');
const load = file =>
  grpc.loadPackageDefinition(protoLoader.loadSync(file, { includeDirs: [protos], keepCase: true, longs: String, defaults: true })).mes.v1;
const { UnitService } = load('mes/v1/unit.proto');
const { StationEventService } = load('mes/v1/station_event.proto');
const { ProductDefinitionService } = load('mes/v1/product_definition.proto');

const address = process.argv[2];
const credentials = grpc.credentials.createInsecure();
const call = (service, method, request) =>
  new Promise((resolve, reject) => {
    const client = new service(address, credentials);
    client[method](request, { deadline: Date.now() + 10_000 }, (error, response) => {
      client.close();
      error ? reject(error) : resolve(response);
    });
  });

// What Google's clients do with a failed call.
async function failure(service, method, request) {
  try {
    await call(service, method, request);
  } catch (error) {
    return GoogleError.parseGRPCStatusDetails(error);
  }
  assert.fail(`${method} should have failed`);
}

const unknownUnit = await failure(UnitService, 'GetUnit', { unit_code: 'NO-SUCH-UNIT' });
assert.equal(unknownUnit.code, grpc.status.NOT_FOUND);
assert.equal(unknownUnit.reason, 'UNIT_UNKNOWN');
assert.equal(unknownUnit.domain, 'mes.ordos');
assert.equal(unknownUnit.errorInfoMetadata.field, 'unit_code');

const unknownStation = await failure(StationEventService, 'RecordStationEvents', {
  station_code: 'NO-SUCH-STATION',
  epoch: 1,
  events: [{ sequence: 1, occur_time: { seconds: Math.floor(Date.now() / 1000) }, unit_code: 'U', arrived: {} }],
});
assert.equal(unknownStation.code, grpc.status.NOT_FOUND);
assert.equal(unknownStation.reason, 'STATION_UNKNOWN');
assert.equal(unknownStation.domain, 'mes.ordos');

const noRequestId = await failure(UnitService, 'ReceiveUnits', { material_code: 'X', unit_codes: ['U'] });
assert.equal(noRequestId.code, grpc.status.INVALID_ARGUMENT);
assert.equal(noRequestId.reason, 'FIELD_REQUIRED');
assert.equal(noRequestId.errorInfoMetadata.field, 'request_id');

const products = await call(ProductDefinitionService, 'ListProducts', { page_size: 5 });
assert.deepEqual(products.materials, []);

console.log('The stock client read reason, domain and field of 3 refusals.');
