// Verify a log and its signed head with nothing of Hongxia's, from what docs/events.md says.
// Usage: node verify.mjs < vectors.json; prints one JSON line for each step, or fails.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const canonical = (value) =>
  Array.isArray(value) ? `[${value.map(canonical)}]`
  : value !== null && typeof value === "object"
    ? `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)}}`
    : JSON.stringify(value);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

export function fieldsOf({ subject, salt, data }) {
  const { _salts = {}, _digests = {}, ...fields } = data;
  if (subject !== undefined) fields.subject = subject;
  const saltOf = (name) =>
    salt ? sha256(Buffer.from(salt, "hex"), name).subarray(0, 16) : Buffer.from(_salts[name], "hex");
  const digests = Object.entries(fields).map(([name, value]) => [
    name, sha256(saltOf(name), canonical([name, value])).toString("hex")]);
  return { ...Object.fromEntries(digests), ..._digests };
}

export function digestOf(item) {
  if (!item.type) return Buffer.from(item.digest, "hex");
  const { position, typeposition, chain, salt, subject, data, ...envelope } = item;
  return sha256(canonical({ ...envelope, fields: fieldsOf(item) }));
}

export function link(previous, position, digest) {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(position));
  return sha256(Buffer.from(previous, "hex"), place, digest).toString("hex");
}

export function isProved({ alg, kid, signature, ...statement }, { keys }) {
  const jwk = keys.find((key) => key.kid === kid && statement.source.endsWith(`:${key.owner}`));
  return alg === "EdDSA" && jwk !== undefined && verify(
    null, canonical(statement), createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url"));
}

const given = JSON.parse(readFileSync(0, "utf8"));
const steps = [];
let chain = given.genesis;
for (const { item } of given.log) {
  const digest = digestOf(item);
  chain = link(chain, item.position, digest);
  const fields = item.type ? { fields: fieldsOf(item) } : {};
  steps.push({ ...fields, digest: digest.toString("hex"), chain });
}
console.log(JSON.stringify({
  canonical: given.canonical.map(({ value }) => canonical(value)), steps, proved: isProved(given.head, given.keys) }));
