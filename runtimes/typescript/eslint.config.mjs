/** The rules that the runtime keeps: those that generated code is held to. */

import { createRequire } from "node:module";

// The tools of the checks are installed beside the build, not beside this file.
const require = createRequire(
  new URL("../../target/node/package.json", import.meta.url),
);
const js = require("@eslint/js");
const tseslint = require("typescript-eslint");

export default tseslint.config(
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: "./tsconfig.json",
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
);
