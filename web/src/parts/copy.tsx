/** A result as a link, as Python, as a command and as YAML, shown and copied. */

import { useRef, useState } from "preact/hooks";
import { useTexts } from "../state";
import texts from "./texts";

export type CopyTexts = {
  readonly link?: string | null;
  readonly python?: string | null;
  readonly command?: string | null;
  readonly yaml?: string | null;
};

const KINDS = ["link", "python", "command", "yaml"] as const;

export function Copy({ copy }: { copy: CopyTexts | null | undefined }) {
  const say = useTexts(texts);
  const shown: CopyTexts = { link: window.location.href, ...copy, ...(copy?.link ? { link: absolute(copy.link) } : {}) };
  const kinds = KINDS.filter((kind) => shown[kind]);
  const [kind, setKind] = useState<(typeof KINDS)[number]>("link");
  const [done, setDone] = useState<"copied" | "select" | null>(null);
  const text = useRef<HTMLPreElement>(null);
  const current = kinds.includes(kind) ? kind : "link";
  const take = async () => {
    try {
      await navigator.clipboard.writeText(shown[current]!);
      setDone("copied");
    } catch {
      if (text.current) window.getSelection()?.selectAllChildren(text.current);
      setDone("select");
    }
    setTimeout(() => setDone(null), 2000);
  };
  return (
    <section class="panel copy unprinted" aria-label={say("copy.title")}>
      <div class="row">
        <h2>{say("copy.title")}</h2>
        <div class="segments" role="group">
          {kinds.map((each) => (
            <button type="button" key={each} aria-pressed={each === current} onClick={() => setKind(each)}>
              {say(`copy.${each}`)}
            </button>
          ))}
        </div>
        <button type="button" class="main" onClick={take}>
          {say("copy.copy")}
        </button>
        <span class="small muted" role="status">
          {done === null ? "" : say(`copy.${done}`)}
        </span>
      </div>
      <pre ref={text} tabIndex={0}>
        {shown[current]}
      </pre>
    </section>
  );
}

function absolute(link: string): string {
  return new URL(link, window.location.href).href;
}
