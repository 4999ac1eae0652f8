import { defineConfig } from "vitest/config";

// Two cores: real servers run beside the tests, so no more than two files at a time.
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    server: { deps: { inline: [/@actions\//] } },
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["src/**/*.test.ts", "scripts/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Real servers on a shared machine: a second look tells a hiccup from a fault. Locally the first one counts.
          retry: process.env["CI"] === "true" ? 1 : 0,
        },
      },
    ],
  },
});
