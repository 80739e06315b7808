// node verify_many.mjs FOLDER FILE: for each [proof, entries] of FILE print null, or what is wrong.

import { readFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
const [folder, file] = process.argv.slice(2);
const { verify } = await import(`${folder}/verify.js`);
const verdicts = [];
for (const [proof, entries] of JSON.parse(await readFile(file, "utf8"))) {
  try {
    await verify(proof, entries);
    verdicts.push(null);
  } catch (error) {
    verdicts.push(error.message);
  }
}
console.log(JSON.stringify(verdicts));
