/** A table of the reader's own: how its columns were read, every fault in it, and its network meta-analysis. */

import { useState } from "preact/hooks";
import { asApiError, post, type ApiError } from "../api";
import { RequestFailure } from "../parts/failure";
import { Figure } from "../parts/figure";
import { Table } from "../parts/table";
import { usePage, useTexts } from "../state";
import texts from "./texts";
import type { TableContent } from "./types";

const LONGEST = 200_000;
const MEASURES = ["HR", "OR", "RR", "IRR", "RD", "MD", "SMD"];
const EXAMPLE = `study,treatment,comparator,HR,lower,upper
Trial A,ICI + chemotherapy,chemotherapy,0.52,0.43,0.64
Trial B,VEGF antibody + chemotherapy,chemotherapy,0.66,0.57,0.77
Trial C,ICI + VEGF antibody + chemotherapy,VEGF antibody + chemotherapy,0.62,0.52,0.74
Trial D,ICI + VEGF antibody + chemotherapy,ICI + chemotherapy,0.81,0.61,1.08
`;

export function Upload() {
  const { language, theme } = usePage();
  const say = useTexts(texts);
  const [name, setName] = useState("table.csv");
  const [text, setText] = useState("");
  const [columns, setColumns] = useState<Readonly<Record<string, string>>>({});
  const [effect, setEffect] = useState("");
  const [faulty, setFaulty] = useState(false);
  const [state, setState] = useState<{ busy: boolean; value: TableContent | null; error: ApiError | null }>({
    busy: false,
    value: null,
    error: null,
  });
  const tooLong = text.length > LONGEST;
  const read = (given = columns) => {
    setState((old) => ({ ...old, busy: true, error: null }));
    const chosen = Object.fromEntries(Object.entries(given).filter(([, column]) => column !== ""));
    post<TableContent>("/evidence/table", { name, text, columns: chosen, effect, leave_out_faulty: faulty, lang: language, theme }).then(
      (value) => setState({ busy: false, value, error: null }),
      (cause: unknown) => setState({ busy: false, value: null, error: asApiError(cause) }),
    );
  };
  const take = async (file: File | undefined) => {
    if (!file) return;
    setName(file.name);
    setText(file.size > 4 * LONGEST ? "x".repeat(LONGEST + 1) : await file.text());
    setColumns({});
    setState({ busy: false, value: null, error: null });
  };
  return (
    <>
      <p class="lead">{say("table.lead")}</p>
      <form
        class="panel upload"
        onSubmit={(event) => {
          event.preventDefault();
          if (text && !tooLong) read();
        }}
      >
        <label for="table-file">{say("table.file")}</label>
        <input
          id="table-file"
          type="file"
          accept=".csv,.tsv,.txt,.tab"
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
        <label for="table-text">{say("table.text")}</label>
        <textarea
          id="table-text"
          rows={7}
          spellcheck={false}
          value={tooLong ? "" : text}
          aria-invalid={tooLong}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setColumns({});
          }}
        />
        {tooLong && <p class="small">{say("table.too_long", { n: LONGEST })}</p>}
        <div class="row">
          <div>
            <label for="table-effect">{say("table.effect")}</label>
            <select id="table-effect" value={effect} onChange={(event) => setEffect(event.currentTarget.value)}>
              <option value="">{say("table.effect_auto")}</option>
              {MEASURES.map((one) => (
                <option key={one} value={one} selected={one === effect}>
                  {one}
                </option>
              ))}
            </select>
          </div>
          <label class="check">
            <input type="checkbox" checked={faulty} onChange={(event) => setFaulty(event.currentTarget.checked)} />{" "}
            {say("table.faulty")}
          </label>
          <button type="submit" class="main" disabled={!text || tooLong || state.busy}>
            {say(state.busy ? "table.reading" : "table.read")}
          </button>
          <button
            type="button"
            onClick={() => {
              setText(EXAMPLE);
              setColumns({});
            }}
          >
            {say("table.example")}
          </button>
        </div>
      </form>
      {state.error && <RequestFailure error={state.error} retry={() => read()} />}
      {state.value && (
        <Answer
          content={state.value}
          columns={columns}
          onColumns={(given) => {
            setColumns(given);
            read(given);
          }}
        />
      )}
    </>
  );
}

type AnswerProperties = {
  readonly content: TableContent;
  readonly columns: Readonly<Record<string, string>>;
  readonly onColumns: (columns: Readonly<Record<string, string>>) => void;
};

function Answer({ content, columns, onColumns }: AnswerProperties) {
  const say = useTexts(texts);
  const mapping = { ...content.mapping, ...columns };
  const [extra, setExtra] = useState("");
  const roles = [...new Set([...Object.keys(mapping), ...(extra ? [extra] : [])])];
  return (
    <div aria-live="polite">
      {content.refused && <p class="warning">{content.refused}</p>}
      <div class="grid">
        <section class="panel">
          <h3>{say("table.columns")}</h3>
          <p class="small muted">
            {[content.layout, say("table.rows", { rows: content.rows, left: content.left_out.length })].filter(Boolean).join(" · ")}
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">{say("table.role")}</th>
                <th scope="col">{say("table.column")}</th>
              </tr>
            </thead>
            <tbody>
              {roles.map((role) => (
                <tr key={role}>
                  <th scope="row">
                    <label for={`role-${role}`}>{role}</label>
                  </th>
                  <td>
                    <select
                      id={`role-${role}`}
                      value={mapping[role] ?? ""}
                      onChange={(event) => onColumns({ ...columns, [role]: event.currentTarget.value })}
                    >
                      <option value="">{say("table.unread")}</option>
                      {content.header.map((column) => (
                        <option key={column} value={column} selected={column === mapping[role]}>
                          {column}
                        </option>
                      ))}
                    </select>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <label for="role-more">{say("table.more_roles")}</label>
          <select id="role-more" value={extra} onChange={(event) => setExtra(event.currentTarget.value)}>
            <option value="">–</option>
            {content.roles
              .filter((role) => !(role in mapping))
              .map((role) => (
                <option key={role} value={role}>
                  {role}
                </option>
              ))}
          </select>
        </section>
        <section class="panel">
          <h3>{say("table.faults")}</h3>
          {content.findings.length === 0 && !content.refused ? (
            <p class="muted">{say("table.no_faults")}</p>
          ) : (
            <ol class="faults">
              {content.findings.map((one, index) => (
                <li key={index}>
                  {one.line !== null && (
                    <b>
                      {say("table.line")} {one.line}
                    </b>
                  )}{" "}
                  {one.message}
                </li>
              ))}
            </ol>
          )}
        </section>
      </div>
      {content.page?.sections
        .filter((section) => section.blocks.length > 0)
        .map((section) => (
          <section key={section.title}>
            <h2>{section.title}</h2>
            {section.blocks.map((block, index) => {
              if (block.kind === "prose") return <p key={index}>{block.text}</p>;
              if (block.kind === "table")
                return (
                  <div class="panel" key={index}>
                    <Table table={block} />
                  </div>
                );
              const figure = content.figures?.[block.number ?? -1];
              return figure ? <Figure key={index} figure={figure} name={figure.name} title={figure.title} /> : null;
            })}
          </section>
        ))}
    </div>
  );
}
