// Check a raffle of Fairstar from its public files, in a browser or in Node; no dependencies.
//
//   import { verify } from "./verify.js";
//   const notes = await verify(proof, entries, { rules, key });   // throws Wrong
//
// `proof` is the parsed document, `entries` the text of the list, `rules` bytes (optional), `key` the
// organiser's public key in hex (optional). On the command line: node verify-cli.mjs proof.json
// entries.csv. WebCrypto is there on secure origins (https, localhost) only.

const FORMAT = "fairstar/raffle/v1";
const VOID_FORMAT = "fairstar/raffle/void/v1";
const SIGNED = "raffle_id rules_hash N T Wm Wc pool_root ledger_checkpoint chain_hash round".split(" ");
const SEEDING = "raffle_id rules_hash pool_root N T chain_hash round".split(" ");
const LINE = /^([0-9a-f]{32}),([0-9a-f]{64}),([0-9a-f]{0,64})$/;
const QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
const GENESIS = 1692803367;
const PERIOD = 3;
const LINKS_MAX = 100000;
const AT_ONCE = 2000;

export class Wrong extends Error {}

const text = new TextEncoder();

function require(holds, what) {
  if (!holds) throw new Wrong(what);
}

/** Return notes on what could not be checked here; throw Wrong where something fails. */
export async function verify(proof, entries, { rules = null, key = null } = {}) {
  const { manifest, beacon } = proof;
  require(proof.algorithm === FORMAT, "the algorithm is another one");
  requireForms(manifest);
  const tickets = await readEntries(entries, manifest);
  const others = manifest.N - manifest.Wm;
  const capped = manifest.T <= 4 * manifest.Wm; // few tickets: each prize has four at most
  require(others <= 0 || capped || 4 * manifest.Wc >= others, "too few prizes for a quarter");
  const statement = canonical([FORMAT, ...SIGNED.map((name) => manifest[name])]);
  const signed = await isSigned(manifest.public_key, statement, manifest.signature);
  require(signed, "the signature is not of this manifest");
  require(key === null || key === manifest.public_key, "the manifest is signed by another key");
  const notes = [];
  if (key === null) notes.push(`signed by ${manifest.public_key}: compare it with the organiser's`);
  if (rules === null) notes.push("the rules were not given, so they were not compared");
  else require(hex(await sha256(rules)) === manifest.rules_hash, "the rules are not those that were sealed");
  notes.push(...(await checkBeacon(manifest, beacon)));
  const gone = await checkVoid(proof, tickets);
  const seed = await seedOf(manifest, beacon);
  require(proof.seed === hex(seed), "the seed does not follow from manifest and round");
  const standing = tickets.filter(([ticket, who]) => !gone.has(ticket) && !gone.has(who));
  const { main, second } = await draw(manifest, standing, seed);
  require(alike(proof.main, main), "the winners of the main prizes are others");
  require(alike(proof.second, second), "the winners of the consolation prizes are others");
  return notes;
}

function requireForms(manifest) {
  for (const name of ["N", "T", "Wm", "Wc", "round"]) {
    require(Number.isSafeInteger(manifest[name]), `${name} is no whole number`);
  }
}

/** Return [ticket, entrant] of every line, after checking form, order, counts and root. */
async function readEntries(entries, manifest) {
  const lines = entries.split("\n");
  const formed = lines.shift() === "ticket,entrant,nonce" && lines.pop() === "";
  require(formed, "the list has another form");
  const tickets = lines.map((line) => {
    const found = LINE.exec(line);
    require(found, "a line of the list has another form");
    return [found[1], found[2]];
  });
  const inOrder = tickets.every(([ticket], at) => at === 0 || tickets[at - 1][0] < ticket);
  require(inOrder, "the list is out of order");
  require(tickets.length === manifest.T, "not as many tickets as sealed");
  require(new Set(tickets.map(([, who]) => who)).size === manifest.N, "not as many entrants as sealed");
  require((await merkle(lines)) === manifest.pool_root, "the list is not the one that was sealed");
  return tickets;
}

