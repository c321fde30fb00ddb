// Reads YAML texts by the library that GitHub's own workflow parser stands on: one JSON line in, one out.
import { createInterface } from "node:readline";
import { parseAllDocuments } from "yaml";

for await (const line of createInterface({ input: process.stdin })) {
  const { text, version } = JSON.parse(line);
  const documents = parseAllDocuments(text, { version, merge: true });
  const errors = documents.flatMap((document) => document.errors.map((error) => error.message));
  console.log(JSON.stringify({ errors, values: errors.length ? [] : documents.map((document) => document.toJS()) }));
}
