/** A link inside the page: a true address, opened without loading the page anew. */

import type { ComponentChildren } from "preact";
import type { Changes } from "../router";
import { usePage } from "../state";

type Properties = {
  readonly path: string;
  readonly changes?: Changes;
  readonly class?: string;
  readonly label?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
};

export function Link({ path, changes, label, current, children, ...rest }: Properties) {
  const { link, open } = usePage();
  return (
    <a
      class={rest.class}
      href={link(path, changes)}
      aria-label={label}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        if (event.defaultPrevented || event.button !== 0) return;
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        open(path, changes);
      }}
    >
      {children}
    </a>
  );
}
