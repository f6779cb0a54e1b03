// The settings of index and search in @qdrant/js-client-rest take effect:
// node index_settings.mjs URL COLLECTION. It throws at the first difference.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(process.env.RHUMB_NODE_HOME + '/');
const {QdrantClient} = await import(pathToFileURL(require.resolve('@qdrant/js-client-rest')).href);
const [url, name] = process.argv.slice(2);
const client = new QdrantClient({url});
const ROWS = 12000, QUERIES = 25, K = 10, DIM = 32, COPIES = 30;

let state = 12345;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const vector = (around, by) =>
  Array.from({length: DIM}, (_, i) => Math.fround((around ? around[i] : 0) + by * normal()));

// "near" has copies that differ by less than a step of their codes.
const centres = Array.from({length: ROWS / COPIES}, () => vector(null, 1));
const base = {
  spread: Array.from({length: ROWS}, () => vector(null, 1)),
  near: Array.from({length: ROWS}, (_, i) => vector(centres[i % centres.length], 0.003)),
};
const queries = {
  spread: Array.from({length: QUERIES}, () => vector(null, 1)),
  near: centres.slice(0, QUERIES).map((c) => vector(c, 0.003)),
};
const square = (a, b) => a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
const truth = {};
for (const using of ['spread', 'near']) {
  truth[using] = queries[using].map((q) => {
    const order = base[using].map((row, id) => [square(row, q), id]).sort((x, y) => x[0] - y[0]);
    return new Set(order.slice(0, K).map(([, id]) => id));
  });
}
async function recall(using, params) {
  const searches = queries[using].map((query) => ({query, using, limit: K, params}));
  const replies = await client.queryBatch(name, {searches});
  const right = (reply, i) => reply.points.filter((p) => truth[using][i].has(p.id)).length;
  return replies.reduce((sum, reply, i) => sum + right(reply, i), 0) / (QUERIES * K);
}
async function untilIndexed(vectors) {
  let info;
  for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
    info = await client.getCollection(name);
    if (info.status === 'green' && info.indexed_vectors_count >= vectors - 128) return info;
  }
  assert.fail(JSON.stringify(info));
}

const size = {size: DIM, distance: 'Euclid'};
await client.createCollection(name, {
  vectors: {spread: {...size, on_disk: true, hnsw_config: {ef_construct: 50}}, near: size},
  hnsw_config: {m: 0}, quantization_config: {scalar: {type: 'int8', always_ram: true}},
});
for (let first = 0; first < ROWS; first += 1000) {
  const ids = Array.from({length: 1000}, (_, i) => first + i);
  const rows = (kind) => base[kind].slice(first, first + 1000);
  const vectors = {spread: rows('spread'), near: rows('near')};
  await client.upsert(name, {wait: true, batch: {ids, vectors}});
}
let info = await client.getCollection(name);
assert.equal(info.status, 'green');
assert.equal(info.indexed_vectors_count, 0, 'without links there is no graph');
assert.equal(info.config.hnsw_config.m, 0);
assert.equal(info.config.params.vectors.spread.on_disk, true);
assert.equal(info.config.params.vectors.spread.hnsw_config.ef_construct, 50);
assert.equal(info.config.quantization_config.scalar.type, 'int8');
assert.ok(await recall('spread', {hnsw_ef: 10}) >= 0.95, 'scanned');

await client.updateCollection(
  name, {hnsw_config: {m: 8}, quantization_config: {binary: {always_ram: true}}});
info = await untilIndexed(2 * ROWS);
assert.equal(info.config.hnsw_config.m, 8);
assert.deepEqual(info.config.quantization_config.binary, {always_ram: true});

const few = await recall('spread', {hnsw_ef: 10}), many = await recall('spread', {hnsw_ef: 400});
assert.ok(few < 0.85 && many > 0.95, `hnsw_ef: ${few}, ${many}`);
assert.equal(await recall('spread', {exact: true, hnsw_ef: 10}), 1);
const near = (quantization) => recall('near', {hnsw_ef: 300, quantization});
const bare = await near({rescore: false}), some = await near({rescore: true});
const over = await near({oversampling: 4});
assert.ok(bare < some && some <= over && over >= 0.97, `quantization: ${bare}, ${some}, ${over}`);
assert.ok(await near({ignore: true}) >= 0.97);
assert.equal(await client.deleteCollection(name), true);
console.log('settings passed');
