/** Texts of the parts that views share. */

import { texts } from "../language";

export default texts({
  "figure.csv": { en: "Data (CSV)", zh: "数据 (CSV)" },
  "figure.svg": { en: "Picture (SVG)", zh: "图 (SVG)" },
});
