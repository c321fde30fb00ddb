// The gate's checks as a JavaScript action would make them: everything that can be asked at once is.

import * as core from "@actions/core";
import { Octokit } from "@octokit/rest";

const PRODUCTION_TAG = /^[0-9]+\.[0-9]+\.[0-9]+$/;
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const octokit = new Octokit({ auth: core.getInput("token"), baseUrl: process.env.GITHUB_API_URL });
const stack = repositoryOf(process.env.GITHUB_REPOSITORY);
const branch = core.getInput("stack-branch");
const file = core.getInput("workflow-file");
const registry = core.getInput("registry-url");
const tag = process.env.GITHUB_REF.replace("refs/tags/", "");
const failed = [];

function repositoryOf(name) {
  const [owner, repo] = name.split("/");
  return { owner, repo };
}

function check(rule, subject, passed, message) {
  if (!passed) {
    failed.push(`${rule}:${subject}`);
    core.error(message, { title: `${rule} (${subject})` });
  }
}

async function refOf(repository, ref) {
  try {
    const { data } = await octokit.rest.git.getRef({ ...repository, ref });
    return data.object;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

async function commitOf(repository, object) {
  while (object?.type === "tag") {
    object = (await octokit.rest.git.getTag({ ...repository, tag_sha: object.sha })).data.object;
  }
  return object?.sha;
}

async function isOn(repository, base, commit) {
  const basehead = `${base}...${commit}`;
  const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...repository, basehead, per_page: 1 });
  return ["identical", "behind"].includes(data.status);
}

async function pinsAt(ref) {
  const { data } = await octokit.rest.repos.getContent({ ...stack, path: file, ref });
  const text = Buffer.from(data.content, "base64").toString("utf8");
  const value = (name) => text.match(new RegExp(`^  ${name}: *['"]?([^\\s'"#]+)`, "m"))?.[1] ?? "";
  return {
    backend: { tag: value("BE_IMAGE_TAG"), namespace: value("BE_NAMESPACE") },
    frontend: { tag: value("FE_IMAGE_TAG"), namespace: value("FE_NAMESPACE") },
  };
}

async function digestOf(image, version) {
  const response = await fetch(`${registry}/v2/${image}/manifests/${version}`, {
    method: "HEAD",
    headers: { accept: MANIFESTS },
  });
  if (![200, 404].includes(response.status)) throw new Error(`the registry answered ${response.status}`);
  return response.headers.get("docker-content-digest");
}

const numbers = (name) => name.split(".").map(Number);
const compare = (one, other) => {
  const [a, b] = [numbers(one), numbers(other)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
};

async function checkComponent(name, pins) {
  const pin = (await pins)[name];
  const repository = repositoryOf(core.getInput(`${name}-repository`));
  check("pin-grade", name, PRODUCTION_TAG.test(pin.tag), `${pin.tag} is no production tag`);
  const placed = (async () => {
    const commit = await commitOf(repository, await refOf(repository, `tags/${pin.tag}`));
    return { commit, on: commit && (await isOn(repository, core.getInput(`${name}-branch`), commit)) };
  })();
  const query = { ...repository, branch: pin.tag, event: "push", exclude_pull_requests: true, per_page: 100 };
  const [{ commit, on }, shadow, runs, digest] = await Promise.all([
    placed,
    refOf(repository, `heads/${pin.tag}`),
    octokit.rest.actions.listWorkflowRunsForRepo(query),
    digestOf(`${pin.namespace}/${repository.repo}`, pin.tag),
  ]);
  check("pin-exists", name, commit, `there is no tag ${pin.tag}`);
  check("pin-shadowed", name, !shadow, `there is a branch ${pin.tag}`);
  check("pin-on-branch", name, on, `${pin.tag} is not on the production branch`);
  const own = runs.data.workflow_runs.filter((run) => run.head_branch === pin.tag && run.head_sha === commit);
  const passed = own.length > 0 && own.every((run) => run.conclusion === "success");
  check("pin-ci", name, passed, `CI of ${pin.tag} has not passed`);
  check("pin-image", name, digest, `there is no image of ${pin.tag}`);
  core.setOutput(`${name}-tag`, pin.tag);
  core.setOutput(`${name}-commit`, commit ?? "");
  core.setOutput(`${name}-digest`, digest ?? "");
}

async function checkStack(pins) {
  const listing = octokit.paginate(octokit.rest.git.listMatchingRefs, { ...stack, ref: "tags/20", per_page: 100 });
  const [object, onBranch, listed] = await Promise.all([
    refOf(stack, `tags/${tag}`),
    isOn(stack, branch, process.env.GITHUB_SHA),
    listing,
  ]);
  const tags = new Map(listed.map((one) => [one.ref.replace("refs/tags/", ""), one.object]));
  const releases = [...tags.keys()].filter((name) => PRODUCTION_TAG.test(name)).sort(compare);
  const isReleased = async (name) => isOn(stack, branch, await commitOf(stack, tags.get(name)));
  const higher = releases.filter((name) => compare(name, tag) > 0).slice(-20);
  const lower = releases.filter((name) => compare(name, tag) < 0).reverse();
  const [commit, above, previous] = await Promise.all([
    commitOf(stack, object),
    Promise.all(higher.map(isReleased)),
    previousRelease(lower, isReleased),
  ]);
  check("tag-commit", "stack", commit === process.env.GITHUB_SHA, `${tag} is at ${commit}`);
  check("tag-on-stack-branch", "stack", onBranch, `${tag} is not on ${branch}`);
  const twins = releases.filter((name) => name !== tag && compare(name, tag) === 0);
  check("tag-unique", "stack", twins.length === 0, `${twins} is numerically the same`);
  check("tag-order", "stack", !above.includes(true), "a higher tag is already released");
  compareWithPrevious(previous, await pins);
}

async function previousRelease(lower, isReleased) {
  for (const name of lower.slice(0, 5)) {
    const [released, pins] = await Promise.all([isReleased(name), pinsAt(`refs/tags/${name}`)]);
    if (released) return { name, pins };
  }
  return null;
}

function compareWithPrevious(previous, pins) {
  if (!previous) return;
  const changed = Object.keys(pins).filter((name) => pins[name].tag !== previous.pins[name].tag);
  if (changed.length === 0) core.warning(`the pair is that of ${previous.name}`);
  for (const name of changed) {
    if (compare(pins[name].tag, previous.pins[name].tag) < 0) core.warning(`${name} goes back`);
  }
}

async function run() {
  const pins = pinsAt(process.env.GITHUB_SHA);
  await Promise.all([checkStack(pins), checkComponent("backend", pins), checkComponent("frontend", pins)]);
  core.setOutput("verdict", failed.length ? "blocked" : "deploy");
  core.setOutput("failed-rules", failed.join(","));
  await core.summary.addHeading(failed.length ? "Blocked" : "May be deployed").addList(failed).write();
  if (failed.length) process.exitCode = 1;
}

run().catch((error) => {
  core.setOutput("verdict", "blocked");
  core.setFailed(error);
});
