// node verify-cli.mjs proof.json entries.csv [--rules FILE] [--key HEX]

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
const { verify } = await import("./verify.js");
const options = { rules: { type: "string" }, key: { type: "string" } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
try {
  const [proof, entries] = await Promise.all(positionals.map((path) => readFile(path, "utf8")));
  const rules = values.rules === undefined ? null : await readFile(values.rules);
  const asked = { rules, key: values.key ?? null };
  for (const note of await verify(JSON.parse(proof), entries, asked)) console.log(`note: ${note}`);
  console.log("RIGHT: the winners follow from the files");
} catch (error) {
  console.error(`WRONG: ${error.message}`);
  process.exitCode = 1;
}
