/** A report as the server gives it: highlights, and one of its sections of paragraphs, tables and figures, chosen from its contents. */

import type { Parameters } from "../api";
import { usePage, useTexts } from "../state";
import type { FigureContent } from "./figure";
import { LazyFigure } from "./lazy_figure";
import { SurvivalFigure } from "./survival_figure";
import { Table, type TableContent } from "./table";
import texts from "./texts";

type Block =
  | { readonly kind: "prose"; readonly text: string; readonly warning?: boolean }
  | ({ readonly kind: "table"; readonly name: string } & TableContent)
  | { readonly kind: "figure"; readonly name: string; readonly number: number | null; readonly title: string };

export type ReportContent = {
  readonly title: string;
  readonly lead: string;
  readonly badges?: readonly string[];
  readonly warnings: readonly string[];
  readonly highlights: readonly { readonly label: string; readonly value: string; readonly detail?: string | null }[];
  readonly sections: readonly { readonly title: string; readonly blocks: readonly Block[] }[];
  readonly provenance?: Readonly<Record<string, unknown>>;
};

type Properties = {
  readonly report: ReportContent;
  /** Under which figures are asked for by their number. */
  readonly path: string;
  /** What a figure is asked for with, besides language and theme. */
  readonly parameters?: Parameters;
  /** The figures themselves, by their number, where they came with the report. */
  readonly figures?: readonly FigureContent[];
  /** Shown between the highlights and the sections. */
  readonly children?: preact.ComponentChildren;
};

/** Everything of a report but its title, which belongs to the view. */
export function Report({ report, path, parameters, figures, children }: Properties) {
  const say = useTexts(texts);
  const { address, link, set } = usePage();
  const sections = report.sections.filter(({ blocks }) => blocks.length > 0);
  const shown = Math.min(Math.max(0, Number(address.query.section) || 0), Math.max(0, sections.length - 1));
  return (
    <div class="report">
      {report.warnings.map((warning) => (
        <p class="warning" role="note" key={warning}>
          {warning}
        </p>
      ))}
      {report.highlights.length > 0 && (
        <dl class="highlights">
          {report.highlights.map((item) => (
            <div key={item.label}>
              <dt>{item.label}</dt>
              <dd class="value">{item.value}</dd>
              {item.detail && <dd class="beside">{item.detail}</dd>}
            </div>
          ))}
        </dl>
      )}
      {children}
      {sections.length > 1 && (
        <nav class="contents unprinted" aria-label={say("report.contents")}>
          {sections.map((section, index) => (
            <a
              key={section.title}
              href={link(address.path, { ...address.query, section: index ? String(index) : null })}
              aria-current={index === shown ? "true" : undefined}
              onClick={(event) => {
                event.preventDefault();
                set({ section: index ? String(index) : null }, true);
              }}
            >
              {section.title}
            </a>
          ))}
        </nav>
      )}
      {sections.slice(shown, shown + 1).map((section) => (
        <section key={section.title}>
          <h2>{section.title}</h2>
          {section.blocks.map((block, at) => (
            <BlockView key={`${block.kind} ${at}`} block={block} path={path} parameters={parameters} figures={figures} />
          ))}
        </section>
      ))}
      {report.provenance && <Provenance entries={report.provenance} />}
    </div>
  );
}

type BlockProperties = Pick<Properties, "path" | "parameters" | "figures"> & { readonly block: Block };

function BlockView({ block, path, parameters, figures }: BlockProperties) {
  if (block.kind === "prose") return block.warning ? <p class="warning">{block.text}</p> : <p>{block.text}</p>;
  if (block.kind === "table")
    return (
      <div class="panel">
        <Table table={block} />
      </div>
    );
  if (block.number === null) return null;
  const given = figures?.[block.number];
  if (given) return <SurvivalFigure figure={given} name={block.name} title={block.title} />;
  const address = `${path}/figures/${block.number}`;
  return <LazyFigure path={address} name={block.name} title={block.title} parameters={parameters} />;
}

function Provenance({ entries }: { entries: Readonly<Record<string, unknown>> }) {
  const say = useTexts(texts);
  const { language } = usePage();
  const shown = Object.entries(entries);
  if (shown.length === 0) return null;
  return (
    <details class="panel">
      <summary>{say("report.provenance")}</summary>
      <dl class="provenance" lang={language}>
        {shown.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}
