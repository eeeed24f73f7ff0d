// Bundles each widget's entry file and stylesheet into vaewidgets/static/.
// `--watch` rebuilds on every change.
import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const entries = readdirSync(here).filter((name) => /\.(js|css)$/.test(name));

/** @type {esbuild.Plugin} To esbuild a shader is a string, whose comments and spaces it keeps. */
const shaders = {
  name: "shaders",
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { contents: text.replace(/(?<=`#version 300 es\n)[^`]*/g, shrink) };
    });
  },
};

/** @param {string} glsl without lines for the preprocessor, which must stay lines */
function shrink(glsl) {
  return glsl
    .replace(/\/\/.*/g, "")
    .replace(/\s+/g, " ")
    .replace(/\b0(?=\.\d*[1-9])|(?<=\d\.)0\b/g, "")
    .replace(/ ?([-+*/=<>!?:&|,;(){}]) ?/g, "$1");
}

/** @type {esbuild.BuildOptions} */
const options = {
  entryPoints: entries.map((name) => join(here, name)),
  outdir: join(here, "..", "vaewidgets", "static"),
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  plugins: [shaders],
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
  for (const name of entries) {
    const { size } = statSync(join(String(options.outdir), name));
    console.log(`${name.padEnd(20)} ${(size / 1000).toFixed(1)} kB`);
  }
}
