import tseslint from "typescript-eslint";

export default tseslint.config(...tseslint.configs.recommended, {
  rules: {
    "no-restricted-properties": [
      "error",
      { property: "innerHTML", message: "Use parts/figure.tsx, which removes what a picture must not carry." },
    ],
    "no-restricted-syntax": [
      "error",
      { selector: "JSXAttribute[name.name='style']", message: "The Content-Security-Policy refuses style attributes." },
      { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Use parts/figure.tsx." },
    ],
  },
});