/** The root of RFC 6962: pairs are joined level by level, a lone last one moves up. */
async function merkle(lines) {
  let level = await inTurn(lines, (line) => sha256(joined([0], text.encode(line))));
  if (level.length === 0) return hex(await sha256(new Uint8Array()));
  while (level.length > 1) {
    const lone = level.length % 2 ? [level.at(-1)] : [];
    const pairs = Array.from({ length: level.length >> 1 }, (_, at) => [level[2 * at], level[2 * at + 1]]);
    level = [...(await inTurn(pairs, ([a, b]) => sha256(joined([1], a, b)))), ...lone];
  }
  return hex(level[0]);
}

/** Return the ids that are skipped; each is in the list, and the void list is signed. */
async function checkVoid(proof, tickets) {
  const { void: rows, void_signature: signature, manifest } = proof;
  require(Array.isArray(rows), "there is no void list");
  require((rows.length > 0) === Boolean(signature), "the void list and its signature do not go together");
  if (rows.length === 0) return new Set();
  const texts = rows.map((row) => [row.scope, row.id, row.reason]);
  require(texts.flat().every((one) => typeof one === "string"), "the void list has another form");
  texts.sort(compareTexts);
  require(signature.public_key === manifest.public_key, "the void list is of another key");
  const statement = canonical([VOID_FORMAT, manifest.raffle_id, texts]);
  const signed = await isSigned(signature.public_key, statement, signature.signature);
  require(signed, "the signature is not of this void list");
  const known = new Set(tickets.flatMap(([ticket, who]) => [`ticket ${ticket}`, `entrant ${who}`]));
  require(texts.every(([scope, id]) => known.has(`${scope} ${id}`)), "what is void is not in the list");
  return new Set(texts.map(([, id]) => id));
}

function compareTexts(one, other) {
  for (const at of [0, 1, 2]) {
    const order = compareBytes(text.encode(one[at]), text.encode(other[at]));
    if (order !== 0) return order;
  }
  return 0;
}

/** Return notes on the round, after checking that it is the one that was fixed. */
async function checkBeacon(manifest, beacon) {
  const same = beacon.chain_hash === manifest.chain_hash && beacon.round === manifest.round;
  require(same, "the round is not the one that was fixed");
  let signature = bytes(beacon.signature);
  require(hex(await sha256(signature)) === beacon.randomness, "the randomness is another");
  if (beacon.source === "local") {
    const formed = manifest.round > 0 && manifest.round <= LINKS_MAX && signature.length === 32;
    require(formed, "not a link of a local chain");
    for (let step = 0; step < manifest.round; step += 1) signature = await sha256(signature);
    require(hex(signature) === manifest.chain_hash, "not a link to the published tail");
    return ["operator-trusted: the organiser could know the randomness beforehand"];
  }
  const known = ["drand", "fixture"].includes(beacon.source) && manifest.chain_hash === QUICKNET;
  require(known, "an unknown source of randomness");
  const at = new Date((GENESIS + (manifest.round - 1) * PERIOD) * 1000).toISOString();
  const where = `https://api.drand.sh/${QUICKNET}/public/${manifest.round}`;
  return [
    `the round became public at ${at}: the manifest must have been there before`,
    `the beacon's signature is NOT checked here: compare ${where}`,
  ];
}

function seedOf(manifest, beacon) {
  const fields = [FORMAT, ...SEEDING.map((name) => manifest[name]), beacon.signature];
  const parts = fields.flatMap((field) => {
    const content = text.encode(String(field));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, content.length);
    return [length, content];
  });
  return sha256(joined(...parts));
}

/** Return the winners: tickets in the order of their hashes, then all others in theirs. */
async function draw(manifest, tickets, seed) {
  const first = new Map();
  for (const [ticket, who] of await ordered(tickets, seed, ([ticket]) => `main|${ticket}`)) {
    if (!first.has(who)) first.set(who, ticket);
  }
  const winners = [...first].slice(0, manifest.Wm);
  const left = [...first.keys()].slice(winners.length);
  const rest = await ordered(left, seed, (who) => `second|${who}`);
  return {
    main: winners.map(([entrant, ticket], at) => ({ place: at + 1, ticket, entrant })),
    second: rest.slice(0, manifest.Wc).map((entrant, at) => ({ place: at + 1, entrant })),
  };
}

