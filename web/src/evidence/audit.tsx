/** The audit: where the review and the studies do not agree with themselves, their sources, or arithmetic. */

import { useResource } from "../api";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import texts from "./texts";
import type { Finding } from "./types";

export function Audit() {
  const { language } = usePage();
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const audit = useResource<{ findings: readonly Finding[] }>("/evidence/audit", { lang: language });
  if (audit.error) return <RequestFailure error={audit.error} retry={audit.reload} />;
  if (audit.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  return (
    <>
      <p class="lead">{say("audit.lead", { n: audit.value.findings.length })}</p>
      <Findings findings={audit.value.findings} named />
    </>
  );
}

export function Findings({ findings, named }: { findings: readonly Finding[]; named: boolean }) {
  const say = useTexts(texts);
  return (
    <div class="panel">
      <div class="scroll" tabIndex={0} role="region" aria-label={say("evidence.audit")}>
        <table class="findings">
          <thead>
            <tr>
              {named && <th scope="col">{say("audit.study")}</th>}
              <th scope="col">{say("audit.item")}</th>
              <th scope="col">{say("audit.values")}</th>
              <th scope="col">{say("audit.consequence")}</th>
            </tr>
          </thead>
          <tbody>
            {findings.map((one, index) => (
              <tr key={index}>
                {named && (
                  <th scope="row">
                    {one.study === "review" ? (
                      one.study
                    ) : (
                      <Link path={`/evidence/studies/${encodeURIComponent(one.study)}`}>{one.study}</Link>
                    )}
                  </th>
                )}
                <td>{one.item}</td>
                <td>
                  <ul>
                    {one.values.map((value, place) => (
                      <li key={place}>
                        {value}
                        {one.places[place] && <small>{one.places[place]}</small>}
                      </li>
                    ))}
                  </ul>
                </td>
                <td>{one.consequence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
