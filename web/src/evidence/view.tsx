/** The evidence: the registry, one study, the audit, meta-analyses, and a table of the reader's own. */

import "./evidence.css";
import { useResource } from "../api";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import type { ViewProperties } from "../views";
import { Audit } from "./audit";
import { Question, Questions } from "./pool";
import { Registry } from "./registry";
import { Study } from "./study";
import texts from "./texts";
import type { StudyRow } from "./types";
import { Upload } from "./upload";

const PARTS = [
  { part: "studies", path: "/evidence", title: "evidence.registry" },
  { part: "pool", path: "/evidence/pool", title: "evidence.questions" },
  { part: "audit", path: "/evidence/audit", title: "evidence.audit" },
  { part: "table", path: "/evidence/table", title: "evidence.table" },
] as const;

export default function View({ places }: ViewProperties) {
  const say = useTexts(texts);
  const part = PARTS.find((one) => one.part === places.part)?.part ?? "studies";
  if (part === "studies" && places.id) return <div class="evidence"><Study id={places.id} key={places.id} /></div>;
  if (part === "pool" && places.id) return <div class="evidence"><Question id={places.id} key={places.id} /></div>;
  return (
    <div class="evidence">
      <h1>{say("evidence.title")}</h1>
      <nav class="parts unprinted" aria-label={say("evidence.parts")}>
        {PARTS.map((one) => (
          <Link key={one.part} path={one.path} current={one.part === part}>
            {say(one.title)}
          </Link>
        ))}
      </nav>
      {part === "studies" && <Studies />}
      {part === "pool" && <Questions />}
      {part === "audit" && <Audit />}
      {part === "table" && <Upload />}
    </div>
  );
}

function Studies() {
  const { language } = usePage();
  const sayFrame = useTexts(frame);
  const studies = useResource<{ studies: readonly StudyRow[] }>("/evidence/studies", { lang: language });
  if (studies.error) return <RequestFailure error={studies.error} retry={studies.reload} />;
  if (studies.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  return <Registry studies={studies.value.studies} />;
}
