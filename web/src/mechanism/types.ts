/** What the server says of the causal map and of its states over time (GET /api/mechanism, POST /api/mechanism/play). */

export type MapNode = {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly of: string;
  readonly unit: string;
  readonly unit_text: string;
};

export type Parameter = {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly kind: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly source: string;
  readonly verified: boolean;
};

export type Statement = {
  readonly tag: string;
  readonly says: string;
  readonly added: string;
  readonly review_place: string;
  readonly term: string;
  readonly emergent: boolean;
  readonly ablatable: boolean;
};

export type MapArrow = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly sign: 1 | -1;
  readonly statements: readonly string[];
  readonly ours: boolean;
  readonly emergent: boolean;
  readonly constant: boolean;
  readonly effect: string;
  readonly formulas: readonly (readonly [string, string])[];
  readonly parameters: readonly Parameter[];
};

export type MapContent = {
  readonly model: string;
  readonly groups: readonly { readonly id: string; readonly title: string }[];
  readonly nodes: readonly MapNode[];
  readonly statements: readonly Statement[];
  readonly arrows: readonly MapArrow[];
  readonly functions: readonly { readonly name: string; readonly formula: string; readonly title: string }[];
  readonly note: string;
};

export type Series = readonly (number | null)[];
export type ArmStates = {
  readonly nodes: Readonly<Record<string, Series>>;
  readonly low: Readonly<Record<string, Series>> | null;
  readonly high: Readonly<Record<string, Series>> | null;
  readonly arrows: Readonly<Record<string, Series>>;
};

export type Play = {
  readonly trial: string;
  readonly title: string;
  readonly arms: readonly { readonly id: string; readonly title: string }[];
  /** All arms of the trial. */
  readonly choices: readonly { readonly id: string; readonly title: string }[];
  readonly days: readonly number[];
  readonly patients: readonly { readonly id: number; readonly text: string }[];
  readonly patient: number | null;
  readonly failed: readonly number[];
  readonly states: Readonly<Record<string, ArmStates>>;
  readonly ranges: Readonly<Record<string, readonly [number | null, number | null]>>;
  readonly ablated: readonly string[];
  readonly without: Readonly<Record<string, ArmStates>> | null;
  readonly note: string;
};