async function ordered(items, seed, textOf) {
  const usage = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", seed, usage, false, ["sign"]);
  const keyed = await inTurn(items, async (item) => {
    const digest = await crypto.subtle.sign("HMAC", key, text.encode(textOf(item)));
    return [hex(new Uint8Array(digest)), item];
  });
  keyed.sort(([one], [other]) => (one < other ? -1 : 1));
  return keyed.map(([, item]) => item);
}

/** Work through many items, some at once, so that a page stays alive. */
async function inTurn(items, work) {
  const results = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    for (const one of await Promise.all(items.slice(from, from + AT_ONCE).map(work))) results.push(one);
  }
  return results;
}

function alike(given, made) {
  if (!Array.isArray(given) || given.length !== made.length) return false;
  return made.every((row, at) => {
    const names = Object.keys(row);
    const there = given[at];
    if (there === null || typeof there !== "object") return false;
    if (Object.keys(there).length !== names.length) return false;
    return names.every((name) => there[name] === row[name]);
  });
}

async function sha256(content) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content));
}

function canonical(fields) {
  return text.encode(JSON.stringify(fields));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let from = 0;
  for (const part of parts) {
    whole.set(part, from);
    from += part.length;
  }
  return whole;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(content) {
  let digits = "";
  for (const byte of content) digits += DIGITS[byte];
  return digits;
}

function bytes(digits) {
  const formed = typeof digits === "string" && /^([0-9a-f]{2})*$/.test(digits);
  require(formed, "something is not hexadecimal");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function compareBytes(one, other) {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

// Ed25519 (RFC 8032), by itself: not every browser's WebCrypto has it.
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (number) => ((number % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  let square = mod(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (number) => power(number, P - 2n);
const D = mod(-121665n * inverse(121666n));

/** Add two points (X, Y, Z, T) in extended coordinates. */
function add(a, b) {
  const [e1, e2] = [mod((a[1] - a[0]) * (b[1] - b[0])), mod((a[1] + a[0]) * (b[1] + b[0]))];
  const [c, d] = [mod(2n * a[3] * D * b[3]), mod(2n * a[2] * b[2])];
  const [e, f, g, h] = [e2 - e1, d - c, d + c, e2 + e1];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(number, point) {
  let total = [0n, 1n, 1n, 0n];
  let doubled = point;
  for (let left = number; left > 0n; left >>= 1n) {
    if (left & 1n) total = add(total, doubled);
    doubled = add(doubled, doubled);
  }
  return total;
}

function littleEnd(content) {
  return BigInt(`0x${hex(content.slice().reverse()) || "0"}`);
}

function pointOf(content) {
  require(content.length === 32, "not a point of the curve");
  const number = littleEnd(content);
  const y = number & ((1n << 255n) - 1n);
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * power(2n, (P - 1n) / 4n));
  require(y < P && mod(x * x - square) === 0n, "not a point of the curve");
  if ((x & 1n) !== number >> 255n) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

async function isSigned(key, message, signature) {
  const [publicKey, given] = [bytes(key), bytes(signature)];
  if (given.length !== 64) return false;
  const number = littleEnd(given.slice(32));
  const whole = joined(given.slice(0, 32), publicKey, message);
  const hashed = littleEnd(new Uint8Array(await crypto.subtle.digest("SHA-512", whole))) % L;
  const base = pointOf(Uint8Array.from([0x58, ...Array(31).fill(0x66)]));
  const left = times(number, base);
  const right = add(pointOf(given.slice(0, 32)), times(hashed, pointOf(publicKey)));
  const same = mod(left[0] * right[2] - right[0] * left[2]) === 0n;
  return number < L && same && mod(left[1] * right[2] - right[1] * left[2]) === 0n;
}
