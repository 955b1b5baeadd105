/** The verbs that answer open questions of the review. */

import type { Job } from "../parts/job";

/** In the order in which they are shown; the server names those that its version has. */
export const VERBS = [
  "compare",
  "optimise",
  "biomarkers",
  "toxicity",
  "explain",
  "personalise",
  "design-trial",
  "design-drug",
  "review",
] as const;

export type Verb = (typeof VERBS)[number];

export function isVerb(text: string | undefined): text is Verb {
  return VERBS.some((verb) => verb === text);
}

/** The job whose answer is shown for a document: the latest that is done, else the latest that runs. */
export function answering(jobs: readonly Job[], verb: string, name: string): Job | null {
  const own = jobs.filter((job) => job.verb === verb && job.arguments.name === name);
  return (
    own.find(({ state }) => state === "running" || state === "queued") ??
    own.find(({ state }) => state === "done") ??
    own[0] ??
    null
  );
}

/** What the library is asked, as Python and as a command. */
export function asked(verb: Verb, name: string): { readonly python: string; readonly command: string } {
  const call = verb.replace("-", "_");
  return {
    python: `import normoxia as nx\n\nanswer = nx.${call}("${name}")\nprint(answer.answer())\n`,
    command: `normoxia ${verb} ${name}`,
  };
}
