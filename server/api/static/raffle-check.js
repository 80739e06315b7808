// Checks the result of a raffle in the reader's browser: fetches the published files and draws again.

import { verify, Wrong } from "./verify/verify.js";

const place = document.getElementById("check");

async function files() {
  const asked = ["proof", "entries", "rules"].map((name) => fetch(place.dataset[name]));
  const [proof, entries, rules] = await Promise.all(asked);
  if (!(proof.ok && entries.ok && rules.ok)) throw new Error("a file cannot be had");
  return [await proof.json(), await entries.text(), new Uint8Array(await rules.arrayBuffer())];
}

function show(verdict, notes) {
  const said = place.querySelector(".verdict");
  said.textContent = place.dataset[verdict];
  said.dataset.verdict = verdict;
  const lines = notes.map((note) => {
    const line = document.createElement("li");
    line.textContent = note;
    return line;
  });
  place.querySelector(".notes").replaceChildren(...lines);
}

async function check() {
  show("checking", []);
  try {
    const [proof, entries, rules] = await files();
    show("right", await verify(proof, entries, { rules }));
  } catch (error) {
    show(error instanceof Wrong ? "wrong" : "cannot", [error.message]);
  }
}

if (place) {
  place.querySelector("button").addEventListener("click", check);
  if (window.location.hash === "#check") check();
}
