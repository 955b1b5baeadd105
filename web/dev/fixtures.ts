/** Answers of /api for `vite --mode fixtures`, read from dev/fixtures/*.json; never part of a build. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const FOLDER = join(import.meta.dirname, "fixtures");

export function fixtures(): Plugin {
  return {
    name: "normoxia-fixtures",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use("/api", (request, response) => {
        const path = new URL(request.url ?? "/", "http://page.invalid").pathname;
        const file = join(FOLDER, `${path.slice(1).replaceAll("/", ".")}.json`);
        response.setHeader("Content-Type", "application/json");
        if (existsSync(file)) response.end(readFileSync(file));
        else {
          response.statusCode = 404;
          response.end(JSON.stringify({ error: { kind: "not_found", message: `no fixture ${path}`, findings: [] } }));
        }
      });
    },
  };
}
