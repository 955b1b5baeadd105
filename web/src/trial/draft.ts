/** A trial as the form holds it, and the protocol that it writes. */

export type DrugLine = { readonly drug: string; readonly dose: string };
/** What patients of an arm get after progression; each choice is an assumption and the protocol says so. */
export type Later = "none" | "docetaxel" | "checkpoint";
export type Arm = {
  readonly id: string;
  readonly title: string;
  readonly n: number;
  readonly drugs: readonly DrugLine[];
  readonly later: Later;
};
export type Draft = {
  readonly title: string;
  readonly arms: readonly Arm[];
  /** Levels of covariates that are enrolled; a covariate that is not named admits all. */
  readonly eligibility: Readonly<Record<string, readonly string[]>>;
  readonly visits: { readonly first: number; readonly every: number };
  readonly followUp: { readonly accrual: number; readonly progression: number; readonly survival: number };
};

/** What the builder opens with: never an empty form. Regimens, later lines and times are assumed. */
export const BEGINNING: Draft = {
  title: "Anlotinib with pembrolizumab, or chemotherapy",
  arms: [
    {
      id: "combination",
      title: "pembrolizumab + anlotinib",
      n: 200,
      drugs: [
        { drug: "pembrolizumab", dose: "200 mg q3w x35" },
        { drug: "anlotinib", dose: "12 mg daily d1-14 q3w" },
      ],
      later: "docetaxel",
    },
    {
      id: "chemotherapy",
      title: "carboplatin + pemetrexed",
      n: 200,
      drugs: [
        { drug: "carboplatin", dose: "AUC 5 q3w x4" },
        { drug: "pemetrexed", dose: "500 mg/m2 q3w" },
      ],
      later: "checkpoint",
    },
  ],
  eligibility: { egfr: ["wild-type"] },
  visits: { first: 6, every: 6 },
  followUp: { accrual: 18, progression: 12, survival: 24 },
};

const LATER: Readonly<Record<Exclude<Later, "none">, string>> = {
  docetaxel: "{title: docetaxel, regimen: docetaxel 75 mg/m2 q3w x6, share: 0.45, share_of: randomised, source: assumed}",
  checkpoint:
    "{title: checkpoint inhibitor, regimen: pembrolizumab 200 mg q3w x35, share: 0.4, share_of: randomised, source: assumed}",
};

/** Write a text so that YAML reads the same text again. */
export function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9 _+/-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) && text === text.trim()
    ? text
    : JSON.stringify(text);
}

/** The protocol as `normoxia run` takes it. */
export function protocol(draft: Draft): string {
  const eligibility = Object.entries(draft.eligibility).filter(([, levels]) => levels.length > 0);
  const lines = [
    "trial: mine",
    `title: ${quoted(draft.title)}`,
    "model: nsclc",
    "population:",
    "  document: advanced-nsclc",
  ];
  if (eligibility.length > 0) {
    lines.push("eligibility:");
    for (const [covariate, levels] of eligibility) lines.push(`  ${covariate}: [${levels.map(quoted).join(", ")}]`);
  }
  lines.push("arms:");
  for (const arm of draft.arms) {
    lines.push(`  ${quoted(arm.id)}:`);
    if (arm.title) lines.push(`    title: ${quoted(arm.title)}`);
    lines.push(`    n: ${arm.n}`, "    regimen:");
    for (const { drug, dose } of arm.drugs) lines.push(`      - ${quoted(`${drug} ${dose}`)}`);
    if (arm.later !== "none") lines.push("    next_line:", `      - ${LATER[arm.later]}`);
    lines.push("    source: assumed");
  }
  const control = draft.arms[draft.arms.length - 1];
  if (control && draft.arms.length > 1) {
    lines.push("contrasts:");
    for (const arm of draft.arms.slice(0, -1))
      lines.push(`  - {experimental: ${quoted(arm.id)}, control: ${quoted(control.id)}}`);
  }
  const { visits, followUp } = draft;
  lines.push(
    `visits: {first: ${visits.first} weeks, every: ${visits.every} weeks, window: 7 days, source: assumed}`,
    `follow_up: {accrual: ${followUp.accrual} months, progression_cut: ${followUp.progression} months, ` +
      `survival_cut: ${followUp.survival} months, source: assumed}`,
  );
  return `${lines.join("\n")}\n`;
}

/** The name of one more arm, different from all others. */
export function freeName(arms: readonly Arm[]): string {
  const taken = new Set(arms.map(({ id }) => id));
  for (let index = 0; ; index++) {
    const name = index < 26 ? String.fromCharCode(65 + index) : `A${index}`;
    if (!taken.has(name)) return name;
  }
}

/** The draft as it is kept in the address. */
export function packed(draft: Draft): string {
  return JSON.stringify([
    draft.title,
    draft.arms.map((arm) => [arm.id, arm.title, arm.n, arm.later, arm.drugs.map(({ drug, dose }) => `${drug} ${dose}`)]),
    draft.eligibility,
    [draft.visits.first, draft.visits.every],
    [draft.followUp.accrual, draft.followUp.progression, draft.followUp.survival],
  ]);
}

/** Read a draft from the address; null when the text is none. */
export function unpacked(text: string): Draft | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [title, arms, eligibility, visits, times] = value as unknown[];
  if (typeof title !== "string" || !Array.isArray(arms) || !areNumbers(visits, 2) || !areNumbers(times, 3)) return null;
  const read = arms.map(unpackedArm);
  if (read.some((arm) => arm === null) || read.length === 0 || read.length > 8) return null;
  if (typeof eligibility !== "object" || eligibility === null || Array.isArray(eligibility)) return null;
  const chosen = Object.entries(eligibility as Record<string, unknown>);
  if (!chosen.every(([name, levels]) => /^\w+$/.test(name) && areTexts(levels))) return null;
  return {
    title,
    arms: read as Arm[],
    eligibility: Object.fromEntries(chosen) as Record<string, string[]>,
    visits: { first: visits[0]!, every: visits[1]! },
    followUp: { accrual: times[0]!, progression: times[1]!, survival: times[2]! },
  };
}

function unpackedArm(value: unknown): Arm | null {
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [id, title, n, later, drugs] = value as unknown[];
  if (typeof id !== "string" || typeof title !== "string" || typeof n !== "number" || !areTexts(drugs)) return null;
  if (later !== "none" && later !== "docetaxel" && later !== "checkpoint") return null;
  return { id, title, n, later, drugs: drugs.map(drugLine) };
}

/** Divide "bevacizumab 15 mg/kg q3w" into the drug and its dose. */
export function drugLine(text: string): DrugLine {
  const [drug = "", ...dose] = text.trim().split(/\s+/);
  return { drug, dose: dose.join(" ") };
}

function areNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((one) => typeof one === "number");
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
