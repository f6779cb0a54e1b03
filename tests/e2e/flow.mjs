// Drives the server through @qdrant/js-client-rest: node flow.mjs URL COLLECTION DATA, the
// server's data directory. It throws (exit status 1) at the first unexpected result.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(process.env.RHUMB_NODE_HOME + '/');
const {QdrantClient} = await import(pathToFileURL(require.resolve('@qdrant/js-client-rest')).href);
const [url, name, data] = process.argv.slice(2);
const client = new QdrantClient({url});

assert.equal((await client.collectionExists(name)).exists, false);
const vectors = {size: 4, distance: 'Cosine'};
assert.equal(await client.createCollection(name, {vectors, shard_number: 2}), true);
await assert.rejects(client.createCollection(name, {vectors}), (e) => e.status === 409);
assert.ok((await client.getCollections()).collections.some((c) => c.name === name));
for (const [field_name, field_schema] of [['city', 'keyword'], ['n', 'integer']]) {
  const made = await client.createPayloadIndex(name, {field_name, field_schema, wait: true});
  assert.equal(made.status, 'completed');
}

const uuid = '5c56c793-69f3-4fbf-87e6-c4bf54c28c26';
const cities = ['Berlin', 'London', 'Moscow', 'Berlin'];
let r = await client.upsert(name, {wait: true, points: cities.map((city, i) => ({
  id: i === 3 ? uuid : i + 1,
  vector: [0.1 * (i + 1), 0.9, 0.3 * i, 0.2],
  payload: {city, n: i, nested: {deep: [1, 2]}},
}))});
assert.equal(r.status, 'completed');
const info = await client.getCollection(name);
assert.equal(info.points_count, 4);
assert.equal(info.payload_schema.city.data_type, 'keyword');
assert.equal(info.config.params.vectors.size, 4);

let hits = (await client.query(
  name, {query: [0.2, 0.9, 0.3, 0.2], limit: 3, with_payload: true, with_vector: true})).points;
assert.equal(hits.length, 3);
assert.equal(hits[0].id, 2);
assert.equal(hits[0].payload.city, 'London');
assert.equal(hits[0].vector.length, 4);
assert.ok(hits[0].score >= hits[1].score);
const inBerlin = {must: [{key: 'city', match: {value: 'Berlin'}}]};
hits = (await client.query(name, {query: 1, filter: inBerlin})).points;
assert.deepEqual(hits.map((h) => h.id), [uuid]);
const batch = await client.queryBatch(
  name, {searches: [{query: [1, 0, 0, 0], limit: 1}, {query: 2, limit: 2}]});
assert.deepEqual(batch.map((b) => b.points.length), [1, 2]);

assert.equal((await client.retrieve(name, {ids: [1, uuid, 99], with_vector: false})).length, 2);
const elsewhere = {must_not: [{key: 'city', match: {any: ['Berlin']}}]};
assert.equal((await client.count(name, {filter: elsewhere, exact: true})).count, 2);
const page = await client.scroll(name, {limit: 3, with_payload: ['city']});
assert.equal(page.points.length, 3);
assert.equal(page.next_page_offset, uuid);
assert.deepEqual(Object.keys(page.points[0].payload), ['city']);

await client.setPayload(name, {payload: {seen: true}, points: [1], wait: true});
await client.overwritePayload(name, {payload: {only: 1}, points: [2], wait: true});
await client.deletePayload(name, {keys: ['nested'], points: [1], wait: true});
await client.clearPayload(name, {points: [3], wait: true});
const after = await client.retrieve(name, {ids: [1, 2, 3]});
assert.deepEqual(after[0].payload, {city: 'Berlin', n: 0, seen: true});
assert.deepEqual(after[1].payload, {only: 1});
assert.deepEqual(after[2].payload ?? {}, {});
await client.updateVectors(name, {wait: true, points: [{id: 1, vector: [0, 0, 0, 2]}]});
const turned = await client.retrieve(name, {ids: [1], with_vector: true});
assert.deepEqual(turned[0].vector, [0, 0, 0, 1]);
await client.batchUpdate(name, {wait: true, operations: [
  {upsert: {points: [{id: 7, vector: [1, 1, 1, 1], payload: {n: 7}}]}},
  {set_payload: {payload: {x: 1}, points: [7]}},
  {delete: {points: [2]}},
]});
assert.deepEqual((await client.retrieve(name, {ids: [7]}))[0].payload, {n: 7, x: 1});
await client.delete(name, {wait: true, filter: {must: [{key: 'n', match: {value: 7}}]}});
assert.equal((await client.count(name)).count, 3);

await client.updateCollectionAliases(
  {actions: [{create_alias: {collection_name: name, alias_name: name + '_alias'}}]});
assert.equal((await client.count(name + '_alias')).count, 3);
assert.ok((await client.getAliases()).aliases.some((a) => a.alias_name === name + '_alias'));
await client.updateCollectionAliases({actions: [{delete_alias: {alias_name: name + '_alias'}}]});
await client.updateCollection(name, {hnsw_config: {m: 20}});
assert.equal((await client.getCollection(name)).config.hnsw_config.m, 20);
await client.deletePayloadIndex(name, 'n', {wait: true});
assert.equal((await client.getCollection(name)).payload_schema.n, undefined);
await assert.rejects(client.query(name, {query: [1, 2]}), (e) => e.status === 400);
const rows = name + '_rows';
const multivector_config = {comparator: 'max_sim'};
await client.createCollection(rows, {vectors: {size: 2, distance: 'Dot', multivector_config}});
const made = (await client.getCollection(rows)).config.params.vectors;
assert.equal(made.multivector_config.comparator, 'max_sim');
await client.upsert(
  rows, {wait: true, points: [{id: 1, vector: [[1, 2], [3, 4]]}, {id: 2, vector: [[0, 1]]}]});
hits = (await client.query(rows, {query: [[1, 0], [0, 1]], with_vector: true})).points;
assert.deepEqual(
  hits.map((h) => [h.id, h.score, h.vector]), [[1, 7, [[1, 2], [3, 4]]], [2, 1, [[0, 1]]]]);
assert.equal(await client.deleteCollection(rows), true);

const snapshot = await client.createSnapshot(name);
assert.equal(snapshot.checksum.length, 64);
assert.deepEqual((await client.listSnapshots(name)).map((s) => s.name), [snapshot.name]);
await client.delete(name, {wait: true, points: [1, 2]});
const location = `file://${data}/snapshots/${name}/${snapshot.name}`;
assert.equal(await client.recoverSnapshot(name, {location, priority: 'snapshot'}), true);
assert.equal((await client.count(name)).count, 3);
assert.equal(await client.deleteSnapshot(name, snapshot.name), true);
const ofShard = await client.createShardSnapshot(name, 1, {wait: true});
assert.deepEqual((await client.listShardSnapshots(name, 1)).map((s) => s.name), [ofShard.name]);
assert.equal(await client.deleteShardSnapshot(name, 1, ofShard.name, {wait: true}), true);
const full = await client.createFullSnapshot();
assert.ok((await client.listFullSnapshots()).some((s) => s.name === full.name));
assert.equal(await client.deleteFullSnapshot(full.name), true);

assert.equal(await client.deleteCollection(name), true);
assert.equal((await client.collectionExists(name)).exists, false);
console.log('flow passed');
