/** What the server says of the evidence. */

import type { FigureContent } from "../parts/figure";
import type { ReportContent } from "../parts/report";

export type Ratio = {
  readonly experimental: string;
  readonly control: string;
  readonly population: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type Arm = {
  readonly id: string;
  readonly label: string;
  readonly n: number | null;
  readonly classes: readonly string[];
  readonly regimen?: readonly string[];
};

export type StudyRow = {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly phase: string;
  readonly design: string;
  readonly line: string;
  readonly histology: string;
  readonly egfr: string;
  readonly pdl1: string;
  readonly region: string;
  readonly masking: string;
  readonly year: number | null;
  readonly n: number | null;
  readonly discrepancies: number;
  readonly arms: readonly Arm[];
  readonly hr_pfs: Ratio | null;
  readonly hr_os: Ratio | null;
  readonly primary_endpoints?: readonly string[];
  readonly primary_endpoint_met?: string;
  readonly identifiers?: readonly string[];
};

export type Reported = {
  readonly population: string;
  readonly endpoint: string;
  readonly measure: string;
  readonly arm: string;
  readonly comparator: string;
  readonly months: number | null;
  readonly source: string;
  readonly place: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type Finding = {
  readonly study: string;
  readonly item: string;
  readonly values: readonly string[];
  readonly places: readonly string[];
  readonly consequence: string;
  readonly found_by: string;
};

export type StudyContent = {
  readonly study: StudyRow;
  readonly reported: readonly Reported[];
  readonly quotations: readonly {
    readonly what: string;
    readonly arm: string;
    readonly population: string;
    readonly value: number | null;
    readonly unit: string;
    readonly quote: string;
  }[];
  readonly sources: readonly { readonly key: string; readonly shown: string }[];
  readonly discrepancies: readonly Finding[];
};

export type QuestionRow = {
  readonly id: string;
  readonly title: string;
  readonly asks: string;
  readonly kind: string;
  readonly reference: string;
  readonly studies: number;
  readonly endpoints: readonly string[];
};

export type QuestionContent = QuestionRow & { readonly endpoint: string; readonly page: ReportContent };

export type TableContent = {
  readonly name: string;
  readonly header: readonly string[];
  readonly roles: readonly string[];
  readonly layout: string;
  readonly mapping: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly left_out: readonly number[];
  readonly findings: readonly { readonly line: number | null; readonly key: string | null; readonly message: string }[];
  readonly refused: string;
  readonly page: ReportContent | null;
  readonly figures?: readonly (FigureContent & { readonly name: string; readonly title: string })[];
};
